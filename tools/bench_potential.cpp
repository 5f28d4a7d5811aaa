#include "tools/bench_potential.hpp"

#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "core/ensemble.hpp"
#include "core/error.hpp"
#include "mlp/model_start.hpp"
#include "mlp/network_potential.hpp"
#include "mlp/trainer.hpp"
#include "phonons/qe_dyn.hpp"
#include "tools/bench_model.hpp"
#include "tools/labelled_files.hpp"

namespace zeropoint::bench {
namespace {

constexpr std::int64_t seed = 1;

std::vector<std::size_t> first(std::size_t n) {
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Epochs over the first `n` configurations with all defaults of `train`; the first one, which meets every structure for the
/// first time, stands apart.
Timing train(const std::string& folder, int population, double temperature, std::size_t n) {
  const std::string dyn = folder + "/dyn_gen_pop" + std::to_string(population) + "_";
  const sscha::TrialDensity density(phonons::read_qe_dyn(dyn), temperature, units::codata2022);
  const Supercell supercell = density.matrices().supercell();
  const auto ensemble =
      open_ensemble({.path = folder, .population = population, .n_configurations = static_cast<std::int64_t>(n)}, supercell);
  const mlp::DescriptorOptions descriptor;
  const mlp::TrainingData data({{"set", structures_of(*ensemble, supercell, folder).accepted}}, descriptor.radial_cutoff);
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

/// Energies, forces and stresses of displaced supercells by an untrained model of the usual size; the seconds are those of
/// `n` configurations.
Timing evaluate(const sscha::TrialDensity& density, std::int64_t n) {
  const Supercell supercell = density.matrices().supercell();
  const Configurations drawn = draw(density, n, seed);
  const at::Tensor displacements = drawn.displacements;
  const auto ensemble = ensemble_in_memory(drawn, "drawn");
  const mlp::DescriptorOptions descriptor;
  std::vector<LabelledStructure> some = structures_of(*ensemble, supercell, "drawn").accepted;
  some.resize(8);
  const mlp::TrainingData data({{"drawn", std::move(some)}}, descriptor.radial_cutoff);
  const mlp::Model model = mlp::start_model(data, first(data.size()), descriptor, {}, {seed});
  Timing timing;
  const auto rate = [&](at::ScalarType type) {
    const mlp::NetworkPotential potential(model, type);
    return best_of(3, [&] { potential.evaluate(supercell, displacements); });
  };
  timing.seconds = rate(at::kFloat);
  timing.parts["in double precision"] = rate(at::kDouble);
  timing.rate = static_cast<double>(n * supercell.n_atoms()) / timing.seconds;
  timing.rate_unit = "atoms/s";
  return timing;
}

}  // namespace

std::string stored(const std::string& name) {
  const char* variable = std::getenv("ZEROPOINT_DATA");
  const std::filesystem::path folder =
      std::filesystem::path(variable != nullptr ? variable : ZEROPOINT_SOURCE_DIR "/../shared/data") / "ensembles" / name;
  if (!std::filesystem::is_directory(folder)) {
    throw InputError{"skipped: no published data in {} (set ZEROPOINT_DATA to their folder)", folder.string()};
  }
  return folder.string();
}

std::vector<Case> potential_cases() {
  return {
      {"train_cspbi3", "training: CsPbI3 2x2x2, 40 atoms, an epoch of 400 configurations (published)", [](const std::string&) {},
       [](const std::string&) { return train(stored("cspbi3_2x2x2_450K"), 100, 450, 400); }},
      {"evaluate_112", "a potential: clathrate 2x2x2, 112 atoms, three elements, 64 configurations", [](const std::string&) {},
       [](const std::string&) { return evaluate(clathrate(2), 64); }},
  };
}

}  // namespace zeropoint::bench
