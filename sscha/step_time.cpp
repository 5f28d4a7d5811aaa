#include "sscha/step_time.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "core/parallel.hpp"
#include "sscha/evaluation.hpp"

namespace zeropoint::sscha {
namespace {

/// Seconds of the fastest of a few steps over the first `n` configurations.
double seconds_of_step(const Ensemble& ensemble, std::int64_t n, const TrialDensity& generating,
                       const TrialDensity& start, const phonons::Symmetrizer& symmetrize, at::Device device) {
  const auto first = ensemble_in_memory(ensemble.read(0, n), ensemble.description());
  const Population population(*first, generating, {.device = device, .check_generator = false});
  using Clock = std::chrono::steady_clock;
  std::chrono::duration<double> best{std::numeric_limits<double>::infinity()}, passed{};
  // The library sets itself up in the first; then until other work on the machine has had time to pause.
  for (int i = 0; i < 3 || (i < 100 && passed.count() < 0.1); ++i) {
    const auto begin = Clock::now();
    const TrialDensity density(start.matrices(), start.temperature(), start.units());
    evaluate(population, density, symmetrize);
    const std::chrono::duration<double> one = Clock::now() - begin;
    best = std::min(best, one);
    passed += one;
  }
  return best.count();
}

}  // namespace

StepTime measure_step(const Ensemble& ensemble, const TrialDensity& generating, std::int64_t total,
                      const TrialDensity& start, const SpaceGroup& group, at::Device device) {
  const phonons::DynamicalMatrices& matrices = start.matrices();
  const phonons::Symmetrizer symmetrize(group, matrices.crystal, matrices.grid);
  const auto seconds = [&](std::int64_t n) {
    return seconds_of_step(ensemble, n, generating, start, symmetrize, device);
  };
  // Threads take chunks of configurations: with fewer chunks than threads a step is slower than its share of the whole.
  const std::int64_t chunks = device.is_cpu() ? 2 * threads() : 16;
  const std::int64_t n = ensemble.size(), most = chunks * PopulationOptions{}.chunk_size;
  if (n <= most) return {seconds(n) * static_cast<double>(total) / static_cast<double>(n), n};
  const double half = seconds(most / 2), all = seconds(most);
  const double per_configuration = std::max(all - half, 0.0) / static_cast<double>(most - most / 2);
  return {all + per_configuration * static_cast<double>(total - most), most};
}

}  // namespace zeropoint::sscha
