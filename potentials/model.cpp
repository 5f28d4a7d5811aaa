#include "potentials/model.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/parallel.hpp"

namespace zeropoint::potentials {

Evaluation NetworkPotential::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  constexpr std::int64_t at_once = 256;  // configurations whose pairs are in memory
  check_displacements(displacements, reference);
  const Crystal crystal = reference.crystal();
  const at::Tensor u = displacements.to(at::kCPU).contiguous();
  const std::int64_t n = u.size(0), n_atoms = crystal.n_atoms();
  Evaluation result{
      at::empty({n}, at::kDouble), at::empty({n, n_atoms, 3}, at::kDouble), at::empty({n, 3, 3}, at::kDouble), {}};
  if (predict_.n_members() > 1) result.force_uncertainty = at::empty({n, n_atoms}, at::kDouble);
  for (std::int64_t begin = 0; begin < n; begin += at_once) {
    const std::int64_t count = std::min(at_once, n - begin);
    std::vector<mlp::Geometry> geometries(static_cast<std::size_t>(count));
    parallel_for(count, [&](std::int64_t c) {
      const double* const moved = u.const_data_ptr<double>() + (begin + c) * 3 * n_atoms;
      const Vectors positions = crystal.positions + Eigen::Map<const Vectors>(moved, n_atoms, 3);
      geometries[c] = predict_.geometry(crystal.cell, positions, crystal.species);
    });
    std::vector<const mlp::Geometry*> pointers;
    for (const mlp::Geometry& geometry : geometries) pointers.push_back(&geometry);
    const std::vector<mlp::Prediction> predictions = predict_(pointers);
    for (std::int64_t c = 0; c < count; ++c) {
      const mlp::Prediction& one = predictions[c];
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
  check_finite(result, "the potential");
  for (at::Tensor* values : {&result.energies, &result.forces, &result.stresses, &result.force_uncertainty}) {
    if (values->defined()) *values = values->to(displacements.device());
  }
  return result;
}

std::unique_ptr<Potential> NetworkPotential::in_double_precision() const {
  if (type_ == at::kDouble) return nullptr;
  return std::make_unique<NetworkPotential>(model_, at::kDouble);
}

}  // namespace zeropoint::potentials
