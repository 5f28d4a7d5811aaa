#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "core/space_group.hpp"
#include "phonons/band_path.hpp"
#include "phonons/gamma_modes.hpp"
#include "phonons/interpolation.hpp"

namespace zeropoint::phonons {

/// Frequencies along a path, sqrt(eV/amu)/angstrom, imaginary as negative.
struct Bands {
  Eigen::MatrixXd frequencies;  ///< [n, 3n_atoms] at the points of the path
  Eigen::MatrixXd errors{};     ///< [n, 3n_atoms] standard errors; empty: unknown
};

/// `squared_errors` [n_q][3n_atoms] of omega^2 on the grid of `matrices`, as BandErrors takes them; empty: unknown.
/// @throws InputError as BandErrors.
Bands bands_along(const SampledPath& path, const Interpolation& interpolation, const DynamicalMatrices& matrices,
                  const std::vector<std::vector<double>>& squared_errors);

/// Modes at Gamma as q -> 0 along one direction.
struct GammaLimit {
  Eigen::Vector3d direction;    ///< Cartesian
  Eigen::VectorXd frequencies;  ///< [3n_atoms] with the field of the longitudinal modes
};

/// The limits along the directions in which `path` leaves Gamma, each once; none without dipoles.
std::vector<GammaLimit> gamma_limits(const SampledPath& path, const Interpolation& interpolation);

/// gamma_modes() of interpolated matrices, with the axes of the standard cell found within `tolerance` angstrom.
/// @throws InputError when spglib finds no standard cell.
std::optional<GammaModes> gamma_modes(const Interpolation& interpolation, const SpaceGroup& group, double tolerance);

}  // namespace zeropoint::phonons
