#pragma once

#include <optional>

#include "core/space_group.hpp"
#include "core/units.hpp"
#include "phonons/point_group.hpp"

namespace zeropoint::phonons {

/// Modes at Gamma that symmetry or accident makes degenerate.
struct GammaSet {
  double frequency;  ///< sqrt(eV/amu)/angstrom, imaginary as negative
  int size;
  std::string label;  ///< "T1u"; "A1+E1" when two sets are degenerate by accident
  bool infrared, raman;
};

struct GammaModes {
  PointGroup group;
  std::vector<GammaSet> optical;  ///< ascending frequency
  std::string acoustic;           ///< "A1+E1"
};

/// Irreducible representations of the modes at Gamma, without the field of longitudinal modes: `block` D(0), (3n, 3n),
/// is averaged over `group` first. The rows of `conventional` are a, b, c (Cartesian), see point_group(). Nothing when
/// the cell is not primitive: the operations then are no point group.
std::optional<GammaModes> gamma_modes(const Eigen::MatrixXcd& block, const Crystal& crystal, const SpaceGroup& group,
                                      const Eigen::Matrix3d& conventional);

/// All optical modes together: "A1+2B1+E1+2E2".
std::string decomposition(const GammaModes& modes);

}  // namespace zeropoint::phonons
