#include "potentials/model.hpp"

#include "core/error.hpp"

namespace zeropoint::potentials {

std::shared_ptr<const mlp::PopulationEvaluator> NetworkPotential::evaluator_of(const Supercell& reference,
                                                                               const at::Tensor& displacements) const {
  if (displacements.size(0) < 2) return std::make_shared<const mlp::PopulationEvaluator>(predict_, reference, 0);
  const std::lock_guard lock(mutex_);
  if (!last_ || !last_->suits(reference, displacements)) {
    last_ = std::make_shared<const mlp::PopulationEvaluator>(predict_, reference,
                                                             mlp::PopulationEvaluator::margin_for(displacements));
  }
  return last_;
}

Evaluation NetworkPotential::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  check_displacements(displacements, reference);
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
