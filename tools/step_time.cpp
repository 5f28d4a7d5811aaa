#include "tools/step_time.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <chrono>

#include "sscha/device_loop.hpp"

namespace zeropoint {
namespace {

using Slab = phonons::RealBlochBasis::Slab;

/// One product [size, size] x [size, n_config] for each block: displacements to modes.
double flops_of_product(const Slab& slab, std::int64_t n_config) {
  return 2.0 * slab.n_blocks * slab.block_size * slab.block_size * static_cast<double>(n_config);
}

}  // namespace

StepTime estimate_step(const phonons::RealBlochBasis& basis, std::int64_t n_config, at::Device device) {
  StepTime result{};
  const Slab* largest = &basis.slabs().front();
  for (const Slab& slab : basis.slabs()) {
    result.flops += 4 * flops_of_product(slab, n_config);  // E u for the weights; Upsilon u, f + D u and their product
    if (flops_of_product(slab, 1) > flops_of_product(*largest, 1)) largest = &slab;
  }

  constexpr std::int64_t most = 1024;  // configurations worked on at once
  const std::int64_t n_columns = std::min(n_config, most);
  const auto ones = [&](std::int64_t columns) {
    return at::full({largest->n_blocks, largest->block_size, columns}, 1.0,
                    at::TensorOptions{at::kDouble}.device(device));
  };
  const at::Tensor square = ones(largest->block_size), u = ones(n_columns);
  // Small products in runs, as in a step: handing one to a thread would take longer than the product.
  const double flops_of_one = 2 * flops_of_product(*largest, n_columns);
  const std::int64_t n_items =
      threads() * std::clamp<std::int64_t>(static_cast<std::int64_t>(2e7 / flops_of_one), 1, 16);
  using Clock = std::chrono::steady_clock;
  double flops = 0;
  const auto measure = [&](double at_least_seconds) {
    const auto start = Clock::now();
    std::chrono::duration<double> passed{};
    flops = 0;
    do {
      sscha::for_each_item(device, n_items, [&](std::int64_t) {
        at::bmm(square, u).select(0, 0).select(0, 0).select(0, 0).item<double>();  // a GPU answers when it is done
        at::bmm(u, u.transpose(1, 2)).select(0, 0).select(0, 0).select(0, 0).item<double>();
      });
      flops += static_cast<double>(n_items) * flops_of_one;
      passed = Clock::now() - start;
    } while (passed.count() < at_least_seconds);
    return passed.count();
  };
  measure(0);  // the library sets itself up
  const double seconds = measure(0.1);
  result.rate = flops / seconds;
  return result;
}

}  // namespace zeropoint
