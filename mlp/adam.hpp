#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace zeropoint::mlp {

struct AdamOptions {
  double beta1 = 0.9, beta2 = 0.99;
  double weight_decay = 1e-5;  ///< of AdamW: p <- p (1 - rate decay)
  double clip = 10;            ///< longest gradient
  double average = 0.995;      ///< of the exponential moving average of the parameters; shorter at the beginning
};

/// Parameters of one network on their way: AdamW (Loshchilov, Hutter 2019) and the moving average, the only weights that are
/// ever evaluated or saved. All float64 in one vector.
class Adam {
 public:
  Adam(const std::vector<at::Tensor>& parameters, const AdamOptions& options);

  /// Copies in another type that require gradients, in the shapes of the parameters.
  std::vector<at::Tensor> leaves(at::ScalarType type) const;
  /// The moving averages, in the shapes of the parameters.
  std::vector<at::Tensor> averages() const;
  /// One step down the gradient, one tensor for each parameter. @throws InputError when it is not finite.
  void step(const std::vector<at::Tensor>& gradients, double learning_rate);

  /// All that is needed to go on: [4, n] values, averages, first and second moments.
  at::Tensor state() const;
  void restore(const at::Tensor& state, std::int64_t n_steps);
  std::int64_t n_steps() const { return n_steps_; }

 private:
  std::vector<at::Tensor> shaped(const at::Tensor& flat) const;

  AdamOptions options_;
  std::vector<std::vector<std::int64_t>> shapes_;
  at::Tensor values_, averages_, first_, second_;
  std::int64_t n_steps_ = 0;
};

}  // namespace zeropoint::mlp
