#include "sscha/population_order.hpp"

#include <ATen/ops/tensor.h>

#include "sscha/antithetic_pairs.hpp"

namespace zeropoint::sscha {

PopulationOrder order_of(const at::Tensor& projections, const std::vector<std::int64_t>& begins, at::Device device) {
  const std::size_t n_parts = begins.size() - 1;
  std::vector<Partners> partners;
  std::vector<std::size_t> n_pairs, n_singles;
  for (std::size_t k = 0; k < n_parts; ++k) {
    partners.push_back(find_partners(projections.slice(0, begins[k], begins[k + 1])));
    n_pairs.push_back(partners.back().pairs.size());
    n_singles.push_back(partners.back().singles.size());
  }
  PopulationOrder result;
  result.pairing.n_config = begins.back();
  std::vector<std::vector<std::int64_t>> configurations(n_parts), samples(n_parts);
  std::int64_t sample = 0;
  const auto add = [&](std::size_t part, std::int64_t configuration) {
    configurations[part].push_back(static_cast<std::int64_t>(result.order.size()));
    result.order.push_back(begins[part] + configuration);
  };
  for (const auto& [part, i] : evenly_mixed(n_pairs)) {
    add(part, partners[part].pairs[i].first);
    add(part, partners[part].pairs[i].second);
    samples[part].push_back(sample++);
  }
  result.pairing.n_pairs = sample;
  for (const auto& [part, i] : evenly_mixed(n_singles)) {
    add(part, partners[part].singles[i]);
    samples[part].push_back(sample++);
  }
  for (std::size_t k = 0; n_parts > 1 && k < n_parts; ++k) {
    result.pairing.configurations_of_part.push_back(at::tensor(configurations[k]).to(device));
    result.pairing.samples_of_part.push_back(at::tensor(samples[k]).to(device));
  }
  return result;
}

}  // namespace zeropoint::sscha
