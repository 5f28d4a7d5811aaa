#include "phonons/mesh_properties.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace zeropoint::phonons {
namespace {

DensityOfStates density_of(const MeshModes& mesh, double step, double width) {
  const double lowest = std::floor(std::min(0.0, mesh.frequencies.minCoeff()) / step) * step;
  const int n = static_cast<int>(std::ceil((mesh.frequencies.maxCoeff() - lowest) / step)) + 2;
  const double highest = lowest + step * (n - 1);
  return width > 0 ? smeared_density_of_states(mesh, width, lowest, highest, n)
                   : density_of_states(mesh, lowest, highest, n);
}

}  // namespace

MeshProperties mesh_properties(const Interpolation& interpolation, const SpaceGroup& group, const MeshOptions& options,
                               const UnitSet& units) {
  const auto pause = [&] {
    if (options.pause) options.pause();
  };
  // Sums that imaginary modes forbid are thrown away below.
  MeshDisplacements displacements(interpolation.crystal(), options.divisions, group, options.temperatures, true, units);
  const MeshModes mesh = modes_on_mesh(interpolation, options.divisions, group, std::ref(displacements));
  pause();
  MeshProperties result{
      density_of(mesh, options.step / units.hbar, options.smearing / units.hbar), imaginary_modes(mesh), {}, {}};
  if (result.imaginary.n_modes > 0 && !options.skip_imaginary) return result;
  for (const double t : options.temperatures)
    result.thermodynamics.push_back(thermodynamics(mesh, t, options.skip_imaginary, units));
  pause();
  result.displacements = displacements.tensors();
  return result;
}

}  // namespace zeropoint::phonons
