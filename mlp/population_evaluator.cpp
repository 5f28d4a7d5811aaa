#include "mlp/population_evaluator.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>

#include <algorithm>

#include "core/parallel.hpp"

namespace zeropoint::mlp {

namespace {

constexpr double largest_margin = 2;  // angstrom

double longest(const at::Tensor& displacements) {
  return displacements.numel() == 0 ? 0 : at::linalg_vector_norm(displacements, 2, {2}).max().item<double>();
}

}  // namespace

PopulationEvaluator::PopulationEvaluator(const Predictor& predict, const Supercell& reference, double margin)
    : predict_(predict), crystal_(reference.crystal()) {
  if (margin > 0) topology_.emplace(crystal_.cell, crystal_.positions, predict.radial_cutoff(), margin);
}

double PopulationEvaluator::margin_for(const at::Tensor& displacements) {
  constexpr double longer = 1.2, least = 0.1;  // the second in angstrom
  return std::clamp(2 * longer * longest(displacements), least, largest_margin);
}

bool PopulationEvaluator::suits(const Supercell& reference, const at::Tensor& displacements) const {
  const Crystal other = reference.crystal();
  if (other.cell != crystal_.cell || other.positions != crystal_.positions || other.species != crystal_.species)
    return false;
  return topology_ && (topology_->margin() >= largest_margin || 2 * longest(displacements) <= topology_->margin());
}

Geometry PopulationEvaluator::geometry(const Eigen::Ref<const Vectors>& displacements) const {
  const Vectors positions = crystal_.positions + displacements;
  if (!topology_ || !topology_->holds(displacements))
    return predict_.geometry(crystal_.cell, positions, crystal_.species);
  return predict_.geometry(crystal_.cell, topology_->neighbours(positions), crystal_.species);
}

Evaluation PopulationEvaluator::operator()(const at::Tensor& displacements) const {
  constexpr std::int64_t at_once = 256;  // configurations whose pairs are in memory
  const at::Tensor u = displacements.to(at::kCPU).contiguous();
  const std::int64_t n = u.size(0), n_atoms = crystal_.n_atoms();
  Evaluation result{
      at::empty({n}, at::kDouble), at::empty({n, n_atoms, 3}, at::kDouble), at::empty({n, 3, 3}, at::kDouble), {}};
  if (predict_.n_members() > 1) result.force_uncertainty = at::empty({n, n_atoms}, at::kDouble);
  for (std::int64_t begin = 0; begin < n; begin += at_once) {
    const std::int64_t count = std::min(at_once, n - begin);
    std::vector<Geometry> geometries(count);
    parallel_for(count, [&](std::int64_t c) {
      geometries[c] =
          geometry(Eigen::Map<const Vectors>(u.const_data_ptr<double>() + (begin + c) * 3 * n_atoms, n_atoms, 3));
    });
    std::vector<const Geometry*> pointers;
    for (const Geometry& geometry : geometries) pointers.push_back(&geometry);
    const std::vector<Prediction> predictions = predict_(pointers);
    for (std::int64_t c = 0; c < count; ++c) {
      const Prediction& one = predictions[c];
      const std::int64_t at = begin + c;
      result.energies.mutable_data_ptr<double>()[at] = one.energy;
      std::copy_n(one.forces.data(), 3 * n_atoms, result.forces.mutable_data_ptr<double>() + at * 3 * n_atoms);
      std::copy_n(one.stress.data(), 9, result.stresses.mutable_data_ptr<double>() + at * 9);  // symmetric
      if (result.force_uncertainty.defined()) {
        std::copy_n(one.force_deviations.data(), n_atoms,
                    result.force_uncertainty.mutable_data_ptr<double>() + at * n_atoms);
      }
    }
  }
  for (at::Tensor* values : {&result.energies, &result.forces, &result.stresses, &result.force_uncertainty}) {
    if (values->defined()) *values = values->to(displacements.device());
  }
  return result;
}

}  // namespace zeropoint::mlp
