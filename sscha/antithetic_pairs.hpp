#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace zeropoint::sscha {

/// Antithetic pairs and the rest, numbers in the order of the ensemble.
struct Partners {
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  std::vector<std::int64_t> singles;
};

/// Fixed random directions [n_components, 8] of unit length: antithetic partners have opposite projections on all of
/// them.
at::Tensor pair_directions(std::int64_t n_components);

/// Finds partners from the projections [n, 8] of displacements (angstrom) on pair_directions. A configuration has one
/// partner at most; time of order n log n.
Partners find_partners(const at::Tensor& projections);

/// Members of several parts of the given sizes in one list of (part, number in the part), in which every stretch holds
/// each part in its proportion.
std::vector<std::pair<std::size_t, std::size_t>> evenly_mixed(const std::vector<std::size_t>& sizes);

}  // namespace zeropoint::sscha
