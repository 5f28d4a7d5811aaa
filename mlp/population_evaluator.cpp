#include "mlp/population_evaluator.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>

#include <algorithm>

#include "core/error.hpp"

namespace zeropoint::mlp {

namespace {

double longest(const at::Tensor& displacements) {
  return displacements.numel() == 0 ? 0 : at::linalg_vector_norm(displacements, 2, {2}).max().item<double>();
}

/// Pairs of the supercell at rest whose atoms come near when each moves by half the margin.
KernelPairs pairs_of(const Predictor& predict, const Crystal& crystal, double margin) {
  return kernel_pairs(crystal.cell, crystal.positions, species_numbers(crystal.species, predict.species()),
                      static_cast<int>(predict.species().size()), predict.radial_cutoff(),
                      std::vector<double>(crystal.n_atoms(), margin / 2));
}

[[noreturn]] void refuse(const BlockProblem& problem, const Crystal& crystal) {
  const bool touching = problem.kind == BlockProblem::Kind::touching;
  throw ConfigurationError{
      "configuration {}: atom {} ({}) {}", problem.configuration + 1, problem.atom + 1, crystal.species[problem.atom],
      touching ? "and another one are nearer than 0.1 angstrom: at the same place"
               : "has no neighbour within the angular cutoff: the potential knows nothing about holes"};
}

}  // namespace

PopulationEvaluator::PopulationEvaluator(const Predictor& predict, const Supercell& reference, double margin)
    : predict_(predict), crystal_(reference.crystal()), margin_(margin), pairs_(pairs_of(predict, crystal_, margin)) {}

double PopulationEvaluator::margin_for(const at::Tensor& displacements) {
  constexpr double longer = 1.2, least = 0.1;  // the second in angstrom
  return std::max(2 * longer * longest(displacements), least);
}

bool PopulationEvaluator::suits(const Supercell& reference, const at::Tensor& displacements) const {
  const Crystal other = reference.crystal();
  return other.cell == crystal_.cell && other.positions == crystal_.positions && other.species == crystal_.species &&
         2 * longest(displacements) <= margin_;
}

Evaluation PopulationEvaluator::operator()(const at::Tensor& displacements) const {
  const at::Tensor u = displacements.to(at::kCPU).contiguous();
  if (2 * longest(u) > margin_) throw InternalError{"displacements beyond the margin of {} angstrom", margin_};
  const std::int64_t n = u.size(0), n_atoms = crystal_.n_atoms();
  Evaluation result{
      at::empty({n}, at::kDouble), at::empty({n, n_atoms, 3}, at::kDouble), at::empty({n, 3, 3}, at::kDouble), {}};
  if (predict_.n_members() > 1) result.force_uncertainty = at::empty({n, n_atoms}, at::kDouble);
  const bool deviates = result.force_uncertainty.defined();
  const BlockProblem problem = predict_.kernels().evaluate(
      pairs_, u.const_data_ptr<double>(), n,
      {.energies = result.energies.mutable_data_ptr<double>(),
       .forces = result.forces.mutable_data_ptr<double>(),
       .virials = result.stresses.mutable_data_ptr<double>(),
       .deviations = deviates ? result.force_uncertainty.mutable_data_ptr<double>() : nullptr});
  if (problem.kind != BlockProblem::Kind::none) refuse(problem, crystal_);
  result.stresses /= crystal_.volume();
  for (at::Tensor* values : {&result.energies, &result.forces, &result.stresses, &result.force_uncertainty}) {
    if (values->defined()) *values = values->to(displacements.device());
  }
  return result;
}

}  // namespace zeropoint::mlp
