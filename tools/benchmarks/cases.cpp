#include "tools/benchmarks/cases.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/error.hpp"
#include "core/space_group.hpp"
#include "files/configuration_match.hpp"
#include "files/ensemble.hpp"
#include "files/ensemble_formats.hpp"
#include "phonons/dos.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/symmetrizer.hpp"
#include "sscha/evaluation.hpp"
#include "sscha/hessian.hpp"
#include "sscha/minimizer.hpp"
#include "sscha/population.hpp"
#include "sscha/sampling.hpp"
#include "tools/benchmarks/model.hpp"
#include "tools/benchmarks/potential.hpp"

namespace zeropoint::bench {
namespace {

sscha::TrialDensity stored_density(const std::string& prefix, double temperature) {
  return {phonons::read_qe_dyn(prefix), temperature, units::codata2022};
}

/// One minimisation step: new matrices and centroids from the gradient, their modes, weights, free energy, stress and
/// the next gradient, symmetrised.
Timing step(const EnsembleSource& source, const sscha::TrialDensity& generating) {
  const auto ensemble = open_ensemble(source, generating.matrices().supercell());
  const sscha::Population population(*ensemble, generating);
  const SpaceGroup group = find_space_group(generating.matrices().crystal);
  const phonons::Symmetrizer symmetrize(group, generating.matrices().crystal, generating.matrices().grid);
  const sscha::TrialDensity start = sscha::symmetrized(generating, group, symmetrize);
  const sscha::Gradient slope = sscha::evaluate(population, start, symmetrize).gradient;

  const auto move = [&] {
    phonons::DynamicalMatrices next = start.matrices();
    for (std::size_t iq = 0; iq < next.blocks.size(); ++iq) next.blocks[iq] -= 0.04 * slope.matrices[iq];
    next.crystal.positions -= 0.04 * slope.centroids;
    return sscha::TrialDensity(std::move(next), start.temperature(), start.units());
  };
  const sscha::TrialDensity moved = move();
  const sscha::Weights weights = sscha::reweight(population, moved);
  Timing timing;
  timing.seconds = best_of(50, [&] { sscha::evaluate(population, move(), symmetrize); });
  timing.parts["modes"] = best_of(20, [&] { move(); });
  timing.parts["weights"] = best_of(20, [&] { sscha::reweight(population, moved); });
  timing.parts["gradient"] = best_of(20, [&] { sscha::gradient(population, weights, moved, symmetrize); });
  timing.parts["averages"] = best_of(20, [&] {
    sscha::free_energy(population, weights, moved);
    sscha::stress(population, weights, moved);
  });
  timing.rate = static_cast<double>(population.size()) / timing.seconds;
  timing.rate_unit = "configurations/s";
  return timing;
}

/// Reading and checking every configuration, from files that the system has in memory.
Timing read(const EnsembleSource& source, const Supercell& reference) {
  std::int64_t size = 0;
  const double seconds = best_of(3, [&] {
    const auto ensemble = open_ensemble(source, reference);
    size = ensemble->size();
    for (std::int64_t begin = 0; begin < size; begin += 1024) ensemble->read(begin, std::min(size, begin + 1024));
  });
  return {
      .seconds = seconds, .rate = static_cast<double>(size) / seconds, .rate_unit = "configurations/s", .parts = {}};
}

void write_drawn(const sscha::TrialDensity& density, std::int64_t n, const EnsembleFormat& format,
                 const std::string& folder) {
  const auto ensemble = ensemble_in_memory(draw(density, n, 1), "drawn");
  write_ensemble(*ensemble, density.matrices().supercell(), format, folder + "/ensemble",
                 {.population = 1, .temperature = density.temperature(), .configuration = "", .seed = 1});
}

EnsembleSource drawn(const std::string& folder) { return {.path = folder + "/ensemble"}; }

void nothing(const std::string&) {}

/// Drawing `n` configurations in antithetic pairs.
Timing sample(const sscha::TrialDensity& density, std::int64_t n) {
  const double seconds = best_of(3, [&] { sscha::Sampler(density, {}).displacements(0, n); });
  return {.seconds = seconds, .rate = static_cast<double>(n) / seconds, .rate_unit = "configurations/s", .parts = {}};
}

/// Finding the row of a population that a structure is: an index, then 100 structures whose atoms stand in reverse.
Timing match(const sscha::TrialDensity& density, std::int64_t n) {
  const Supercell reference = density.matrices().supercell();
  const Crystal crystal = reference.crystal();
  const at::Tensor u = sscha::Sampler(density, {}).displacements(0, n).contiguous();
  const int atoms = reference.n_atoms();
  std::vector<LabelledStructure> structures(100);
  for (std::size_t k = 0; k < structures.size(); ++k) {
    LabelledStructure& s = structures[k];
    const double* row = u.const_data_ptr<double>() + k * (n / 100) * atoms * 3;
    s.cell = crystal.cell;
    s.species.assign(crystal.species.rbegin(), crystal.species.rend());
    s.positions = (crystal.positions + Eigen::Map<const Vectors>(row, atoms, 3)).colwise().reverse();
  }
  Timing timing;
  timing.parts["index"] = best_of(2, [&] { ConfigurationIndex(reference, u); });
  const ConfigurationIndex index(reference, u);
  timing.seconds = best_of(2, [&] {
    for (const LabelledStructure& s : structures) index.find(s);
  });
  timing.rate = static_cast<double>(structures.size()) / timing.seconds;
  timing.rate_unit = "structures/s";
  return timing;
}

/// The free-energy Hessian at the generating matrices with all errors, on `n_repetitions` calls, the best.
Timing hessian(const EnsembleSource& source, const sscha::TrialDensity& generating, int order, int n_repetitions) {
  const auto ensemble = open_ensemble(source, generating.matrices().supercell());
  const sscha::Population population(*ensemble, generating);
  const SpaceGroup group = find_space_group(generating.matrices().crystal);
  Timing timing;
  timing.seconds =
      best_of(n_repetitions, [&] { free_energy_hessian(population, generating, group, {.order = order}); });
  if (n_repetitions > 1) {
    timing.parts["without errors"] = best_of(
        n_repetitions, [&] { free_energy_hessian(population, generating, group, {.order = order, .errors = false}); });
  }
  return timing;
}

/// Bands along a path of 500 points, from the matrices on.
Timing bands(const sscha::TrialDensity& density) {
  const phonons::DynamicalMatrices& matrices = density.matrices();
  std::vector<Eigen::Vector3d> points;
  for (int i = 0; i < 500; ++i) points.emplace_back(i / 999.0, i / 1333.0, i / 2000.0);
  Timing timing;
  timing.seconds = best_of(3, [&] { phonons::frequencies_at(phonons::Interpolation(matrices), points); });
  return timing;
}

/// Modes on a mesh of n^3 points and their density of states.
Timing density_of_states(const sscha::TrialDensity& density, int n) {
  const phonons::Interpolation interpolation(density.matrices());
  const SpaceGroup group = find_space_group(density.matrices().crystal);
  Timing timing;
  timing.seconds = best_of(1, [&] {
    const phonons::MeshModes mesh = phonons::modes_on_mesh(interpolation, Eigen::Vector3i::Constant(n), group);
    phonons::density_of_states(mesh, 0, mesh.frequencies.maxCoeff(), 500);
  });
  return timing;
}

/// Frequencies at `n` points anywhere.
Timing spectrum(const sscha::TrialDensity& density, int n) {
  const phonons::Interpolation interpolation(density.matrices());
  std::vector<Eigen::Vector3d> points;
  for (int i = 0; i < n; ++i)
    points.emplace_back(std::fmod(i * 0.754877, 1), std::fmod(i * 0.569840, 1), std::fmod(i * 0.430159, 1));
  Timing timing;
  timing.seconds = best_of(3, [&] { phonons::frequencies_at(interpolation, points); });
  timing.rate = n / timing.seconds;
  timing.rate_unit = "q/s";
  return timing;
}

}  // namespace

std::vector<Case> cases() {
  std::vector<Case> all{
      {"step_graphite_144_n500", "a step: graphite 6x6x1, 144 atoms, 500 configurations (published)", nothing,
       [](const std::string&) {
         const std::string folder = stored("graphite_6x6x1");
         return step({.path = folder}, stored_density(folder + "/dyn_gen_pop1_", 0));
       }},
      {"step_cspbi3_40_n1024", "a step: CsPbI3 2x2x2, 40 atoms, 1024 configurations (published)", nothing,
       [](const std::string&) {
         const std::string folder = stored("cspbi3_2x2x2_450K");
         return step({.path = folder, .population = 100}, stored_density(folder + "/dyn_gen_pop100_", 450));
       }},
      {"step_diatomic_128_n1000", "a step: rocksalt 4x4x4, 128 atoms, 1000 configurations",
       [](const std::string& folder) { write_drawn(rocksalt(4), 1000, ensemble_format("npy"), folder); },
       [](const std::string& folder) { return step(drawn(folder), rocksalt(4)); }},
      {"step_112_n40000", "a step: 14 atoms a cell without symmetry, 2x2x2, 112 atoms, 40000 configurations",
       [](const std::string& folder) { write_drawn(general_14(2), 40000, ensemble_format("npy"), folder); },
       [](const std::string& folder) { return step(drawn(folder), general_14(2)); }},
      {"read_112_n40000", "reading that ensemble, npy",
       [](const std::string& folder) { write_drawn(general_14(2), 40000, ensemble_format("npy"), folder); },
       [](const std::string& folder) { return read(drawn(folder), general_14(2).matrices().supercell()); }},
      {"read_ice_n10000", "reading ice XI, 12 atoms, 10000 configurations, npy (published)", nothing,
       [](const std::string&) {
         const std::string folder = stored("ice_xi");
         return read({.path = folder}, phonons::read_qe_dyn(folder + "/dyn1").supercell());
       }},
      {"read_text_10000", "reading rocksalt 2x2x2, 16 atoms, 10000 configurations, text files",
       [](const std::string& folder) { write_drawn(rocksalt(2), 10000, ensemble_format("text"), folder); },
       [](const std::string& folder) { return read(drawn(folder), rocksalt(2).matrices().supercell()); }},
      {"sample_16_n10000", "drawing rocksalt 2x2x2, 16 atoms, 10000 configurations", nothing,
       [](const std::string&) { return sample(rocksalt(2), 10000); }},
      {"sample_112_n40000", "drawing 14 atoms a cell, 2x2x2, 112 atoms, 40000 configurations", nothing,
       [](const std::string&) { return sample(general_14(2), 40000); }},
      {"match_112_n40000", "finding structures in a population of 112 atoms, 40000 configurations", nothing,
       [](const std::string&) { return match(general_14(2), 40000); }},
      {"bands_14_q500", "bands: 14 atoms a cell, 2x2x2, to 500 points", nothing,
       [](const std::string&) { return bands(general_14(2)); }},
      {"dos_14_mesh40", "density of states: clathrate, 14 atoms a cell, 24 operations, on 40x40x40", nothing,
       [](const std::string&) { return density_of_states(clathrate(2), 40); }},
      {"spectrum_2_q100000", "frequencies of rocksalt at 100000 q", nothing,
       [](const std::string&) { return spectrum(rocksalt(2), 100000); }},
      {"hessian_v3_graphite", "Hessian, third order: graphite 6x6x1, 144 atoms, 500 configurations (published)",
       nothing,
       [](const std::string&) {
         const std::string folder = stored("graphite_6x6x1");
         return hessian({.path = folder}, stored_density(folder + "/dyn_gen_pop1_", 0), 3, 5);
       }},
      {"hessian_v4_snte_n10", "Hessian, fourth order: SnTe 2x2x2, 16 atoms, 10 configurations (published)", nothing,
       [](const std::string&) {
         const std::string folder = stored("snte_2x2x2_N10");
         return hessian({.path = folder}, stored_density(folder + "/dyn_gen_pop1_", 250), 4, 5);
       }},
      {"hessian_v4_snte_n10000", "Hessian, fourth order: rocksalt 2x2x2 as SnTe, 16 atoms, 10000 configurations",
       [](const std::string& folder) { write_drawn(rocksalt(2), 10000, ensemble_format("npy"), folder); },
       [](const std::string& folder) { return hessian(drawn(folder), rocksalt(2), 4, 3); }},
      {"hessian_v4_cspbi3", "Hessian, fourth order: CsPbI3 2x2x2, 40 atoms, 1024 configurations (published)", nothing,
       [](const std::string&) {
         const std::string folder = stored("cspbi3_2x2x2_450K");
         return hessian({.path = folder, .population = 100}, stored_density(folder + "/dyn_gen_pop100_", 450), 4, 3);
       }},
      {"hessian_v4_112_n2000", "Hessian, fourth order: clathrate 2x2x2, 112 atoms, 2000 configurations",
       [](const std::string& folder) { write_drawn(clathrate(2), 2000, ensemble_format("npy"), folder); },
       [](const std::string& folder) { return hessian(drawn(folder), clathrate(2), 4, 1); }},
      {"hessian_v4_112_n40000", "the same with 40000 configurations (minutes)",
       [](const std::string& folder) { write_drawn(clathrate(2), 40000, ensemble_format("npy"), folder); },
       [](const std::string& folder) { return hessian(drawn(folder), clathrate(2), 4, 1); }},
  };
  std::ranges::move(potential_cases(), std::back_inserter(all));
  return all;
}

}  // namespace zeropoint::bench
