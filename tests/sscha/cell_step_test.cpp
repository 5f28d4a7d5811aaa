#include "sscha/cell_step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace zeropoint::sscha {
namespace {

TEST(CellStep, DeviationIsTheLargestComponentOverItsError) {
  const CellStep step(CellKind::full, 0.5, 1);
  Eigen::Matrix3d stress = -0.5 * Eigen::Matrix3d::Identity();
  const Eigen::Matrix3d errors = Eigen::Matrix3d::Constant(0.01);
  EXPECT_EQ(step.deviation(stress, errors), 0);
  stress(1, 1) += 0.03;
  stress(0, 2) = stress(2, 0) = -0.02;
  EXPECT_NEAR(step.deviation(stress, errors), 3, 1e-12);
}

TEST(CellStep, DeviationOfAStressThatIsNotANumberIsNone) {
  const CellStep step(CellKind::full, 0, 1);
  Eigen::Matrix3d stress = Eigen::Matrix3d::Zero();
  stress(2, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(step.deviation(stress, Eigen::Matrix3d::Constant(0.01))));
}

}  // namespace
}  // namespace zeropoint::sscha
