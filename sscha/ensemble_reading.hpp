#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "files/ensemble.hpp"

namespace zeropoint::sscha {

/// How many configurations one call has read; called from several threads at once.
using ReadReport = std::function<void(std::int64_t n_read)>;

/// All configurations, several pieces at once. @throws as Ensemble::read.
Configurations read_all(const Ensemble& ensemble, const ReadReport& report = {});

/// Configurations order[begin], ..., order[end - 1]: neighbours are read together, and a single run of them is handed
/// on as the ensemble gives it. @throws as Ensemble::read.
Configurations read_in_order(const Ensemble& ensemble, const std::vector<std::int64_t>& order, std::int64_t begin,
                             std::int64_t end);

/// Scalar products of the displacements, [N, 3 n_atoms] angstrom, with `directions` [3 n_atoms, k]: [N, k] on the CPU,
/// read in pieces. @throws as Ensemble::read.
at::Tensor projections(const Ensemble& ensemble, const at::Tensor& directions, const ReadReport& report = {});

}  // namespace zeropoint::sscha
