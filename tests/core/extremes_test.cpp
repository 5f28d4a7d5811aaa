#include "core/extremes.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace zeropoint {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Extremes, AreNotANumberWhereEitherIs) {
  EXPECT_EQ(larger(1, 2), 2);
  EXPECT_EQ(smaller(1, 2), 1);
  EXPECT_TRUE(std::isnan(larger(1, nan)) && std::isnan(larger(nan, 1)));
  EXPECT_TRUE(std::isnan(smaller(1, nan)) && std::isnan(smaller(nan, 1)));
}

TEST(Extremes, OfAMatrixAreNotANumberWhereverItHasOne) {
  Eigen::Matrix3d values = Eigen::Matrix3d::Constant(-2);
  EXPECT_EQ(largest_magnitude(values), 2);
  for (Eigen::Index i = 0; i < 9; ++i) {
    Eigen::Matrix3d damaged = values;
    damaged.data()[i] = nan;
    EXPECT_TRUE(std::isnan(largest_magnitude(damaged))) << i;
  }
}

}  // namespace
}  // namespace zeropoint
