#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "active_learning/learner.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "phonons/symmetrizer.hpp"
#include "sscha/condition_result.hpp"
#include "sscha/loop_state_file.hpp"
#include "sscha/population_file.hpp"
#include "sscha/solution_file.hpp"

namespace zeropoint::active_learning {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t n_for_potential_error = 256;
constexpr std::uint32_t its_population = 99999;

double mean_square(const Eigen::VectorXd& values) { return values.mean() * values.mean(); }

ConditionObservables observables_of(const sscha::Condition& condition, const sscha::Solution& solution, bool settled,
                                    bool stress) {
  const sscha::TrialDensity& density = solution.minimum.density;
  ConditionObservables found{.condition = condition.name(), .settled = settled};
  const Estimate energy = solution.free_energy();
  found.free_energy = {energy.value, energy.standard_error, 0};
  if (const auto& at_end = solution.minimum.evaluation.stress; at_end && stress)
    found.pressure = Observed{at_end->pressure.value, at_end->pressure.standard_error, 0};
  found.volume = density.matrices().crystal.volume();
  found.blocks = frequency_blocks(density);
  for (const FrequencyBlock& block : found.blocks) {
    const double square_error =
        solution.errors.squared_frequencies[static_cast<std::size_t>(block.iq)][static_cast<std::size_t>(block.mode)];
    found.frequencies.push_back({block.frequency, square_error / (2 * block.frequency), 0});
  }
  return found;
}

void write_density(const std::string& path, const sscha::TrialDensity& density) {
  Hdf5File stored = Hdf5File::create(path, {.filetype = "zeropoint density"});
  phonons::write_matrices(density.matrices(), stored, "density");
  stored.close();
}

}  // namespace

/// Where the model cannot be used yet: the next round draws from the same density, and its labels teach it better.
ConditionObservables Learner::stay(int round, const sscha::Condition& condition) const {
  const sscha::TrialDensity before = density(round - 1, condition);
  const std::string folder = file(round, condition.name());
  write_density(folder + "/density.h5", before);
  for (const char* name : {"result.h5", "population.h5", "summary.json", "state.h5"}) fs::remove(folder + "/" + name);
  ConditionObservables found{.condition = condition.name(), .settled = false};
  found.volume = before.matrices().crystal.volume();
  found.blocks = frequency_blocks(before);
  for (const FrequencyBlock& block : found.blocks) found.frequencies.push_back({block.frequency, 0, 0});
  return found;
}

/// What the spread of the last layers does to the numbers, to first order, on one population for all of them.
void Learner::add_potential_errors(ConditionObservables& found, const sscha::TrialDensity& density,
                                   const mlp::Model& model, const Calibration& calibration) const {
  const sscha::Sampler sampler(
      density, {.method = sscha::SamplingMethod::antithetic, .seed = options_.seed, .population = its_population});
  const at::Tensor u = sampler.displacements(0, n_for_potential_error);
  const UncertainModel uncertain(model, options_.uncertainty);
  const UncertainEvaluation evaluation = uncertain.evaluate(density.matrices().supercell(), u, true, watch_.idle);
  const double n = uncertain.n_heads();
  double free_energy = 0, pressure = 0;
  Eigen::VectorXd squares = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(found.blocks.size()));
  for (int k = 0; k < uncertain.n_heads(); ++k) {
    const LinearResponse response =
        linear_response(density, found.blocks, u,
                        {evaluation.energies[k],
                         evaluation.forces[k],
                         evaluation.stresses.defined() ? evaluation.stresses[k] : at::Tensor{},
                         {}});
    free_energy += mean_square(response.free_energy) / n;
    if (response.pressure.size() > 0) pressure += mean_square(response.pressure) / n;
    squares += response.squared_frequencies.colwise().mean().transpose().array().square().matrix() / n;
  }
  found.free_energy.potential = calibration.energy * std::sqrt(free_energy);
  if (found.pressure) found.pressure->potential = calibration.all_forces * std::sqrt(pressure);
  for (std::size_t b = 0; b < found.blocks.size(); ++b) {
    found.frequencies[b].potential =
        calibration.all_forces * std::sqrt(squares[static_cast<Eigen::Index>(b)]) / (2 * found.blocks[b].frequency);
  }
}

