#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/estimate.hpp"
#include "core/space_group.hpp"
#include "core/units.hpp"
#include "phonons/band_structure.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/mesh_properties.hpp"
#include "phonons/symmetric_grid.hpp"

namespace zeropoint::phonons {

/// Bands along a path of one set of matrices, as a figure shows them.
struct NamedBands : Bands {
  std::string name{};
  bool dashed = false;  ///< for comparison
};

/// A free energy beyond the harmonic one of the same matrices, eV per unit cell: that of an SSCHA minimisation.
struct CarriedFreeEnergy {
  double temperature;    ///< K
  Estimate coarse;       ///< on the grid of the matrices
  Estimate anharmonic;   ///< <V - V_harmonic>, which knows no grid of its own
  double harmonic_fine;  ///< of the interpolated matrices on the mesh
  Estimate fine() const { return {harmonic_fine + anharmonic.value, anharmonic.standard_error}; }
};

struct DispersionOptions {
  Eigen::Vector3i grid = Eigen::Vector3i::Constant(6);  ///< of the matrices that are interpolated
  SumRule sum_rule = SumRule::crystal;                  ///< that of the interpolation
  MeshOptions mesh{};                  ///< its temperatures are those of the table; `pause` is called between all parts
  double structure_temperature = 300;  ///< K, of the displacements of the structure
  double tolerance = 1e-5;             ///< angstrom, of the axes of the modes at Gamma
  std::optional<CarriedFreeEnergy> free_energy = {};  ///< to be carried over to the mesh, which gives `harmonic_fine`
};

/// What interpolated matrices tell. Frequencies in sqrt(eV/amu)/angstrom.
struct Dispersion {
  SymmetricGrid fine;  ///< on the grid asked for, in stars
  std::string zone{};  ///< "cF2"
  SampledPath path{};
  NamedBands bands{};
  std::vector<Eigen::MatrixX3d> velocities{};      ///< [n] of [3n, 3] d omega/dk, sqrt(eV/amu)
  std::vector<NamedBands> others{};                ///< of other matrices of such a crystal, along the same path
  std::optional<GammaModes> gamma{};               ///< nothing when the cell is not primitive
  std::vector<GammaLimit> longitudinal{};          ///< of polar crystals
  Eigen::Vector3i mesh = Eigen::Vector3i::Ones();  ///< of the density of states and the thermodynamics
  MeshProperties on_mesh{};                        ///< at the temperatures asked for
  double structure_temperature = 0;                ///< K, of U_ij in the structure files
  SiteTensors structure_displacements{};           ///< [n_atoms], empty where imaginary modes forbid it
  std::optional<CarriedFreeEnergy> free_energy{};  ///< where one was given and nothing is imaginary
};

/// Everything of one set of matrices but `others` and the name of its bands. `squared_errors` as bands_along() takes
/// them. @throws InputError as its parts, band_structure.hpp, group_velocity.hpp, mesh_properties.hpp.
Dispersion dispersion(const Interpolation& interpolation, const DynamicalMatrices& matrices, const SpaceGroup& group,
                      const BandPath& path, const SampledPath& sampled,
                      const std::vector<std::vector<double>>& squared_errors, const DispersionOptions& options,
                      const UnitSet& units = units::codata2022);

}  // namespace zeropoint::phonons
