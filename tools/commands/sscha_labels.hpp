#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/potential.hpp"
#include "sscha/sampling.hpp"

namespace zeropoint {

/// A population was written that has to be labelled before the run can go on (exit code 75).
class WaitingForLabels : public Error {
 public:
  using Error::Error;
};

/// The files of populations that an earlier run of this folder wrote, at any depth, in the order of their names.
std::vector<std::string> populations_to_label(const std::string& folder);

/// Of stored labels: when some of the `size` configurations that `sampler` draws from `density` have none, writes them
/// all as FOLDER/populationNUMBER/population.h5 (as `sample` does, for `collect`) and configurations.extxyz. Other
/// potentials label anything.
/// @throws WaitingForLabels then, saying what to do.
void require_labels(const Potential& potential, const sscha::TrialDensity& density, const sscha::Sampler& sampler,
                    int number, std::int64_t size, const std::string& folder, std::int64_t seed,
                    const std::string& settings);

}  // namespace zeropoint
