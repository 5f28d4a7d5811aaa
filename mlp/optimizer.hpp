#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "mlp/kernels/block_kernels.hpp"

namespace zeropoint::mlp {

struct OptimizerOptions {
  /// Matrices are stepped in the eigenbasis of their gradients' covariances (SOAP: Vyas et al., arXiv:2409.11321);
  /// false: AdamW for all.
  bool rotated = true;
  double beta1 = 0.95, beta2 = 0.95;  ///< memories of the gradient and of its square
  std::int64_t refresh = 20;          ///< steps between two bases; fewer at the beginning
  double weight_decay = 1e-5;         ///< decoupled: p <- p (1 - rate decay)
  double clip = 10;                   ///< longest gradient
  double average = 0.995;             ///< of the exponential moving average of the parameters; shorter at the beginning
};

/// Parameters of one network on their way: AdamW (Loshchilov, Hutter 2019), for matrices in a rotated basis, and the
/// moving average, the only weights that are ever evaluated or saved. Both are float64; gradients and what is made of
/// them are float32.
///
/// A matrix W (m x n) with gradients G keeps averages L of G G^T and R of G^T G with eigenvectors Q_L and Q_R, followed
/// by one power iteration a refresh. Adam's moments are those of Q_L^T G Q_R, and its step is turned back: Q_L (...)
/// Q_R^T.
class Optimizer {
 public:
  Optimizer(const std::vector<at::Tensor>& parameters, const OptimizerOptions& options);

  /// Copies in another type, in the shapes of the parameters.
  std::vector<at::Tensor> parameters(at::ScalarType type) const;
  /// The moving averages, in the shapes of the parameters.
  std::vector<at::Tensor> averages() const;
  /// One step down the gradient, of all parameters one behind the other. @throws InputError when it is not finite.
  void step(const at::Tensor& gradient, double learning_rate);

  /// All that is needed to go on: one vector.
  at::Tensor state() const;
  void restore(const at::Tensor& state, std::int64_t n_steps);
  std::int64_t n_steps() const { return n_steps_; }

 private:
  /// One parameter: where its numbers lie, and the bases of a matrix (empty for others).
  struct Block {
    std::vector<std::int64_t> shape;
    std::int64_t begin, n;
    at::Tensor left = {}, right = {}, left_basis = {}, right_basis = {};
    bool rotated() const { return left.defined(); }
    int rows() const { return static_cast<int>(left.size(0)); }
    int columns() const { return static_cast<int>(right.size(0)); }
  };
  std::vector<at::Tensor> shaped(const at::Tensor& flat) const;
  std::vector<at::Tensor> everything() const;
  void move(Block& block, const float* gradient, double learning_rate);
  void follow(Block& block, const float* gradient);
  at::Tensor matrix_of(const Block& block, const at::Tensor& flat) const;

  OptimizerOptions options_;
  const BlockKernels<float>& kernels_;
  std::vector<Block> blocks_;
  at::Tensor values_, averages_, first_, second_;
  std::int64_t n_steps_ = 0;
};

}  // namespace zeropoint::mlp
