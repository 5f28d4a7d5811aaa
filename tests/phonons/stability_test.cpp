#include "phonons/stability.hpp"

#include <gtest/gtest.h>

#include "phonons/symmetrizer.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

DynamicalMatrices stable_model() {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 2, 1}, 3);
  impose_acoustic_sum_rule(matrices.blocks[matrices.grid.gamma()]);
  return matrices;
}

/// Every atom held to its site by a spring of `squared` times its mass: all omega^2 are higher by that.
DynamicalMatrices with_springs(DynamicalMatrices matrices, double squared) {
  for (Eigen::MatrixXcd& block : matrices.blocks) {
    for (int i = 0; i < matrices.n_modes(); ++i) block(i, i) += squared * matrices.crystal.masses[i / 3];
  }
  return matrices;
}

TEST(Stability, KnowsWhatATranslationCosts) {
  const DynamicalMatrices matrices = stable_model();
  EXPECT_LT(translation_frequencies(matrices).cwiseAbs().maxCoeff(), 1e-6);
  for (const double frequency : {0.01, -0.02}) {
    const Eigen::Vector3d found = translation_frequencies(with_springs(matrices, frequency * std::abs(frequency)));
    EXPECT_LT((found.array() - frequency).abs().maxCoeff(), 1e-6);
  }
}

TEST(Stability, OnTheGridLeavesTranslationsAside) {
  DynamicalMatrices matrices = stable_model();
  EXPECT_TRUE(stable_on_grid(matrices));
  const int gamma = matrices.grid.gamma();
  matrices.blocks[gamma] = with_springs(matrices, -1e-5).blocks[gamma];
  EXPECT_TRUE(stable_on_grid(matrices));
  EXPECT_FALSE(stable_on_grid(with_springs(matrices, -10)));
}

TEST(Stability, BlamesTheInterpolationNearGammaOnly) {
  const DynamicalMatrices matrices = stable_model();
  ImaginaryModes bad{.n_modes = 2, .share = 0.01, .lowest = -0.1, .q = {0.1, 0.9, -1.2}};
  EXPECT_TRUE(imaginary_between_grid_points(bad, matrices));
  EXPECT_FALSE(imaginary_between_grid_points(bad, with_springs(matrices, -10)));
  bad.q[0] = 0.4;
  EXPECT_FALSE(imaginary_between_grid_points(bad, matrices));
  EXPECT_FALSE(imaginary_between_grid_points({}, matrices));
}

TEST(Stability, CountsModesBelowRounding) {
  EXPECT_EQ(n_imaginary({{-5, -1e-4, 3}, {-1, 0, 7}}, 1e-3), 2);
  EXPECT_EQ(n_imaginary({}, 1e-3), 0);
}

}  // namespace
}  // namespace zeropoint::phonons
