#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace zeropoint::sscha {

/// Antithetic partners, found by geometry: configurations 2k and 2k+1 of a population are +u and -u for k < n_pairs.
struct Pairing {
  std::int64_t n_pairs = 0;
  std::int64_t n_config = 0;
  std::int64_t n_samples() const { return n_config - n_pairs; }  ///< pairs and singles: the independent samples
  /// Of a merged population, for each part: numbers of its configurations, and of its samples (pairs, then singles).
  /// Empty when there is one part.
  std::vector<at::Tensor> configurations_of_part = {}, samples_of_part = {};
};

/// The order in which the configurations of a population are worked on.
struct PopulationOrder {
  std::vector<std::int64_t> order;  ///< [N] number in the ensembles, one after another
  Pairing pairing;
};

/// Antithetic partners become neighbours, singles follow behind them, and the parts are evenly mixed.
/// `projections` [N, 8]: displacements from the centroids of their own part, angstrom, on pair_directions(); CPU.
/// Part k has the configurations begins[k] <= c < begins[k + 1]. Index tensors of the pairing live on `device`.
PopulationOrder order_of(const at::Tensor& projections, const std::vector<std::int64_t>& begins, at::Device device);

}  // namespace zeropoint::sscha
