#pragma once

#include <memory>
#include <vector>

#include "mlp/kernels/gradient_kernels.hpp"
#include "mlp/loss.hpp"

namespace zeropoint::mlp {

/// What loss() says about one structure, `label` without reference energies; its derivatives are written to `by`.
double structure_loss(const HeadPrediction& prediction, const LabelledStructure& label, double label_energy,
                      double volume, const LossOptions& options, double energy_ramp, const LossCounts& counts,
                      HeadPrediction& by);

/// Structures of a step of training that one thread works on, with their labels, for the kernels: what LabelledBatch is
/// for operations of tensors.
template <class Real>
class SliceLoss {
 public:
  /// `data` must outlive the object. `model` gives species, cutoffs and reference energies.
  SliceLoss(const TrainingData& data, std::vector<std::size_t> of, const Model& model,
            const BlockKernels<Real>& kernels);

  /// Structures, atoms and stresses.
  const LossCounts& counts() const { return counts_; }
  /// As loss_gradient(), for the only network of `model`, whose folded form is `folded`. Several threads may ask.
  LossGradient gradient(const Model& model, const KernelModel<Real>& folded, const LossOptions& options,
                        double energy_ramp, const LossCounts& of_batch) const;

 private:
  const TrainingData& data_;
  std::vector<std::size_t> of_;
  std::vector<std::shared_ptr<const Geometry>> geometries_;
  std::vector<double> energies_;  // labels, reference energies subtracted
  std::unique_ptr<StructureBatch<Real>> batch_;
  LossCounts counts_;
};

extern template class SliceLoss<float>;
extern template class SliceLoss<double>;

}  // namespace zeropoint::mlp
