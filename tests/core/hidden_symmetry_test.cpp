#include "core/hidden_symmetry.hpp"

#include <gtest/gtest.h>

#include "tests/support/crystals.hpp"

namespace zeropoint {
namespace {

TEST(HiddenSymmetry, IsFoundWhereDecimalsAreFew) {
  Crystal crystal = test::wurtzite_crystal();
  const SpaceGroup whole = find_space_group(crystal);
  EXPECT_FALSE(hidden_symmetry(crystal, whole));
  crystal.positions(1, 0) += 4e-4;
  const SpaceGroup seen = find_space_group(crystal);
  ASSERT_LT(seen.operations.size(), whole.operations.size());
  const std::optional<SpaceGroup> hidden = hidden_symmetry(crystal, seen);
  ASSERT_TRUE(hidden);
  EXPECT_EQ(hidden->number, whole.number);
  EXPECT_EQ(hidden->tolerance, 1e-3);
}

TEST(HiddenSymmetry, EndsAtAHundredthOfAnAngstrom) {
  Crystal crystal = test::wurtzite_crystal();
  crystal.positions(1, 0) += 0.1;
  EXPECT_FALSE(hidden_symmetry(crystal, find_space_group(crystal)));
}

}  // namespace
}  // namespace zeropoint
