#include "sscha/solution.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace zeropoint::sscha {
namespace {

template <class Better>
SolutionMode mode_that_is(const Solution& solution, Better better) {
  const TrialDensity& density = solution.minimum.density;
  const double unit = std::pow(density.units().inverse_cm(1), 2);
  std::optional<SolutionMode> found;
  for (const int iq : density.matrices().grid.representatives()) {
    const phonons::Modes& modes = density.modes()[iq];
    for (int mu = 0; mu < modes.frequencies.size(); ++mu) {
      if (modes.acoustic[mu]) continue;
      const double frequency = modes.frequencies[mu];
      const SolutionMode here{
          iq, mu, {frequency * std::abs(frequency) * unit, solution.errors.squared_frequencies[iq][mu] * unit}};
      if (!found || better(here, *found)) found = here;
    }
  }
  return *found;
}

}  // namespace

Estimate Solution::free_energy() const {
  const Estimate& total = minimum.evaluation.free_energy.total;
  const double n_cells = matrices().grid.size();
  return {total.value / n_cells, total.standard_error / n_cells};
}

double Solution::harmonic_free_energy() const {
  return minimum.evaluation.free_energy.harmonic / matrices().grid.size();
}

Estimate Solution::entropy() const {
  const TrialDensity& density = minimum.density;
  const double n_cells = matrices().grid.size(), kb = density.units().kb_free_energy;
  const double entropy = phonons::harmonic_entropy(density.modes(), density.temperature(), density.units());
  return {entropy / n_cells / kb, errors.entropy / n_cells / kb};
}

double SolutionMode::frequency() const { return std::sqrt(std::max(0.0, square_inverse_cm2.value)); }

double SolutionMode::relative_error() const { return square_inverse_cm2.standard_error / square_inverse_cm2.value; }

bool SolutionMode::may_be_collapsing() const {
  return square_inverse_cm2.value < 3 * square_inverse_cm2.standard_error;
}

SolutionMode lowest_mode(const Solution& solution) {
  return mode_that_is(solution, [](const SolutionMode& a, const SolutionMode& b) {
    return a.square_inverse_cm2.value < b.square_inverse_cm2.value;
  });
}

SolutionMode least_known_mode(const Solution& solution) {
  return mode_that_is(
      solution, [](const SolutionMode& a, const SolutionMode& b) { return a.relative_error() > b.relative_error(); });
}

double configurations_needed(const Solution& solution, const SolutionMode& mode, double relative_error) {
  return static_cast<double>(solution.n_configurations) * std::pow(mode.relative_error() / relative_error, 2);
}

}  // namespace zeropoint::sscha
