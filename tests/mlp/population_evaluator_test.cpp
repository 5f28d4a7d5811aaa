#include "mlp/population_evaluator.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "tests/mlp/random_model.hpp"

namespace zeropoint::mlp {
namespace {

/// Three species in a general cell that is smaller than the cutoff.
Supercell supercell_of(int n_atoms = 4, const Eigen::Vector3i& divisions = {2, 1, 1}) {
  const test::RandomStructure structure = test::random_structure(21, n_atoms, 3, 13);
  return {{structure.cell, structure.positions, test::labels(structure), Eigen::VectorXd::Ones(n_atoms)}, divisions};
}

at::Tensor displacements(const Supercell& supercell, std::int64_t n, double width) {
  at::manual_seed(5);
  return width * at::randn({n, supercell.n_atoms(), 3}, at::kDouble);
}

/// Every copy as a structure of its own.
Evaluation one_by_one(const Predictor& predict, const Supercell& supercell, const at::Tensor& u) {
  const Crystal crystal = supercell.crystal();
  const std::int64_t n = u.size(0), n_atoms = crystal.n_atoms();
  Evaluation all{
      at::empty({n}, at::kDouble), at::empty({n, n_atoms, 3}, at::kDouble), at::empty({n, 3, 3}, at::kDouble), {}};
  if (predict.n_members() > 1) all.force_uncertainty = at::empty({n, n_atoms}, at::kDouble);
  for (std::int64_t c = 0; c < n; ++c) {
    const Eigen::Map<const Vectors> moved(u[c].const_data_ptr<double>(), n_atoms, 3);
    const Geometry geometry = predict.geometry(crystal.cell, crystal.positions + moved, crystal.species);
    const Prediction one = predict({&geometry})[0];
    all.energies[c] = one.energy;
    std::copy_n(one.forces.data(), 3 * n_atoms, all.forces[c].mutable_data_ptr<double>());
    std::copy_n(one.stress.data(), 9, all.stresses[c].mutable_data_ptr<double>());
    if (all.force_uncertainty.defined())
      std::copy_n(one.force_deviations.data(), n_atoms, all.force_uncertainty[c].mutable_data_ptr<double>());
  }
  return all;
}

void expect_near(const Evaluation& a, const Evaluation& b, double tolerance) {
  const auto largest = [](const at::Tensor& x) { return x.abs().max().item<double>(); };
  EXPECT_LT(largest(a.energies - b.energies), tolerance * largest(b.energies));
  EXPECT_LT(largest(a.forces - b.forces), tolerance * largest(b.forces));
  EXPECT_LT(largest(a.stresses - b.stresses), tolerance * largest(b.stresses));
  ASSERT_EQ(a.force_uncertainty.defined(), b.force_uncertainty.defined());
  if (a.force_uncertainty.defined()) {
    EXPECT_LT(largest(a.force_uncertainty - b.force_uncertainty), tolerance * largest(b.forces));
  }
}

constexpr double single_rounding = 1e-5, double_rounding = 1e-12;

void expect_equal(const Evaluation& a, const Evaluation& b) {
  EXPECT_TRUE(at::equal(a.energies, b.energies));
  EXPECT_TRUE(at::equal(a.forces, b.forces));
  EXPECT_TRUE(at::equal(a.stresses, b.stresses));
  ASSERT_EQ(a.force_uncertainty.defined(), b.force_uncertainty.defined());
  if (a.force_uncertainty.defined()) {
    EXPECT_TRUE(at::equal(a.force_uncertainty, b.force_uncertainty));
  }
}

TEST(PopulationEvaluator, GivesWhatTheGeneralPathGives) {
  for (const std::size_t n_members : {1u, 3u}) {
    const Model model = test::random_model(test::networks()[5], CutoffFunction::cubic, n_members);
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
      const Predictor predict(model, type);
      for (const Supercell& supercell : {supercell_of(), supercell_of(7, {1, 1, 2})}) {
        const at::Tensor u = displacements(supercell, 9, 0.08);
        const PopulationEvaluator evaluate(predict, supercell, PopulationEvaluator::margin_for(u));
        ASSERT_TRUE(evaluate.suits(supercell, u));
        expect_near(evaluate(u), one_by_one(predict, supercell, u),
                    type == at::kFloat ? single_rounding : double_rounding);
      }
    }
  }
}

TEST(PopulationEvaluator, GivesTheSameBitsWithAnyMarginAndNothingBeyondIt) {
  const Predictor predict(test::random_model(test::networks()[0]));
  const Supercell supercell = supercell_of();
  at::Tensor u = displacements(supercell, 6, 0.03);
  expect_equal(PopulationEvaluator(predict, supercell, 0.4)(u), PopulationEvaluator(predict, supercell, 2)(u));
  u[2] *= 10;  // of six copies one goes far
  EXPECT_THROW(PopulationEvaluator(predict, supercell, 0.4)(u), InternalError);
}

TEST(PopulationEvaluator, SuitsOneSupercellAndDisplacementsWithinItsMargin) {
  const Predictor predict(test::random_model(test::networks()[0]));
  const Supercell supercell = supercell_of();
  const at::Tensor u = displacements(supercell, 4, 0.05);
  const PopulationEvaluator evaluate(predict, supercell, PopulationEvaluator::margin_for(u));
  EXPECT_TRUE(evaluate.suits(supercell, u));
  EXPECT_TRUE(evaluate.suits(supercell, 0.1 * u));
  EXPECT_FALSE(evaluate.suits(supercell, 1.5 * u));
  EXPECT_FALSE(evaluate.suits(supercell_of(4, {1, 2, 1}), u));
}

TEST(PopulationEvaluator, GivesTheSameBitsForAnyNumberOfThreads) {
  const Predictor predict(test::random_model(test::networks()[0]));
  const Supercell supercell = supercell_of();
  const at::Tensor u = displacements(supercell, 20, 0.1);
  const PopulationEvaluator evaluate(predict, supercell, 1);
  const int before = threads();
  set_threads(1);
  const Evaluation alone = evaluate(u);
  set_threads(3);
  expect_equal(evaluate(u), alone);
  set_threads(before);
}

TEST(PopulationEvaluator, HasNoAnswerForAHole) {
  const Predictor predict(test::random_model(test::networks()[0]));
  const test::RandomStructure structure = test::random_structure(21, 3, 3, 13);
  const Supercell supercell(
      {12 * Eigen::Matrix3d::Identity(), structure.positions, test::labels(structure), Eigen::VectorXd::Ones(3)},
      {1, 1, 1});
  at::Tensor u = at::zeros({2, 3, 3}, at::kDouble);
  EXPECT_NO_THROW(PopulationEvaluator(predict, supercell, 12)(u));
  u[1][0][0] = 6;
  EXPECT_THROW(PopulationEvaluator(predict, supercell, 12)(u), ConfigurationError);
}

}  // namespace
}  // namespace zeropoint::mlp
