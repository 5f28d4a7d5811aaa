#include "mlp/moment_attention.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <cmath>
#include <vector>

namespace zeropoint::mlp {
namespace {

/// softmax(lambda)_l/(2l + 1), once for each harmonic of a degree: [n_heads, n_harmonics].
at::Tensor of_harmonics(const at::Tensor& degrees) {
  std::vector<at::Tensor> columns;
  for (std::int64_t l = 0; l < degrees.size(1); ++l) {
    columns.push_back((degrees.narrow(1, l, 1) / static_cast<double>(2 * l + 1)).expand({degrees.size(0), 2 * l + 1}));
  }
  return at::cat(columns, 1);
}

}  // namespace

at::Tensor attend(const at::Tensor& channels, const AttentionWeights& weights) {
  const std::int64_t n = channels.size(2);
  const at::Tensor shares = of_harmonics(at::softmax(weights.degrees, 1));
  at::Tensor mixing = at::eye(n, channels.options());  // M [n_atoms, n, n]
  for (std::int64_t h = 0; h < shares.size(0); ++h) {
    const at::Tensor mean = at::matmul(channels.transpose(1, 2), channels * shares[h].unsqueeze(1));
    const at::Tensor scores =
        at::matmul(at::matmul(weights.query[h].t(), mean), weights.key[h]) / std::sqrt(static_cast<double>(n));
    mixing = mixing + at::matmul(at::softmax(scores, 2), weights.value[h]);
  }
  return at::matmul(channels, mixing.transpose(1, 2));
}

}  // namespace zeropoint::mlp
