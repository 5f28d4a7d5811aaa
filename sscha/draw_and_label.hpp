#pragma once

#include <cstdint>
#include <functional>

#include "core/potential.hpp"
#include "files/ensemble.hpp"
#include "sscha/sampling.hpp"

namespace zeropoint::sscha {

/// `n` configurations drawn by `sampler` from `density` and labelled by a potential, in their order; they stay on
/// `device`, that of the sampler. The same bits for any number of threads. `progress` gets how many are done, from one
/// thread at a time; what it throws ends the work. `uncertainty` gets the largest deviation of a force in each
/// configuration, [n] eV/angstrom, where the potential knows one, else nothing.
/// @throws ConfigurationError when the potential gives numbers that are not finite, and as the potential does.
Configurations draw_and_label(const Potential& potential, const TrialDensity& density, const Sampler& sampler,
                              std::int64_t n, at::Device device = at::kCPU,
                              const std::function<void(std::int64_t done)>& progress = {},
                              at::Tensor* uncertainty = nullptr);

}  // namespace zeropoint::sscha
