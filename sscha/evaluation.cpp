#include "sscha/evaluation.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>

#include <cmath>

namespace zeropoint::sscha {
namespace {

Eigen::Matrix3d to_matrix(const at::Tensor& nine) {
  const at::Tensor host = nine.cpu().contiguous();
  return Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(host.data_ptr<double>());
}

}  // namespace

FreeEnergy free_energy(const Population& population, const Weights& weights, const TrialDensity& density) {
  const at::Tensor difference = population.energies() - weights.auxiliary_energies;
  const Estimate mean = average(weights, difference, population.pairing());
  FreeEnergy result;
  result.harmonic = density.harmonic_free_energy();
  result.total = {result.harmonic + population.mean_energy() + mean.value, mean.standard_error};
  result.error_by_configuration =
      average(weights, difference, population.pairing(), Samples::configurations).standard_error;
  return result;
}

std::optional<Stress> stress(const Population& population, const Weights& weights, const TrialDensity& density) {
  if (!population.has_stresses()) return std::nullopt;
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const double n_cells = matrices.grid.size(), volume = n_cells * matrices.crystal.volume();
  const Vectors moved = matrices.crystal.positions - population.generating().matrices().crystal.positions;

  // u = x - R: the stored virials are from the generating centroids.
  at::Tensor virials = population.virials();
  if (moved.cwiseAbs().maxCoeff() > 0) {
    at::Tensor shift = at::empty({moved.rows(), 3}, at::kDouble);
    std::copy(moved.data(), moved.data() + moved.size(), shift.data_ptr<double>());
    const at::Tensor forces = population.folded_forces().view({population.size(), -1, 3}) * std::sqrt(n_cells);
    virials = virials - forces.transpose(1, 2).matmul(shift.to(population.device()));
  }
  const at::Tensor samples = population.stresses() + (virials + virials.transpose(1, 2)) / (2 * volume);
  const at::Tensor flat = samples.reshape({population.size(), 9});
  const Averages by_pair = averages(weights, flat, population.pairing());
  const Averages by_configuration = averages(weights, flat, population.pairing(), Samples::configurations);
  const Averages static_part = averages(weights, population.stresses().reshape({population.size(), 9}), population.pairing());
  return Stress{to_matrix(by_pair.values), to_matrix(by_pair.standard_errors), to_matrix(by_configuration.standard_errors),
                to_matrix(static_part.values)};
}

Evaluation evaluate(const Population& population, const TrialDensity& density, const phonons::Symmetrizer& symmetrize) {
  return evaluate(population, density, symmetrize, reweight(population, density));
}

Evaluation evaluate(const Population& population, const TrialDensity& density, const phonons::Symmetrizer& symmetrize,
                    Weights weights) {
  Evaluation result{std::move(weights), {}, {}, {}};
  result.free_energy = free_energy(population, result.weights, density);
  result.gradient = gradient(population, result.weights, density, symmetrize);
  result.stress = stress(population, result.weights, density);
  return result;
}

}  // namespace zeropoint::sscha
