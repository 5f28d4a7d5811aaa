#pragma once

#include <memory>
#include <mutex>

#include "core/potential.hpp"
#include "mlp/population_evaluator.hpp"
#include "potentials/kind.hpp"

namespace zeropoint::potentials {

/// A trained model as a Potential. Forces of a committee come with their deviation as uncertainty.
class NetworkPotential : public Potential {
 public:
  /// `type` of the network, kFloat or kDouble; sums are double always.
  explicit NetworkPotential(const mlp::Model& model, at::ScalarType type = at::kFloat)
      : model_(model), type_(type), predict_(model, type) {}

  /// Pairs of a supercell are found once and kept until another one is asked for.
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;

  std::unique_ptr<Potential> in_double_precision() const override;

  const mlp::Predictor& predictor() const { return predict_; }

 private:
  mlp::Model model_;
  at::ScalarType type_;
  mlp::Predictor predict_;

  Evaluation evaluate_alone(const Supercell& reference, const at::Tensor& displacements) const;
  std::shared_ptr<const mlp::PopulationEvaluator> evaluator_of(const Supercell& reference,
                                                               const at::Tensor& displacements) const;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const mlp::PopulationEvaluator> last_;
};

PotentialKind model_kind();

}  // namespace zeropoint::potentials
