#include "tools/benchmarks/potential.hpp"

#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "core/error.hpp"
#include "files/ensemble.hpp"
#include "files/training_set.hpp"
#include "mlp/model_start.hpp"
#include "mlp/trainer.hpp"
#include "phonons/modes.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/symmetrizer.hpp"
#include "potentials/model.hpp"
#include "potentials/tin_telluride.hpp"
#include "sscha/draw_and_label.hpp"
#include "sscha/population_loop.hpp"
#include "sscha/solution_errors.hpp"
#include "tools/benchmarks/model.hpp"

namespace zeropoint::bench {
namespace {

constexpr std::int64_t seed = 1;

std::vector<std::size_t> first(std::size_t n) {
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Epochs over the first `n` configurations with all defaults of `train`; the first one, which meets every structure
/// for the first time, stands apart.
Timing train(const std::string& folder, int population, double temperature, std::size_t n) {
  const std::string dyn = folder + "/dyn_gen_pop" + std::to_string(population) + "_";
  const sscha::TrialDensity density(phonons::read_qe_dyn(dyn), temperature, units::codata2022);
  const Supercell supercell = density.matrices().supercell();
  const auto ensemble = open_ensemble(
      {.path = folder, .population = population, .n_configurations = static_cast<std::int64_t>(n)}, supercell);
  const mlp::DescriptorOptions descriptor;
  const mlp::TrainingData data({{"set", structures_of(*ensemble, supercell, folder).accepted}},
                               descriptor.radial_cutoff);
  const std::vector<std::size_t> training = first(data.size());
  mlp::TrainOptions options;
  options.epochs = 5;
  mlp::Trainer trainer(data, training, {}, mlp::start_model(data, training, descriptor, {}, {seed}), options);
  Timing timing;
  timing.parts["first epoch"] = best_of(1, [&] { trainer.run_epoch(); });
  timing.seconds = best_of(2, [&] { trainer.run_epoch(); });
  timing.rate = static_cast<double>(data.size()) / timing.seconds;
  timing.rate_unit = "configurations/s";
  return timing;
}

/// Part of an epoch over `n` drawn configurations: how much memory a large set takes.
Timing train_drawn(const sscha::TrialDensity& density, std::int64_t n) {
  const Supercell supercell = density.matrices().supercell();
  const mlp::DescriptorOptions descriptor;
  const mlp::TrainingData data(
      {{"drawn", structures_of(*ensemble_in_memory(draw(density, n, seed), "drawn"), supercell, "drawn").accepted}},
      descriptor.radial_cutoff);
  const std::vector<std::size_t> training = first(data.size());
  mlp::TrainOptions options;
  options.seconds = 30;
  mlp::Trainer trainer(data, training, {}, mlp::start_model(data, training, descriptor, {}, {seed}), options);
  std::int64_t n_steps = 0;
  Timing timing;
  timing.seconds = best_of(1, [&] { trainer.run_epoch([&](double) { ++n_steps; }); });
  timing.rate = static_cast<double>(n_steps * options.batch_size) / timing.seconds;
  timing.rate_unit = "configurations/s";
  return timing;
}

/// Of the usual size, for the crystal of `density`.
mlp::Model untrained_model(const sscha::TrialDensity& density) {
  const Supercell supercell = density.matrices().supercell();
  const auto ensemble = ensemble_in_memory(draw(density, 8, seed), "drawn");
  const mlp::DescriptorOptions descriptor;
  const mlp::TrainingData data({{"drawn", structures_of(*ensemble, supercell, "drawn").accepted}},
                               descriptor.radial_cutoff);
  return mlp::start_model(data, first(data.size()), descriptor, {}, {seed});
}

/// Energies, forces and stresses of displaced supercells by an untrained model of the usual size; the seconds are those
/// of `n` configurations.
Timing evaluate(const sscha::TrialDensity& density, std::int64_t n) {
  const Supercell supercell = density.matrices().supercell();
  const at::Tensor displacements = draw(density, n, seed).displacements;
  const mlp::Model model = untrained_model(density);
  Timing timing;
  const auto rate = [&](at::ScalarType type) {
    const potentials::NetworkPotential potential(model, type);
    return best_of(3, [&] { potential.evaluate(supercell, displacements); });
  };
  timing.seconds = rate(at::kFloat);
  timing.parts["in double precision"] = rate(at::kDouble);
  timing.rate = static_cast<double>(n * supercell.n_atoms()) / timing.seconds;
  timing.rate_unit = "atoms/s";
  return timing;
}

/// One population: drawn, labelled by an untrained model of the usual size, reweighted to softer matrices.
Timing population(const sscha::TrialDensity& density, std::int64_t n) {
  const potentials::NetworkPotential potential(untrained_model(density), at::kFloat);
  const sscha::Sampler sampler(density, {});
  Timing timing;
  Configurations configurations;
  timing.parts["sampling"] = best_of(1, [&] { sampler.displacements(0, n); });
  timing.parts["sampling and evaluation"] =
      best_of(1, [&] { configurations = sscha::draw_and_label(potential, density, sampler, n); });
  const auto ensemble = ensemble_in_memory(std::move(configurations), "drawn");
  phonons::DynamicalMatrices softer = density.matrices();
  for (Eigen::MatrixXcd& block : softer.blocks) block *= 0.99;
  timing.parts["reading and reweighting"] = best_of(1, [&] {
    const sscha::Population all(*ensemble, density, {.check_generator = false});
    sscha::reweight(all, {softer, density.temperature(), density.units()});
  });
  timing.seconds = timing.parts["sampling and evaluation"] + timing.parts["reading and reweighting"];
  timing.rate = static_cast<double>(n) / timing.seconds;
  timing.rate_unit = "configurations/s";
  return timing;
}

/// The loop from the harmonic matrices of the toy model to its numbers at 250 K, errors of frequencies included.
Timing sscha_of_tin_telluride(const std::string& harmonic) {
  int n_turned = 0;
  const phonons::DynamicalMatrices matrices = phonons::read_qe_dyn(harmonic),
                                   start = phonons::with_absolute_squares(matrices, n_turned);
  const SpaceGroup group = phonons::keeping_grid(find_space_group(start.crystal), start.grid);
  const potentials::ToyTinTelluride toy(matrices);
  Timing timing;
  std::int64_t n = 0;
  timing.seconds = best_of(1, [&] {
    const sscha::LoopResult found = sscha::relax_populations(
        toy, {start, 250, units::codata2022}, group, {.sizes = {1000, 2000, 5000, 10000, 40000}, .final_size = 400000});
    if (!found.settled) throw InternalError{"the loop of the toy model did not settle: {}", found.explain()};
    sscha::solution_errors(found.population, found.minimum, group, true);
    for (const sscha::PopulationReport& report : found.reports) n += report.size;
  });
  timing.rate = static_cast<double>(n) / timing.seconds;
  timing.rate_unit = "configurations/s";
  return timing;
}

}  // namespace

std::string stored(const std::string& name) {
  const char* variable = std::getenv("ZEROPOINT_DATA");
  const std::filesystem::path folder =
      std::filesystem::path(variable != nullptr ? variable : ZEROPOINT_SOURCE_DIR "/../shared/data") / "ensembles" /
      name;
  if (!std::filesystem::is_directory(folder)) {
    throw InputError{"skipped: no published data in {} (set ZEROPOINT_DATA to their folder)", folder.string()};
  }
  return folder.string();
}

std::vector<Case> potential_cases() {
  return {
      {"train_cspbi3", "training: CsPbI3 2x2x2, 40 atoms, an epoch of 400 configurations (published)",
       [](const std::string&) {}, [](const std::string&) { return train(stored("cspbi3_2x2x2_450K"), 100, 450, 400); }},
      {"train_112_n10000",
       "training: clathrate 2x2x2, 112 atoms, three elements, 30 s on 10 000 configurations, for its memory",
       [](const std::string&) {}, [](const std::string&) { return train_drawn(clathrate(2), 10000); }},
      {"evaluate_112", "a potential: clathrate 2x2x2, 112 atoms, three elements, 64 configurations",
       [](const std::string&) {}, [](const std::string&) { return evaluate(clathrate(2), 64); }},
      {"population_112_n1000", "a population on a potential: clathrate 2x2x2, 112 atoms, 1000 configurations",
       [](const std::string&) {}, [](const std::string&) { return population(clathrate(2), 1000); }},
      {"population_112_n40000", "the same with 40 000 configurations", [](const std::string&) {},
       [](const std::string&) { return population(clathrate(2), 40000); }},
      {"sscha_snte_250K",
       "sscha: SnTe toy 2x2x2, 250 K, from its harmonic matrices to a final population of 400 000 (published)",
       [](const std::string&) {},
       [](const std::string&) { return sscha_of_tin_telluride(stored("../toy/snte") + "/ffield_dynq"); }},
  };
}

}  // namespace zeropoint::bench
