#include "potentials/model.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/error.hpp"

namespace zeropoint::potentials {

std::shared_ptr<const mlp::PopulationEvaluator> NetworkPotential::evaluator_of(const Supercell& reference,
                                                                               const at::Tensor& displacements) const {
  const std::lock_guard lock(mutex_);
  if (!last_ || !last_->suits(reference, displacements)) {
    last_ = std::make_shared<const mlp::PopulationEvaluator>(predict_, reference,
                                                             mlp::PopulationEvaluator::margin_for(displacements));
  }
  return last_;
}

/// Centres side by side instead of configurations.
Evaluation NetworkPotential::evaluate_alone(const Supercell& reference, const at::Tensor& displacements) const {
  const Crystal crystal = reference.crystal();
  const at::Tensor u = displacements.to(at::kCPU).contiguous();
  const std::int64_t n_atoms = crystal.n_atoms();
  const mlp::Geometry geometry = predict_.geometry(
      crystal.cell, crystal.positions + Eigen::Map<const Vectors>(u.const_data_ptr<double>(), n_atoms, 3),
      crystal.species);
  const mlp::Prediction one = predict_({&geometry})[0];
  const auto on_device = [&](const double* numbers, at::IntArrayRef shape) {
    at::Tensor values = at::empty(shape, at::kDouble);
    std::copy_n(numbers, values.numel(), values.mutable_data_ptr<double>());
    return values.to(displacements.device());
  };
  Evaluation result{on_device(&one.energy, {1}),
                    on_device(one.forces.data(), {1, n_atoms, 3}),
                    on_device(one.stress.data(), {1, 3, 3}),
                    {}};  // symmetric
  if (predict_.n_members() > 1) result.force_uncertainty = on_device(one.force_deviations.data(), {1, n_atoms});
  return result;
}

Evaluation NetworkPotential::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  check_displacements(displacements, reference);
  if (displacements.size(0) == 1) {
    Evaluation result = evaluate_alone(reference, displacements);
    check_finite(result, "the potential");
    return result;
  }
  Evaluation result = (*evaluator_of(reference, displacements))(displacements);
  check_finite(result, "the potential");
  return result;
}

std::unique_ptr<Potential> NetworkPotential::in_double_precision() const {
  if (type_ == at::kDouble) return nullptr;
  return std::make_unique<NetworkPotential>(model_, at::kDouble);
}

PotentialKind model_kind() {
  return {"model", "a trained potential", [](Section& section, PotentialSettings& settings) -> PotentialKind::Open {
            const auto path = std::make_shared<std::string>();
            section.key("model", path.get(), "that train wrote").example("\"model/model.h5\"").paths();
            section.choice("precision", settings.single_precision, {{"single", true}, {"double", false}},
                           "of the network; sums are double always");
            return [path](const PotentialSettings& read, const PotentialOpening&) {
              if (path->empty())
                throw ConfigError{"potential.model is missing: write model = \"model/model.h5\", which `train` makes"};
              return std::make_unique<NetworkPotential>(mlp::read_model(*path),
                                                        read.single_precision ? at::kFloat : at::kDouble);
            };
          }};
}

}  // namespace zeropoint::potentials
