#include "sscha/population_loop.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "core/error.hpp"
#include "sscha/device_loop.hpp"

namespace zeropoint::sscha {
namespace {

constexpr std::int64_t batch = 256;      // configurations a potential gets at once: fixed, so that bits are
constexpr double within_noise = 2;       // a fresh gradient of noise alone is one error long, give or take a quarter
constexpr double zero_gradient = 1e-8;   // eV/angstrom^2: rounding of forces of a harmonic crystal
constexpr double zero_centroids = 1e-9;  // angstrom
constexpr std::uint32_t final_population = 0;
constexpr double pressure_modulus = 0.6;  // eV/angstrom^3, 100 GPa: where the potential cannot tell

bool within(double value, double error, double zero) { return value <= std::max(within_noise * error, zero); }

bool fresh_needs_no_step(const StepReport& start, bool centroids) {
  return within(start.gradient, start.gradient_error, zero_gradient) &&
         (!centroids || within(start.centroid_gradient, start.centroid_error, zero_centroids));
}

/// No noise at all: a harmonic crystal at its own matrices.
bool is_exact(const StepReport& start) {
  return start.gradient < zero_gradient && start.gradient_error < zero_gradient;
}

void require_stress(bool there) {
  if (!there)
    throw InputError{"the potential gives no stress, so the cell cannot move: write conditions.cell = \"fixed\""};
}

Extrapolation extrapolation_of(const at::Tensor& uncertainty, double limit, const at::Tensor& weights) {
  const at::Tensor beyond = uncertainty.gt(limit), on_host = weights.cpu();
  return {.n = beyond.sum().item<std::int64_t>(),
          .weight = on_host.masked_select(beyond).sum().item<double>() / on_host.sum().item<double>(),
          .largest = uncertainty.max().item<double>()};
}

}  // namespace

Configurations draw_and_label(const Potential& potential, const TrialDensity& density, const Sampler& sampler,
                              std::int64_t n, at::Device device, const std::function<void(std::int64_t)>& progress,
                              at::Tensor* uncertainty) {
  const Supercell reference = density.matrices().supercell();
  const std::int64_t n_atoms = reference.n_atoms();
  Configurations all{at::empty({n, n_atoms, 3}, at::kDouble),
                     at::empty({n}, at::kDouble),
                     at::empty({n, n_atoms, 3}, at::kDouble),
                     {}};
  at::Tensor stresses;
  std::mutex mutex;
  std::int64_t done = 0;
  const auto label = [&](std::int64_t piece) {
    const std::int64_t begin = piece * batch, end = std::min(n, begin + batch);
    const at::Tensor u = sampler.displacements(begin, end);
    const zeropoint::Evaluation labels = potential.evaluate(reference, u);
    check_finite(labels, "the potential");
    all.displacements.slice(0, begin, end).copy_(u);
    all.energies.slice(0, begin, end).copy_(labels.energies);
    all.forces.slice(0, begin, end).copy_(labels.forces);
    const std::lock_guard lock(mutex);
    if (labels.stresses.defined()) {
      if (!stresses.defined()) stresses = at::empty({n, 3, 3}, at::kDouble);
      stresses.slice(0, begin, end).copy_(labels.stresses);
    }
    if (uncertainty && labels.force_uncertainty.defined()) {
      if (!uncertainty->defined()) *uncertainty = at::empty({n}, at::kDouble);
      uncertainty->slice(0, begin, end).copy_(labels.force_uncertainty.amax(1));
    }
    done += end - begin;
    if (progress) progress(done);
  };
  for_each_item(device, (n + batch - 1) / batch, label);
  all.stresses = stresses;
  return all;
}

double static_bulk_modulus(const Potential& potential, const phonons::DynamicalMatrices& matrices) {
  constexpr double h = 0.005;
  const auto pressure = [&](double strain) {
    const Supercell cell = strained(matrices, strain * Eigen::Matrix3d::Identity()).supercell();
    const zeropoint::Evaluation at_rest = potential.evaluate(cell, at::zeros({1, cell.n_atoms(), 3}, at::kDouble));
    require_stress(at_rest.stresses.defined());
    return -at_rest.stresses[0].diagonal().mean().item<double>();
  };
  const double modulus = -(pressure(h) - pressure(-h)) / (6 * h);
  return modulus > 0 ? modulus : pressure_modulus;
}

LoopResult relax_populations(const Potential& potential, const TrialDensity& start, const SpaceGroup& group,
                             const LoopOptions& options, const LoopWatch& watch,
                             const std::optional<LoopState>& state) {
  if (options.sizes.empty() || options.maximum < 1)
    throw InputError{"populations.sizes and populations.maximum must name at least one population"};
  const double temperature = start.temperature();
  const UnitSet& units = start.units();
  const bool moves = options.cell != CellKind::fixed;
  phonons::DynamicalMatrices matrices = state ? state->matrices : start.matrices();
  int n_populations = state ? state->n_populations : 0;
  std::vector<PopulationReport> reports;
  std::optional<CellStep> cell;
  if (moves) cell.emplace(options.cell, options.pressure, static_bulk_modulus(potential, start.matrices()));
  if (moves && state) cell->remember(state->cell_memory);

  std::optional<LoopResult> result;
  const auto run = [&](std::int64_t size, bool is_final) {
    result.reset();
    const phonons::Symmetrizer symmetrize(group, matrices.crystal, matrices.grid);
    const TrialDensity density = symmetrized({matrices, temperature, units}, group, symmetrize);
    const int number = ++n_populations;
    const std::uint32_t drawn = is_final ? final_population : static_cast<std::uint32_t>(number);
    const Sampler sampler(density, {.method = options.sampling, .seed = options.seed, .population = drawn},
                          options.device);
    if (watch.drawing) watch.drawing(number, size, density, sampler);
    const auto shown = [&](std::int64_t done) {
      if (watch.labelling) watch.labelling(done, size);
    };
    at::Tensor uncertainty;
    Configurations configurations =
        draw_and_label(potential, density, sampler, size, options.device, shown, &uncertainty);
    if (watch.labelled) watch.labelled(number, is_final, density, configurations);
    const auto ensemble = ensemble_in_memory(std::move(configurations), fmt::format("population {}", number));
    Population population(*ensemble, density, {.device = options.device, .check_generator = false});
    Minimum minimum = minimize(population, density, group, options.minimize);
    PopulationReport report{.number = number,
                            .is_final = is_final,
                            .size = size,
                            .start = minimum.steps.front(),
                            .end = minimum.steps.back(),
                            .stop_reason = minimum.stop_reason,
                            .volume = matrices.crystal.volume(),
                            .stress = minimum.evaluation.stress,
                            .extrapolation = {}};
    if (uncertainty.defined())
      report.extrapolation = extrapolation_of(uncertainty, options.uncertain, minimum.evaluation.weights.values);
    if (moves) {
      require_stress(report.stress.has_value());
      report.cell_deviation = cell->deviation(report.stress->value, report.stress->standard_error);
    }
    report.needs_no_step =
        fresh_needs_no_step(report.start, options.minimize.centroids) && report.cell_deviation <= within_noise;
    matrices = minimum.density.matrices();
    reports.push_back(report);
    result.emplace(std::move(minimum), std::move(population), std::vector<PopulationReport>{});
    return report;
  };
  bool settled = state && state->settled;
  const std::size_t n_before_last = options.sizes.size() - 1;
  while (!settled && n_populations < options.maximum) {
    const std::size_t which = std::min(static_cast<std::size_t>(n_populations), n_before_last);
    const PopulationReport report = run(options.sizes[which], false);
    settled = report.needs_no_step && report.stop_reason == StopReason::converged &&
              (which == n_before_last || is_exact(report.start));
    if (moves && !settled) {
      const Eigen::Matrix3d strain = cell->strain(report.stress->value, report.stress->standard_error);
      matrices = strained(std::move(matrices), strain);
    }
    if (watch.population) watch.population(report);
    const bool goes_on = settled ? options.final_size > 0 : n_populations < options.maximum;
    if (watch.state && goes_on)
      watch.state({n_populations, matrices, settled, cell ? cell->memory() : std::vector<double>{}});
  }
  if (options.final_size > 0 && settled) {
    const PopulationReport report = run(options.final_size, true);
    settled = report.stop_reason == StopReason::converged;
    if (watch.population) watch.population(report);
  }
  result->reports = std::move(reports);
  result->bulk_modulus = cell ? cell->bulk_modulus() : 0;
  result->settled = settled;
  return std::move(*result);
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
      "allow more "
      "populations, or larger ones",
      last.number, last.start.gradient / last.start.gradient_error,
      last.cell_deviation > within_noise
          ? fmt::format(", the stress is {:.1f} errors from the pressure", last.cell_deviation)
          : "");
}

}  // namespace zeropoint::sscha
