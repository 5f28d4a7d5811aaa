#pragma once

#include <c10/core/Device.h>

#include "core/space_group.hpp"
#include "files/ensemble.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::sscha {

/// What one step of a minimisation takes, before the whole ensemble is read.
struct StepTime {
  double seconds;
  std::int64_t n_measured;  ///< configurations that it was measured with; fewer than all: drawn out in a straight line
};

/// Makes a few steps at `start` with the first configurations of `ensemble`, enough to keep all threads busy, and draws
/// the time out to `total` configurations. Good to a factor of two on a machine that has nothing else to do.
/// @throws InputError as Population for an ensemble that cannot be used, except for what contradicts
/// `generating`.
StepTime measure_step(const Ensemble& ensemble, const TrialDensity& generating, std::int64_t total,
                      const TrialDensity& start, const SpaceGroup& group, at::Device device);

}  // namespace zeropoint::sscha
