#include "mlp/moment_attention.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>

#include <cmath>

namespace zeropoint::mlp {

at::Tensor full_gram(const at::Tensor& values) {
  std::vector<at::Tensor> of_degree;
  for (std::int64_t l = 0; l * l < values.size(1); ++l) {
    const at::Tensor b = values.narrow(1, l * l, 2 * l + 1);
    of_degree.push_back(at::matmul(b.transpose(1, 2), b) / static_cast<double>(2 * l + 1));
  }
  return at::stack(of_degree, 1);
}

Channels attend(const Channels& channels, const AttentionWeights& weights) {
  const std::int64_t n = channels.values.size(2);
  const at::Tensor degrees = at::softmax(weights.degrees, 1);
  const at::Tensor mean = at::einsum("hl,alij->ahij", {degrees, channels.spectrum});
  const at::Tensor scores = at::matmul(at::matmul(weights.query.transpose(1, 2), mean), weights.key) / std::sqrt(static_cast<double>(n));
  const at::Tensor mixing =
      at::matmul(at::softmax(scores, 3), weights.value).sum(1) + at::eye(n, channels.values.options());  // M [n_atoms, n, n]
  const at::Tensor around = mixing.unsqueeze(1);
  return {at::matmul(channels.values, mixing.transpose(1, 2)),
          at::matmul(at::matmul(around, channels.spectrum), around.transpose(2, 3))};
}

}  // namespace zeropoint::mlp
