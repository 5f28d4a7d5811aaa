#pragma once

#include <vector>

#include "mlp/kernels/block_kernels.hpp"
#include "mlp/model.hpp"

namespace zeropoint::mlp {

/// Derivatives of a loss with respect to the parameters of the first network of a model, from what the kernels leave:
/// products of matrices, and back through what fold() did to the weights.
template <class Real>
class PanelGradients {
 public:
  PanelGradients(const Model& model, const KernelSizes& sizes, const BlockKernels<Real>& kernels);

  /// What was added so far, of all parameters one behind the other as in NodeNetwork::shaped().
  const at::Tensor& gradient() const { return gradient_; }

  /// Of species z, from `panels` [PanelRows::count, 2, n_columns] of all its centres.
  void add_panels(int z, const Real* panels, int n_columns);
  /// Of attention and four-body terms, from GradientTask::sums added up over lanes, [sums_size()].
  void add_sums(const Real* sums);

 private:
  Real* of(std::size_t parameter) { return gradient_.template mutable_data_ptr<Real>() + first_[parameter]; }
  void add_layers(int z);
  void add_radial(int z);
  void add_angular(int z);

  const Model& model_;
  const KernelSizes& sizes_;
  const BlockKernels<Real>& kernels_;
  NodeNetwork network_;
  std::vector<std::int64_t> first_;  // of each parameter
  PanelRows rows_;
  at::Tensor gradient_;
  const Real* panels_ = nullptr;  // of the species at hand
  int n_columns_ = 0;
  std::vector<Real> products_;
};

extern template class PanelGradients<float>;
extern template class PanelGradients<double>;

}  // namespace zeropoint::mlp
