#include "mlp/neighbours.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/mlp/random_structure.hpp"

namespace zeropoint::mlp {
namespace {

/// All pairs by looking at every lattice vector that could matter.
std::vector<std::pair<int, double>> by_search(const test::RandomStructure& structure, Eigen::Index centre,
                                              double cutoff) {
  std::vector<std::pair<int, double>> found;
  for (int a = -9; a <= 9; ++a) {
    for (int b = -9; b <= 9; ++b) {
      for (int c = -9; c <= 9; ++c) {
        for (Eigen::Index j = 0; j < structure.positions.rows(); ++j) {
          if (a == 0 && b == 0 && c == 0 && j == centre) continue;
          const double d = (structure.positions.row(j) + Eigen::RowVector3d(a, b, c) * structure.cell -
                            structure.positions.row(centre))
                               .norm();
          if (d < cutoff) found.emplace_back(static_cast<int>(j), d);
        }
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& x, const auto& y) { return x.second < y.second; });
  return found;
}

void expect_all_pairs(test::RandomStructure structure, double cutoff) {
  structure.positions.row(0) += Eigen::RowVector3d(3, -2, 1) * structure.cell;  // outside of the cell
  const Neighbours neighbours = find_neighbours(structure.cell, structure.positions, cutoff);
  for (Eigen::Index i = 0; i < structure.positions.rows(); ++i) {
    const auto expected = by_search(structure, i, cutoff);
    const std::int64_t first = neighbours.first[i];
    ASSERT_EQ(neighbours.first[static_cast<std::size_t>(i) + 1] - first, static_cast<std::int64_t>(expected.size()));
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const Eigen::Index e = first + static_cast<Eigen::Index>(k);
      EXPECT_NEAR(neighbours.vectors.row(e).norm(), expected[k].second, 1e-12);
      EXPECT_EQ(neighbours.atom[e], expected[k].first);
    }
  }
}

TEST(Neighbours, AreAllPairsOfASmallCellWithImagesOfTheAtomItself) {
  expect_all_pairs(test::random_structure(1, 2, 1), 7.5);
}

TEST(Neighbours, AreAllPairsOfACellOfManyBoxes) { expect_all_pairs(test::random_structure(2, 60, 2), 2.9); }

TEST(Neighbours, DoNotChangeWhenAtomsAreMovedByLatticeVectors) {
  const test::RandomStructure structure = test::random_structure(3, 9, 3);
  test::RandomStructure moved = structure;
  for (int i = 0; i < 9; ++i)
    moved.positions.row(i) += Eigen::RowVector3d(i % 3 - 1, i % 4 - 2, 1 - i % 2) * moved.cell;
  const Neighbours one = find_neighbours(structure.cell, structure.positions, 5),
                   other = find_neighbours(moved.cell, moved.positions, 5);
  ASSERT_EQ(one.atom, other.atom);
  EXPECT_LT((one.vectors - other.vectors).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(Neighbours, RefuseTwoAtomsAtOnePlace) {
  Vectors positions(2, 3);
  positions << 0, 0, 0, 4, 0, 0;  // one lattice vector apart
  EXPECT_THROW(find_neighbours(4 * Eigen::Matrix3d::Identity(), positions, 3), ConfigurationError);
}

}  // namespace
}  // namespace zeropoint::mlp
