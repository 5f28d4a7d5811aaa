#include "mlp/channel_mixing.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <vector>

namespace zeropoint::mlp {
namespace {

bool by_degree(const at::Tensor& weights) { return weights.dim() == 3; }

/// l of each lm.
at::Tensor degrees(const at::Tensor& weights) {
  std::vector<std::int64_t> l_of;
  for (std::int64_t l = 0; l < weights.size(0); ++l) l_of.insert(l_of.end(), static_cast<std::size_t>(2 * l + 1), l);
  return at::tensor(l_of, at::kLong).to(weights.device());
}

at::Tensor rows(const at::Tensor& values) { return values.reshape({-1, values.size(2)}); }

/// [n_harmonics, n_atoms, ...]
at::Tensor harmonics_first(const at::Tensor& values) { return values.transpose(0, 1); }

/// Not contiguous.
at::Tensor mixed_by_degree(const at::Tensor& angular, const at::Tensor& weights) {
  return harmonics_first(at::bmm(harmonics_first(angular), weights.index_select(0, degrees(weights))));
}

}  // namespace

at::Tensor mix(const at::Tensor& angular, const at::Tensor& weights) {
  if (!by_degree(weights)) return at::mm(rows(angular), weights).view({angular.size(0), angular.size(1), -1});
  return mixed_by_degree(angular, weights).contiguous();
}

void mix_into(at::Tensor result, const at::Tensor& angular, const at::Tensor& weights) {
  if (by_degree(weights)) {
    result.copy_(mixed_by_degree(angular, weights));
  } else {
    at::Tensor flat = result.view({-1, result.size(2)});
    at::mm_out(flat, rows(angular), weights);
  }
}

at::Tensor mixing_gradient(const at::Tensor& angular, const at::Tensor& bars, const at::Tensor& weights) {
  if (!by_degree(weights)) return at::mm(rows(angular).t(), rows(bars));
  return at::zeros_like(weights).index_add_(0, degrees(weights),
                                            at::bmm(harmonics_first(angular).transpose(1, 2), harmonics_first(bars)));
}

}  // namespace zeropoint::mlp
