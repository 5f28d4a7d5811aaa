// What a Hessian says about the crystal: its lowest mode, the verdict, the structure along it.
#include "sscha/stability.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/units.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::sscha {
namespace {

/// A Hessian whose matrices are given; nothing was sampled.
Hessian hessian_of(const phonons::DynamicalMatrices& matrices) {
  const TrialDensity density(matrices, 300, units::codata2022);
  Hessian hessian{matrices, {}, density, {}, {}, {}, {}, {}, {HessianReport{}}};
  hessian.modes = phonons::diagonalise(matrices);
  return hessian;
}

class StabilityOfAHessian : public ::testing::Test {
 protected:
  Hessian hessian_ = hessian_of(test::model_matrices(test::triclinic_crystal(), {3, 1, 2}, 1));
};

TEST_F(StabilityOfAHessian, IsThatOfTheLowestModeThatIsNoTranslation) {
  const Stability lowest = lowest_mode(hessian_);
  EXPECT_FALSE(hessian_.modes[lowest.iq].acoustic[lowest.mode]);
  for (const phonons::Modes& modes : hessian_.modes) {
    for (Eigen::Index mu = 0; mu < 9; ++mu) {
      if (modes.acoustic[mu]) continue;
      EXPECT_GE(modes.frequencies[mu] * std::abs(modes.frequencies[mu]), lowest.square);
    }
  }
  EXPECT_FALSE(lowest.unstable());
  EXPECT_EQ(lowest.probability_unstable, 0);
}

TEST_F(StabilityOfAHessian, IsAsLikelyAsANormalErrorSays) {
  hessian_.squared_errors.assign(6, std::vector<double>(9, 0.0));
  const Stability exact = lowest_mode(hessian_);
  hessian_.squared_errors[exact.iq][exact.mode] = exact.square / 2;
  EXPECT_NEAR(lowest_mode(hessian_).probability_unstable, 0.0227501, 1e-6) << "two standard errors above zero";
}

TEST_F(StabilityOfAHessian, VerdictAsksForASolutionThenForAMinimumThenForTheMode) {
  Stability lowest = lowest_mode(hessian_);
  EXPECT_EQ(judge(hessian_, lowest, 1e-8), HessianVerdict::stable);
  lowest.square = -1;
  EXPECT_EQ(judge(hessian_, lowest, 1e-8), HessianVerdict::unstable);
  hessian_.reports[0].smallest_eigenvalue = -0.1;
  EXPECT_EQ(judge(hessian_, lowest, 1e-8), HessianVerdict::no_minimum);
  hessian_.reports[0].residual = 2e-6;
  EXPECT_EQ(judge(hessian_, lowest, 1e-8), HessianVerdict::not_solved);
  EXPECT_EQ(judge(hessian_, lowest, 1e-6), HessianVerdict::no_minimum) << "a residual that was allowed";
}

TEST_F(StabilityOfAHessian, NothingIsSolvedWhereAResidualOrAnEigenvalueIsNotANumber) {
  const Stability lowest = lowest_mode(hessian_);
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const bool of_residual : {true, false}) {
    Hessian damaged = hessian_;
    damaged.reports.assign(3, HessianReport{});
    (of_residual ? damaged.reports[1].residual : damaged.reports[1].smallest_eigenvalue) = nan;
    EXPECT_TRUE(std::isnan(of_residual ? damaged.largest_residual() : damaged.smallest_eigenvalue()));
    EXPECT_EQ(judge(damaged, lowest, 1e-8), HessianVerdict::not_solved);
  }
}

TEST_F(StabilityOfAHessian, StructureAlongAModeMovesTheFarthestAtomByTheAmplitude) {
  const Stability lowest = lowest_mode(hessian_);
  const Supercell supercell = hessian_.matrices.supercell();
  const Vectors moved = displaced_along(hessian_, lowest, 0.1).positions - supercell.crystal().positions;
  EXPECT_NEAR(moved.rowwise().norm().maxCoeff(), 0.1, 1e-12);
}

}  // namespace
}  // namespace zeropoint::sscha
