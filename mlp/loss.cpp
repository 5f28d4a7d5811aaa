#include "mlp/loss.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

namespace zeropoint::mlp {
namespace {

using torch::autograd::variable_list;

/// h of the square of an error over its scale.
at::Tensor pseudo_huber(const at::Tensor& square) { return (1 + square).sqrt() - 1; }

}  // namespace

double without_references(const TrainingData& data, std::size_t i, const std::vector<double>& reference_energies) {
  double energy = data.structure(i).energy;
  for (const int z : data.species_of(i)) energy -= reference_energies[at_place(z)];
  return energy;
}

LossOptions with_scales(const LossOptions& options, const TrainingData& data, const std::vector<std::size_t>& of,
                        const std::vector<double>& reference_energies) {
  constexpr double tenth = 0.1, third = 0.3, least_energy = 2e-3, most_energy = 1e-2;  // eV per atom
  double sum = 0, squares = 0, force_squares = 0, n_forces = 0, n_stresses = 0, stress_squares = 0;
  Eigen::Matrix3d mean_stress = Eigen::Matrix3d::Zero();
  for (const std::size_t i : of) {
    const LabelledStructure& structure = data.structure(i);
    const double energy = without_references(data, i, reference_energies) / structure.n_atoms();
    sum += energy;
    squares += energy * energy;
    force_squares += structure.forces.squaredNorm();
    n_forces += 3.0 * structure.n_atoms();
    if (!structure.stress) continue;
    mean_stress += *structure.stress;
    stress_squares += structure.stress->squaredNorm();
    n_stresses += 1;
  }
  const double n = static_cast<double>(of.size()), spread = std::sqrt(std::max(squares / n - sum * sum / n / n, 0.0));
  LossOptions result = options;
  if (!(result.energy_scale > 0)) result.energy_scale = std::clamp(tenth * spread, least_energy, most_energy);
  if (!(result.force_scale > 0))
    result.force_scale = std::max(tenth * std::sqrt(force_squares / std::max(n_forces, 1.0)), 1e-4);
  if (!(result.stress_scale > 0)) {
    const double count = std::max(n_stresses, 1.0);
    const double variance = (stress_squares / count - (mean_stress / count).squaredNorm()) / 9;
    result.stress_scale = std::max(third * std::sqrt(std::max(variance, 0.0)), 1e-6);
  }
  return result;
}

LabelledBatch make_batch(const TrainingData& data, const std::vector<std::size_t>& of, const Model& model,
                         const MomentScaling& scaling, at::ScalarType type) {
  LabelledBatch batch;
  std::vector<const Geometry*> geometries;
  for (const std::size_t i : of) {
    batch.kept.push_back(data.geometry(i));
    geometries.push_back(batch.kept.back().get());
  }
  const auto atoms = std::make_shared<const AtomBatch>(geometries, model.n_species(), model.descriptor.angular_cutoff);
  batch.map = std::make_shared<const MomentMap>(atoms, model.descriptor, scaling, type);
  batch.moments = batch.map->moments();
  const std::int64_t n = static_cast<std::int64_t>(of.size());
  batch.energies = at::empty({n}, at::kDouble);
  batch.forces = at::empty({atoms->n_atoms(), 3}, at::kDouble);
  batch.stresses = at::zeros({n, 3, 3}, at::kDouble);
  batch.has_stress = at::zeros({n, 1, 1}, at::kDouble);
  batch.n_atoms = at::empty({n}, at::kDouble);
  batch.volumes = at::empty({n, 1, 1}, at::kDouble);
  double* const forces = batch.forces.mutable_data_ptr<double>();
  std::size_t next = 0;
  for (std::int64_t s = 0; s < n; ++s) {
    const LabelledStructure& structure = data.structure(of[at_place(s)]);
    batch.energies.mutable_data_ptr<double>()[s] = without_references(data, of[at_place(s)], model.reference_energies);
    batch.n_atoms.mutable_data_ptr<double>()[s] = structure.n_atoms();
    batch.volumes.mutable_data_ptr<double>()[s] = geometries[at_place(s)]->volume;
    for (Eigen::Index i = 0; i < structure.n_atoms(); ++i) {
      double* const to = forces + 3 * atoms->place[next++];
      for (int k = 0; k < 3; ++k) to[k] = structure.forces(i, k);
    }
    if (!structure.stress) continue;
    std::copy_n(structure.stress->data(), 9, batch.stresses.mutable_data_ptr<double>() + 9 * s);  // symmetric
    batch.has_stress.mutable_data_ptr<double>()[s] = 1;
    batch.n_stresses += 1;
  }
  return batch;
}

at::Tensor loss(const BatchPrediction& prediction, const LabelledBatch& batch, const LossOptions& options,
                double energy_ramp, const LossCounts& counts) {
  const at::Tensor energy = (prediction.energies - batch.energies) / (batch.n_atoms * options.energy_scale);
  const at::Tensor force = (prediction.forces.forces - batch.forces) / options.force_scale;
  at::Tensor sum = pseudo_huber(energy.square()).sum() * (options.energy * energy_ramp / counts.structures) +
                   pseudo_huber(force.square().sum(1)).sum() * (options.force / counts.atoms);
  if (options.stress > 0 && batch.n_stresses > 0) {
    const at::Tensor stress =
        (prediction.forces.strains / batch.volumes - batch.stresses) * batch.has_stress / options.stress_scale;
    sum = sum + pseudo_huber(stress.square().mean(at::IntArrayRef{1, 2})).sum() * (options.stress / counts.stresses);
  }
  return sum;
}

LossGradient loss_gradient(const ActiveNetwork& network, const LabelledBatch& batch, const LossOptions& options,
                           double energy_ramp, const LossCounts& counts) {
  const BatchPass pass(network, batch.map, batch.moments);
  const auto leaf = [](const at::Tensor& values) { return values.detach().requires_grad_(); };
  const BatchPrediction& now = pass.prediction();
  const BatchPrediction prediction{leaf(now.energies), {leaf(now.forces.forces), leaf(now.forces.strains)}};
  const at::Tensor value = loss(prediction, batch, options, energy_ramp, counts);
  const variable_list by = torch::autograd::grad(
      variable_list{value}, variable_list{prediction.energies, prediction.forces.forces, prediction.forces.strains}, {},
      false, false, true);
  const at::Tensor by_strains = by[2].defined() ? by[2] : at::zeros_like(prediction.forces.strains);  // no stresses
  std::vector<at::Tensor> gradients = pass.parameter_gradients(by[0], {by[1], by_strains});
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    if (!gradients[k].defined()) gradients[k] = at::zeros_like(network.parameters[k]);  // no atom of that species
    gradients[k] = gradients[k].reshape({-1});
  }
  return {value.item<double>(), at::cat(gradients)};
}

}  // namespace zeropoint::mlp
