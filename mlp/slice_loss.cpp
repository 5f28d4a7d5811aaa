#include "mlp/slice_loss.hpp"

#include <cmath>

namespace zeropoint::mlp {

double structure_loss(const HeadPrediction& prediction, const LabelledStructure& label, double label_energy,
                      double volume, const LossOptions& options, double energy_ramp, const LossCounts& counts,
                      HeadPrediction& by) {
  // h(d) = sqrt(1 + d^2) - 1, h' = d/sqrt(1 + d^2).
  const double energy_weight = options.energy * energy_ramp / counts.structures;
  const double energy_scale = label.n_atoms() * options.energy_scale;
  const double energy = (prediction.energy - label_energy) / energy_scale, energy_root = std::sqrt(1 + energy * energy);
  double sum = energy_weight * (energy_root - 1);
  by.energy = energy_weight * energy / (energy_root * energy_scale);

  const double force_weight = options.force / counts.atoms;
  by.forces = (prediction.forces - label.forces) / options.force_scale;
  for (Eigen::Index i = 0; i < by.forces.rows(); ++i) {
    const double root = std::sqrt(1 + by.forces.row(i).squaredNorm());
    sum += force_weight * (root - 1);
    by.forces.row(i) *= force_weight / (root * options.force_scale);
  }

  by.strain.setZero();
  if (options.stress > 0 && label.stress) {
    const double stress_weight = options.stress / counts.stresses;
    const Eigen::Matrix3d stress = (prediction.strain / volume - *label.stress) / options.stress_scale;
    const double root = std::sqrt(1 + stress.squaredNorm() / 9);
    sum += stress_weight * (root - 1);
    by.strain = stress * (stress_weight / (9 * root * options.stress_scale * volume));
  }
  return sum;
}

template <class Real>
SliceLoss<Real>::SliceLoss(const TrainingData& data, std::vector<std::size_t> of, const Model& model,
                           const BlockKernels<Real>& kernels)
    : data_(data), of_(std::move(of)) {
  std::vector<const Geometry*> structures;
  for (const std::size_t i : of_) {
    structures.push_back(geometries_.emplace_back(data.geometry(i)).get());
    energies_.push_back(without_references(data, i, model.reference_energies));
    counts_.structures += 1;
    counts_.atoms += data.structure(i).n_atoms();
    counts_.stresses += data.structure(i).stress ? 1 : 0;
  }
  batch_ = std::make_unique<StructureBatch<Real>>(std::move(structures), model.n_species(),
                                                  model.descriptor.radial_cutoff, kernels);
}

template <class Real>
LossGradient SliceLoss<Real>::gradient(const Model& model, const KernelModel<Real>& folded, const LossOptions& options,
                                       double energy_ramp, const LossCounts& of_batch) const {
  const std::vector<HeadPrediction> predictions = batch_->predict(folded);
  std::vector<HeadPrediction> by(predictions.size());
  double value = 0;
  for (std::size_t s = 0; s < predictions.size(); ++s) {
    value += structure_loss(predictions[s], data_.structure(of_[s]), energies_[s], geometries_[s]->volume, options,
                            energy_ramp, of_batch, by[s]);
  }
  return {value, batch_->parameter_gradients(model, folded, by)};
}

template class SliceLoss<float>;
template class SliceLoss<double>;

}  // namespace zeropoint::mlp
