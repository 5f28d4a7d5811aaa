#pragma once

#include <functional>
#include <vector>

#include "core/space_group.hpp"
#include "phonons/displacements.hpp"
#include "phonons/dos.hpp"
#include "phonons/thermodynamics.hpp"

namespace zeropoint::phonons {

struct MeshOptions {
  Eigen::Vector3i divisions = Eigen::Vector3i::Constant(30);  ///< of the mesh, through Gamma
  double step = 0;                                            ///< eV, between frequencies of the density of states
  double smearing = 0;  ///< eV, standard deviation of Gaussians instead of tetrahedra; 0: tetrahedra
  std::vector<double> temperatures;
  bool skip_imaginary = false;       ///< leave imaginary modes out of the sums, instead of having none
  std::function<void()> pause = {};  ///< called between the parts; may throw to end the work
};

/// What a mesh of points tells.
struct MeshProperties {
  DensityOfStates dos;
  ImaginaryModes imaginary;
  /// [n_temperatures], as the temperatures asked for; empty where imaginary modes forbid it.
  std::vector<Thermodynamics> thermodynamics;
  std::vector<SiteTensors> displacements;
};

/// Density of states from the lowest frequency (or 0) to the highest, thermodynamics and displacements of `group`'s
/// matrices, with one diagonalisation of each star. @throws InputError for a temperature below 0, a division below 1.
MeshProperties mesh_properties(const Interpolation& interpolation, const SpaceGroup& group, const MeshOptions& options,
                               const UnitSet& units = units::codata2022);

}  // namespace zeropoint::phonons
