#pragma once

#include "core/potential.hpp"
#include "tests/support/anharmonic_model.hpp"

namespace zeropoint::test {

/// The bond model as a Potential: analytic energies, forces and stresses, polynomials of degree four.
class BondPotential : public Potential {
 public:
  explicit BondPotential(BondModel model) : model_(std::move(model)) {}
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override {
    check_displacements(displacements, reference);
    const Configurations labels = model_(reference.unit_cell(), displacements);
    return {labels.energies, labels.forces, labels.stresses, {}};
  }
  std::optional<Eigen::Vector3i> bound_divisions() const override { return model_.divisions(); }

 private:
  BondModel model_;
};

/// A potential without its stress.
class WithoutStress : public Potential {
 public:
  explicit WithoutStress(const Potential& potential) : potential_(potential) {}
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override {
    Evaluation evaluation = potential_.evaluate(reference, displacements);
    evaluation.stresses = at::Tensor{};
    return evaluation;
  }

 private:
  const Potential& potential_;
};

}  // namespace zeropoint::test
