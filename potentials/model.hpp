#pragma once

#include "core/potential.hpp"
#include "mlp/prediction.hpp"

namespace zeropoint::potentials {

/// A trained model as a Potential. Forces of a committee come with their deviation as uncertainty.
class NetworkPotential : public Potential {
 public:
  /// `type` of the network, kFloat or kDouble; sums are double always.
  explicit NetworkPotential(const mlp::Model& model, at::ScalarType type = at::kFloat)
      : model_(model), type_(type), predict_(model, type) {}

  /// Every configuration is a structure of its own: cell, positions, pairs. On the CPU.
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;

  std::unique_ptr<Potential> in_double_precision() const override;

  const mlp::Predictor& predictor() const { return predict_; }

 private:
  mlp::Model model_;
  at::ScalarType type_;
  mlp::Predictor predict_;
};

}  // namespace zeropoint::potentials
