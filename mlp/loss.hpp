#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "mlp/prediction.hpp"
#include "mlp/training_data.hpp"

namespace zeropoint::mlp {

/// Weights of the parts of the loss, and the errors at which they turn from quadratic to linear.
///
///   loss = energy <h(dE/(N energy_scale))> + force <h(|dF_i|/force_scale)> + stress <h(|d sigma|/stress_scale)>
///   h(d) = sqrt(1 + d^2) - 1; means over structures, atoms, structures with a stress; |d sigma|^2 is the mean of nine
///   squares
struct LossOptions {
  double energy = 1, force = 1, stress = 1;
  double energy_scale = 0;  ///< eV per atom; 0: a tenth of the spread, between 2 and 10 meV
  double force_scale = 0;   ///< eV/angstrom; 0: a tenth of the rms force (of a component)
  double stress_scale = 0;  ///< eV/angstrom^3; 0: 0.3 of the spread
};

/// Scales that were left open, from structures `of`. Energies are counted from the model's reference energies.
LossOptions with_scales(const LossOptions& options, const TrainingData& data, const std::vector<std::size_t>& of,
                        const std::vector<double>& reference_energies);

/// Energy of structure `i` less those of its atoms alone, eV.
double without_references(const TrainingData& data, std::size_t i, const std::vector<double>& reference_energies);

/// Structures with their labels, ready for a network. All numbers float64 but the moments.
struct LabelledBatch {
  std::vector<std::shared_ptr<const Geometry>> kept;
  std::shared_ptr<const MomentMap> map;
  Moments moments;
  at::Tensor energies;    ///< [n_structures] eV, reference energies subtracted
  at::Tensor forces;      ///< [n_atoms, 3] in the order of the batch
  at::Tensor stresses;    ///< [n_structures, 3, 3], zero where there is none
  at::Tensor has_stress;  ///< [n_structures, 1, 1] 1 or 0
  at::Tensor n_atoms;     ///< [n_structures]
  at::Tensor volumes;     ///< [n_structures, 1, 1] angstrom^3
  double n_stresses = 0;
};

LabelledBatch make_batch(const TrainingData& data, const std::vector<std::size_t>& of, const Model& model,
                         const MomentScaling& scaling, at::ScalarType type);

/// The loss summed over the batch with the given means: counts of structures, atoms and stresses that the sums are
/// divided by. `energy_ramp` multiplies the energy's part.
struct LossCounts {
  double structures = 0, atoms = 0, stresses = 0;
};
struct LossGradient {
  double value = 0;
  at::Tensor by_parameters;  ///< in the order and type of the network's parameters, one behind the other
};
LossGradient loss_gradient(const ActiveNetwork& network, const LabelledBatch& batch, const LossOptions& options,
                           double energy_ramp, const LossCounts& counts);
at::Tensor loss(const BatchPrediction& prediction, const LabelledBatch& batch, const LossOptions& options,
                double energy_ramp, const LossCounts& counts);

}  // namespace zeropoint::mlp
