#include "sscha/antithetic_pairs.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace zeropoint::sscha {
namespace {

constexpr double pair_tolerance = 1e-5;  // angstrom: text files round positions to about 1e-6

}  // namespace

at::Tensor pair_directions(std::int64_t n_components) {
  constexpr std::int64_t n_directions = 8;
  std::mt19937_64 generator(20221);
  at::Tensor directions = at::empty({n_components, n_directions}, at::kDouble);
  for (std::int64_t i = 0; i < directions.numel(); ++i) {
    directions.data_ptr<double>()[i] = static_cast<double>(generator() >> 11) * 0x1p-53 - 0.5;
  }
  return directions / directions.norm(2, 0);
}

Partners find_partners(const at::Tensor& projections) {
  const std::int64_t n = projections.size(0), n_directions = projections.size(1);
  const double* hash = projections.data_ptr<double>();
  const double tolerance = 2 * pair_tolerance;
  std::vector<std::int64_t> by_hash(static_cast<std::size_t>(n));
  std::iota(by_hash.begin(), by_hash.end(), 0);
  std::sort(by_hash.begin(), by_hash.end(),
            [&](auto a, auto b) { return std::abs(hash[a * n_directions]) < std::abs(hash[b * n_directions]); });
  std::vector<std::int64_t> partner(static_cast<std::size_t>(n), -1);
  for (std::size_t i = 0; i < by_hash.size(); ++i) {
    const std::int64_t a = by_hash[i];
    for (std::size_t j = i + 1; j < by_hash.size() && partner[a] < 0; ++j) {
      const std::int64_t b = by_hash[j];
      if (std::abs(hash[b * n_directions]) - std::abs(hash[a * n_directions]) > tolerance) break;
      if (partner[b] >= 0) continue;
      bool opposite = true;
      for (std::int64_t k = 0; k < n_directions && opposite; ++k) {
        opposite = std::abs(hash[a * n_directions + k] + hash[b * n_directions + k]) < tolerance;
      }
      if (opposite) {
        partner[a] = b;
        partner[b] = a;
      }
    }
  }
  Partners result;
  for (std::int64_t a = 0; a < n; ++a) {
    const std::int64_t b = partner[a];
    if (b > a) result.pairs.emplace_back(a, b);
    if (b < 0) result.singles.push_back(a);
  }
  return result;
}

std::vector<std::pair<std::size_t, std::size_t>> evenly_mixed(const std::vector<std::size_t>& sizes) {
  std::vector<std::pair<double, std::pair<std::size_t, std::size_t>>> places;
  for (std::size_t part = 0; part < sizes.size(); ++part) {
    for (std::size_t i = 0; i < sizes[part]; ++i) {
      places.push_back({(static_cast<double>(i) + 0.5) / static_cast<double>(sizes[part]), {part, i}});
    }
  }
  std::sort(places.begin(), places.end());
  std::vector<std::pair<std::size_t, std::size_t>> result;
  for (const auto& place : places) result.push_back(place.second);
  return result;
}

}  // namespace zeropoint::sscha
