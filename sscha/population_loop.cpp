#include "sscha/population_loop.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "phonons/relaxation.hpp"
#include "sscha/draw_and_label.hpp"

namespace zeropoint::sscha {
namespace {

constexpr double within_noise = 2;       // a fresh gradient of noise alone is one error long, give or take a quarter
constexpr double zero_gradient = 1e-8;   // eV/angstrom^2: rounding of forces of a harmonic crystal
constexpr double zero_centroids = 1e-9;  // angstrom
constexpr std::uint32_t final_population = 0;

bool within(double value, double error, double zero) { return value <= std::max(within_noise * error, zero); }

bool fresh_needs_no_step(const StepReport& start, bool centroids) {
  return within(start.gradient, start.gradient_error, zero_gradient) &&
         (!centroids || within(start.centroid_gradient, start.centroid_error, zero_centroids));
}

/// No noise at all: a harmonic crystal at its own matrices.
bool is_exact(const StepReport& start) {
  return start.gradient < zero_gradient && start.gradient_error < zero_gradient;
}

Extrapolation extrapolation_of(const at::Tensor& uncertainty, double limit, const at::Tensor& weights) {
  const at::Tensor beyond = uncertainty.gt(limit);
  return {.n = beyond.sum().item<std::int64_t>(),
          .weight = weights.masked_select(beyond).sum().item<double>() / weights.sum().item<double>(),
          .largest = uncertainty.max().item<double>()};
}

PopulationReport report_of(const Drawing& drawing, const Minimum& minimum) {
  return {.number = drawing.number,
          .is_final = drawing.is_final,
          .size = drawing.size,
          .start = minimum.steps.front(),
          .end = minimum.steps.back(),
          .stop_reason = minimum.stop_reason,
          .volume = drawing.density.matrices().crystal.volume(),
          .stress = minimum.evaluation.stress,
          .extrapolation = {}};
}

}  // namespace

PopulationLoop::PopulationLoop(const Potential& potential, const TrialDensity& start, SpaceGroup group,
                               LoopOptions options, std::optional<LoopState> state)
    : potential_(&potential),
      temperature_(start.temperature()),
      units_(start.units()),
      group_(std::move(group)),
      options_(std::move(options)),
      state_(state ? std::move(*state) : LoopState{start.matrices(), {}}) {
  if (options_.sizes.empty() || options_.maximum < 1)
    throw InputError{"a loop needs at least one population: {} sizes and a maximum of {} are given",
                     options_.sizes.size(), options_.maximum};
  if (finished()) throw InputError{"a loop cannot go on from a state in which it is finished"};
  if (options_.cell == CellKind::fixed) return;
  cell_.emplace(options_.cell, options_.pressure, static_bulk_modulus(potential, start.matrices()));
  if (!state_.cell_memory.empty()) cell_->remember(state_.cell_memory);
}

bool PopulationLoop::finished() const {
  if (!state_.history.empty() && state_.history.back().is_final) return true;
  return state_.settled ? options_.final_size == 0 : std::ssize(state_.history) >= options_.maximum;
}

const Drawing& PopulationLoop::drawing() {
  expect(!finished(), "a finished loop draws no population");
  if (drawing_) return *drawing_;
  const phonons::DynamicalMatrices& matrices = state_.matrices;
  const phonons::Symmetrizer symmetrize(group_, matrices.crystal, matrices.grid);
  TrialDensity density = symmetrized({matrices, temperature_, units_}, group_, symmetrize);
  const bool is_final = state_.settled;
  const std::size_t before = state_.history.size();
  const std::int64_t size =
      is_final ? options_.final_size : options_.sizes[std::min(before, options_.sizes.size() - 1)];
  const int number = static_cast<int>(before) + 1;
  const SamplingOptions sampling{.method = options_.sampling,
                                 .seed = options_.seed,
                                 .population = is_final ? final_population : static_cast<std::uint32_t>(number)};
  Sampler sampler(density, sampling, options_.device);
  return drawing_.emplace(number, is_final, size, std::move(density), std::move(sampler));
}

const PopulationReport& PopulationLoop::next(const LoopWatch& watch) {
  const Drawing& drawn = drawing();
  minimum_.reset();
  population_.reset();  // the next one needs its memory
  at::Tensor uncertainty;
  Configurations configurations = draw_and_label(
      *potential_, drawn.density, drawn.sampler, drawn.size, options_.device,
      [&](std::int64_t done) {
        if (watch.labelling) watch.labelling(done, drawn.size);
      },
      &uncertainty);
  if (watch.labelled) watch.labelled(drawn, configurations);
  const auto ensemble = ensemble_in_memory(std::move(configurations), fmt::format("population {}", drawn.number));
  Population population(*ensemble, drawn.density, {.device = options_.device, .check_generator = false});
  Minimum minimum = minimize(population, drawn.density, group_, options_.minimize);
  PopulationReport report = report_of(drawn, minimum);
  if (uncertainty.defined())
    report.extrapolation = extrapolation_of(uncertainty, options_.uncertain, minimum.evaluation.weights.values);
  settle(std::move(report), minimum.density.matrices());
  population_.emplace(std::move(population));
  minimum_.emplace(std::move(minimum));
  drawing_.reset();
  return state_.history.back();
}

void PopulationLoop::settle(PopulationReport report, const phonons::DynamicalMatrices& found) {
  if (cell_) {
    if (!report.stress) throw phonons::MissingStress{"the potential gives no stress, so the cell cannot move"};
    report.cell_deviation = cell_->deviation(report.stress->value, report.stress->standard_error);
  }
  report.needs_no_step =
      fresh_needs_no_step(report.start, options_.minimize.centroids) && report.cell_deviation <= within_noise;
  state_.matrices = found;
  state_.settled = report.stop_reason == StopReason::converged;
  if (!report.is_final) {
    const bool is_largest = state_.history.size() + 1 >= options_.sizes.size();
    state_.settled = state_.settled && report.needs_no_step && (is_largest || is_exact(report.start));
    if (cell_ && !state_.settled) {
      state_.matrices = strained(found, cell_->strain(report.stress->value, report.stress->standard_error));
    }
    if (cell_) state_.cell_memory = cell_->memory();
  }
  state_.history.push_back(std::move(report));
}

LoopResult PopulationLoop::result() && {
  expect(minimum_.has_value(), "a loop has a result after a population");
  return {.minimum = std::move(*minimum_),
          .population = std::move(*population_),
          .reports = std::move(state_.history),
          .bulk_modulus = cell_ ? cell_->bulk_modulus() : 0,
          .settled = state_.settled};
}

LoopResult relax_populations(const Potential& potential, const TrialDensity& start, const SpaceGroup& group,
                             const LoopOptions& options, const LoopWatch& watch) {
  PopulationLoop loop(potential, start, group, options);
  while (!loop.finished()) loop.next(watch);
  return std::move(loop).result();
}

std::string LoopResult::explain() const {
  if (settled) return "converged: a fresh population needs no step";
  const PopulationReport& last = reports.back();
  if (last.stop_reason != StopReason::converged) {
    return fmt::format("not converged after {} populations: the last one {}", last.number,
                       sscha::explain(last.stop_reason));
  }
  return fmt::format(
      "not converged after {} populations: where the last one was drawn the gradient is {:.1f} times its error{}; "
      "allow more populations, or larger ones",
      last.number, last.start.gradient / last.start.gradient_error,
      last.cell_deviation > within_noise
          ? fmt::format(", the stress is {:.1f} errors from the pressure", last.cell_deviation)
          : "");
}

}  // namespace zeropoint::sscha
