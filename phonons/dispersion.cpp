#include "phonons/dispersion.hpp"

#include "phonons/group_velocity.hpp"

namespace zeropoint::phonons {
namespace {

/// All that the mesh tells: at the temperatures of the table, and behind them at that of the structure and that of the
/// free energy.
void add_mesh(const Interpolation& interpolation, const SpaceGroup& group, const DispersionOptions& options,
              const UnitSet& units, Dispersion& result) {
  MeshOptions mesh = options.mesh;
  mesh.temperatures.push_back(options.structure_temperature);
  if (options.free_energy) mesh.temperatures.push_back(options.free_energy->temperature);
  result.on_mesh = mesh_properties(interpolation, group, mesh, units);
  std::vector<Thermodynamics>& thermodynamics = result.on_mesh.thermodynamics;
  std::vector<SiteTensors>& displacements = result.on_mesh.displacements;
  if (thermodynamics.empty()) return;
  result.free_energy = options.free_energy;
  if (result.free_energy) result.free_energy->harmonic_fine = thermodynamics.back().free_energy;
  const std::size_t n = options.mesh.temperatures.size();
  result.structure_displacements = displacements[n];
  thermodynamics.resize(n);
  displacements.resize(n);
}

}  // namespace

Dispersion dispersion(const Interpolation& interpolation, const DynamicalMatrices& matrices, const SpaceGroup& group,
                      const BandPath& path, const SampledPath& sampled,
                      const std::vector<std::vector<double>>& squared_errors, const DispersionOptions& options,
                      const UnitSet& units) {
  const auto pause = [&] {
    if (options.mesh.pause) options.mesh.pause();
  };
  Dispersion result{.fine = symmetric_on_grid(interpolation, options.grid, group, options.sum_rule),
                    .zone = path.symbol,
                    .path = sampled,
                    .mesh = options.mesh.divisions,
                    .structure_temperature = options.structure_temperature};
  pause();
  result.bands = {bands_along(sampled, interpolation, matrices, squared_errors)};
  result.velocities = group_velocities(interpolation, sampled.points, sampled.directions);
  result.gamma = gamma_modes(interpolation, group, options.tolerance);
  result.longitudinal = gamma_limits(sampled, interpolation);
  pause();
  add_mesh(interpolation, group, options, units, result);
  return result;
}

}  // namespace zeropoint::phonons
