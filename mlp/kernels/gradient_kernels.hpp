#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "mlp/kernels/centre_groups.hpp"
#include "mlp/kernels/structure_kernels.hpp"

namespace zeropoint::mlp {

/// Structures of a step of training, side by side in the lanes of the kernels. Several threads may ask one object; what
/// they need besides is kept for each thread.
template <class Real>
class StructureBatch {
 public:
  /// The structures must outlive the object. `cutoff` is the radial one.
  StructureBatch(std::vector<const Geometry*> structures, int n_species, double cutoff,
                 const BlockKernels<Real>& kernels);

  /// What the only network of `model` says about each.
  std::vector<HeadPrediction> predict(const KernelModel<Real>& model) const;

  /// Derivatives of a loss with respect to the parameters of `of`, whose folded form is `model`, one behind the other
  /// as in NodeNetwork::shaped(), in type Real. `by` are its derivatives with respect to energies, forces and
  /// strain derivatives of predict().
  at::Tensor parameter_gradients(const Model& of, const KernelModel<Real>& model,
                                 const std::vector<HeadPrediction>& by) const;

 private:
  const Real* vectors_of(std::size_t group) const;
  void run_group(const KernelModel<Real>& model, std::size_t group, const std::vector<HeadPrediction>& by, Real* panels,
                 std::int64_t n_columns, Real* sums) const;
  void fill_directions(std::size_t group, const std::vector<HeadPrediction>& by, Real* to) const;

  std::vector<const Geometry*> structures_;
  int n_species_;
  const BlockKernels<Real>& kernels_;
  std::vector<CentreGroup> groups_;
  std::vector<std::int64_t> first_vector_;  // of each group, in slots
  AlignedNumbers<Real> vectors_;
};

extern template class StructureBatch<float>;
extern template class StructureBatch<double>;

}  // namespace zeropoint::mlp
