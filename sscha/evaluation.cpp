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

namespace {

/// [N, 3, 3] of each configuration, eV/angstrom^3: static part and virial of the total force.
at::Tensor stress_samples(const Population& population, const TrialDensity& density) {
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
  return population.stresses() + (virials + virials.transpose(1, 2)) / (2 * volume);
}

/// The average over the point group as a linear map of the nine components, [9, 9], to be applied from the right.
at::Tensor point_group_average(const phonons::Symmetrizer& symmetrize) {
  at::Tensor map = at::empty({9, 9}, at::kDouble);
  auto entry = map.accessor<double, 2>();
  for (int from = 0; from < 9; ++from) {
    Eigen::Matrix3d unit = Eigen::Matrix3d::Zero();
    unit(from / 3, from % 3) = 1;
    const Eigen::Matrix3d image = symmetrize.tensor(unit);
    for (int to = 0; to < 9; ++to) entry[from][to] = image(to / 3, to % 3);
  }
  return map;
}

Stress averaged(const Population& population, const Weights& weights, const at::Tensor& total,
                const at::Tensor& static_part) {
  const Averages by_pair = averages(weights, total, population.pairing());
  const Averages by_configuration = averages(weights, total, population.pairing(), Samples::configurations);
  const at::Tensor trace = total.select(1, 0) + total.select(1, 4) + total.select(1, 8);
  return {to_matrix(by_pair.values), to_matrix(by_pair.standard_errors), to_matrix(by_configuration.standard_errors),
          to_matrix(averages(weights, static_part, population.pairing()).values),
          average(weights, trace / -3, population.pairing())};
}

}  // namespace

std::optional<Stress> stress(const Population& population, const Weights& weights, const TrialDensity& density) {
  if (!population.has_stresses()) return std::nullopt;
  return averaged(population, weights, stress_samples(population, density).reshape({population.size(), 9}),
                  population.stresses().reshape({population.size(), 9}));
}

std::optional<Stress> stress(const Population& population, const Weights& weights, const TrialDensity& density,
                             const phonons::Symmetrizer& symmetrize) {
  if (!population.has_stresses()) return std::nullopt;
  const at::Tensor map = point_group_average(symmetrize).to(population.device());
  return averaged(population, weights, stress_samples(population, density).reshape({population.size(), 9}).mm(map),
                  population.stresses().reshape({population.size(), 9}).mm(map));
}

Evaluation evaluate(const Population& population, const TrialDensity& density, const phonons::Symmetrizer& symmetrize) {
  return evaluate(population, density, symmetrize, reweight(population, density));
}

Evaluation evaluate(const Population& population, const TrialDensity& density, const phonons::Symmetrizer& symmetrize,
                    Weights weights) {
  Evaluation result{std::move(weights), {}, {}, {}};
  result.free_energy = free_energy(population, result.weights, density);
  result.gradient = gradient(population, result.weights, density, symmetrize);
  result.stress = stress(population, result.weights, density, symmetrize);
  return result;
}

}  // namespace zeropoint::sscha
