#include "potentials/model.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/mlp/random_model.hpp"

namespace zeropoint::potentials {
namespace {

TEST(NetworkPotential, EvaluatesDisplacedSupercellsOneByOne) {
  const test::RandomStructure structure = test::random_structure(21, 4, 3, 13);
  const Crystal unit_cell{structure.cell, structure.positions, test::labels(structure), Eigen::VectorXd::Ones(4)};
  const Supercell supercell(unit_cell, {2, 1, 1});
  const NetworkPotential potential(test::random_model(test::networks()[3], mlp::CutoffFunction::cubic, 2), at::kDouble);
  at::manual_seed(5);
  at::Tensor u = 0.05 * at::randn({3, 8, 3}, at::kDouble);
  const Evaluation evaluation = potential.evaluate(supercell, u);
  const Crystal crystal = supercell.crystal();
  for (std::int64_t c = 0; c < 3; ++c) {
    const at::Tensor moved = u[c].contiguous();
    const Vectors positions = crystal.positions + Eigen::Map<const Vectors>(moved.const_data_ptr<double>(), 8, 3);
    const mlp::Geometry geometry = potential.predictor().geometry(crystal.cell, positions, crystal.species);
    const mlp::Prediction one = potential.predictor()({&geometry})[0];
    EXPECT_NEAR(evaluation.energies[c].item<double>(), one.energy, 1e-12);
    EXPECT_NEAR(evaluation.forces[c][7][1].item<double>(), one.forces(7, 1), 1e-12);
    EXPECT_NEAR(evaluation.stresses[c][2][1].item<double>(), one.stress(2, 1), 1e-14);
    EXPECT_NEAR(evaluation.force_uncertainty[c][4].item<double>(), one.force_deviations[4], 1e-12);
  }
  u[1][3][0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(potential.evaluate(supercell, u), InputError);
  EXPECT_THROW(potential.evaluate(supercell, u.slice(1, 0, 7)), InputError);
}

TEST(NetworkPotential, OpensItselfInDoublePrecisionWhenItIsNot) {
  const test::RandomStructure structure = test::random_structure(21, 4, 3, 13);
  const Supercell supercell({structure.cell, structure.positions, test::labels(structure), Eigen::VectorXd::Ones(4)},
                            {1, 1, 1});
  const mlp::Model model = test::random_model(test::networks()[0]);
  const NetworkPotential single(model, at::kFloat), twice(model, at::kDouble);
  EXPECT_EQ(twice.in_double_precision(), nullptr);
  const std::unique_ptr<Potential> precise = single.in_double_precision();
  ASSERT_NE(precise, nullptr);
  at::manual_seed(7);
  const at::Tensor u = 0.05 * at::randn({2, 4, 3}, at::kDouble);
  const at::Tensor exact = twice.evaluate(supercell, u).forces;
  EXPECT_EQ((precise->evaluate(supercell, u).forces - exact).abs().max().item<double>(), 0);
  EXPECT_GT((single.evaluate(supercell, u).forces - exact).abs().max().item<double>(), 1e-9);
}

TEST(NetworkPotential, HasNoAnswerForAtomsOnTopOfEachOther) {
  const test::RandomStructure structure = test::random_structure(21, 4, 3, 13);
  const Supercell supercell({structure.cell, structure.positions, test::labels(structure), Eigen::VectorXd::Ones(4)},
                            {1, 1, 1});
  at::Tensor u = at::zeros({1, 4, 3}, at::kDouble);
  for (int k = 0; k < 3; ++k) u[0][1][k] = structure.positions(0, k) - structure.positions(1, k);
  EXPECT_THROW(NetworkPotential(test::random_model(test::networks()[0])).evaluate(supercell, u), ConfigurationError);
}

TEST(NetworkPotential, TakesAnySupercell) {
  EXPECT_FALSE(NetworkPotential(test::random_model(test::networks()[0])).bound_divisions());
}

}  // namespace
}  // namespace zeropoint::potentials
