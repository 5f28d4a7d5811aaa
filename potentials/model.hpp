#pragma once

#include "core/potential.hpp"
#include "mlp/prediction.hpp"

namespace zeropoint::potentials {

/// A trained model as a Potential. Forces of a committee come with their deviation as uncertainty.
class NetworkPotential : public Potential {
 public:
  explicit NetworkPotential(const mlp::Model& model, at::ScalarType type = at::kFloat) : predict_(model, type) {}

  /// Every configuration is a structure of its own: cell, positions, pairs. On the CPU.
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;

  const mlp::Predictor& predictor() const { return predict_; }

 private:
  mlp::Predictor predict_;
};

}  // namespace zeropoint::potentials
