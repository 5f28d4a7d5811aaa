#include "phonons/stars.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

std::vector<int> sizes(const Crystal& crystal, const Eigen::Vector3i& divisions) {
  const QGrid grid = grid_in_stars(crystal, divisions);
  EXPECT_EQ(grid.divisions(), divisions);
  EXPECT_EQ(grid.gamma(), 0);
  std::vector<int> result = grid.stars();
  std::sort(result.begin(), result.end());
  return result;
}

TEST(Stars, AreThoseOfThePointGroupAndTimeReversal) {
  // Gamma, X and L of rock salt; ph.x makes three files.
  EXPECT_EQ(sizes(test::cubic_crystal(), {2, 2, 2}), (std::vector<int>{1, 3, 4}));
  // Gamma and K with K', M three times: hcp 3 x 3 x 1 has Gamma, K (2), and six points between Gamma and K.
  EXPECT_EQ(sizes(test::hexagonal_crystal(), {3, 3, 1}), (std::vector<int>{1, 2, 6}));
  // Without symmetry pairs are left.
  EXPECT_EQ(sizes(test::triclinic_crystal(), {3, 2, 1}), (std::vector<int>{1, 1, 2, 2}));
}

TEST(Stars, KeepToOperationsThatTheGridHas) {
  // 3 x 2 x 1 breaks the cubic symmetry: no point is mapped out of the grid, none is lost.
  int count = 0;
  for (const int size : sizes(test::cubic_crystal(), {3, 2, 1})) count += size;
  EXPECT_EQ(count, 6);
}

}  // namespace
}  // namespace zeropoint::phonons