ConditionObservables Learner::minimize(int round, const sscha::Condition& condition, const mlp::Model& model) {
  const std::string folder = file(round, condition.name());
  fs::create_directories(folder);
  const UncertainModel uncertain(model, options_.uncertainty);
  const sscha::TrialDensity before = density(round - 1, condition);
  const phonons::Symmetrizer symmetrize(options_.group, before.matrices().crystal, before.matrices().grid);
  const sscha::TrialDensity start = sscha::symmetrized(before, options_.group, symmetrize);
  sscha::LoopOptions loop_options = options_.loop;
  loop_options.pressure = condition.pressure.value_or(0);
  const std::string state_file = folder + "/state.h5";
  sscha::PopulationLoop loop(uncertain.potential(), start, options_.group, loop_options,
                             sscha::read_loop_state(state_file));
  const sscha::LoopWatch watch{
      .labelling =
          [&](std::int64_t, std::int64_t) {
            if (watch_.idle) watch_.idle();
          },
      .labelled =
          [&](const sscha::Drawing& drawn, const Configurations& configurations) {
            // The last one written is the last one drawn: what `hessian` needs.
            sscha::write_population(folder + "/population.h5", drawn.density, configurations,
                                    {.population = drawn.number, .seed = static_cast<std::int64_t>(options_.seed)});
          }};
  while (!loop.finished()) {
    loop.next(watch);
    if (!loop.finished()) sscha::write_loop_state(state_file, loop.state());
  }
  sscha::LoopResult result = std::move(loop).result();
  sscha::SolutionErrors errors = solution_errors(result.population, result.minimum, options_.group,
                                                 loop_options.minimize.centroids, [&](int, int) {
                                                   if (watch_.idle) watch_.idle();
                                                 });
  const sscha::Solution solution{start, std::move(result.minimum), std::move(errors), options_.group,
                                 result.population.size()};
  const sscha::TrialDensity& density = solution.minimum.density;
  sscha::write_solution(folder + "/result.h5", solution, {}, static_cast<std::int64_t>(options_.seed));
  const sscha::ConditionResult at_end = result_at(condition, solution, result);
  add_condition(folder + "/result.h5", at_end);
  if (watch_.minimised) watch_.minimised(folder, solution, at_end);
  write_density(folder + "/density.h5", density);
  ConditionObservables found = observables_of(condition, solution, result.settled, options_.stress);
  add_potential_errors(found, density, model, read_audit(file(round, "audit.json"))->calibration);
  tell("minimised", fmt::format("{}: {} populations, {}", condition.text(), result.reports.size(), result.explain()));
  fs::remove(state_file);
  return found;
}

RoundResult Learner::judge(int round, std::vector<ConditionObservables> found, const Audit& audit) const {
  RoundResult result{.round = round, .model = {}, .n_labels = audit.n_labels, .conditions = std::move(found)};
  const RoundResult* before = results_.empty() ? nullptr : &results_.back();
  result.largest_change = before ? 0 : std::numeric_limits<double>::infinity();
  const Tolerances& tolerances = options_.tolerances;
  const double n_atoms = options_.crystal.n_atoms();
  if (!audit.calibration.calibrated())
    result.open.push_back(fmt::format("uncertainties are calibrated by {} labels, {} are needed",
                                      audit.calibration.n_configurations, Calibration::least));
  for (std::size_t c = 0; c < result.conditions.size(); ++c) {
    const ConditionObservables& here = result.conditions[c];
    const auto complain = [&](const std::string& what) { result.open.push_back(here.condition + ": " + what); };
    if (!here.settled) complain("populations have not settled");
    const auto certificate =
        std::ranges::find_if(audit.certificates, [&](const auto& pair) { return pair.first == here.condition; });
    if (certificate == audit.certificates.end()) {
      complain("no certificate yet");
    } else if (!certificate->second.passes()) {
      const int needed = certificate->second.n_needed();
      complain(fmt::format("certificate: {} not certified ({} labels would do)",
                           fmt::join(certificate->second.open(), ", "),
                           needed > 0 ? fmt::format("{}", needed) : std::string("no number of")));
    }
    int n_wide = 0;
    for (std::size_t b = 0; b < here.blocks.size(); ++b) {
      const double allowed = std::max(tolerances.relative_frequency * here.blocks[b].frequency, tolerances.frequency);
      n_wide += here.frequencies[b].potential > allowed;
      if (!before || before->conditions.size() <= c ||
          before->conditions[c].frequencies.size() != here.frequencies.size())
        continue;
      const double change = std::abs(here.frequencies[b].value - before->conditions[c].frequencies[b].value);
      result.largest_change =
          std::max(result.largest_change, change / std::max(allowed, 2 * here.frequencies[b].statistical));
    }
    if (n_wide > 0)
      complain(fmt::format("the error of the potential is above the tolerance for {} frequencies", n_wide));
    if (here.free_energy.potential > options_.propagated_free_energy * n_atoms)
      complain(fmt::format("the error of the potential in the free energy is {:.2g} meV per atom",
                           1e3 * here.free_energy.potential / n_atoms));
  }
  if (!(result.largest_change <= 1)) result.open.emplace_back("frequencies still change between rounds");
  result.converged = result.open.empty();
  return result;
}

}  // namespace zeropoint::active_learning
