#include "phonons/symmetric_grid.hpp"

#include <gtest/gtest.h>

#include "phonons/q_stars.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

TEST(SymmetricGrid, LeavesSymmetricMatricesAlone) {
  DynamicalMatrices matrices = test::model_matrices(test::wurtzite_crystal(), {2, 2, 2}, 3);
  const SpaceGroup group = find_space_group(matrices.crystal);
  Symmetrizer(keeping_grid(group, matrices.grid), matrices.crystal, matrices.grid).matrices(matrices.blocks);
  const Interpolation interpolation(matrices);
  const SymmetricGrid fine = symmetric_on_grid(interpolation, {4, 4, 2}, group, SumRule::crystal);
  EXPECT_EQ(fine.n_operations, 12);
  EXPECT_LT(fine.asymmetry, 1e-10);
  EXPECT_EQ(fine.matrices.grid.divisions(), Eigen::Vector3i(4, 4, 2));
  for (int iq = 0; iq < matrices.grid.size(); ++iq) {
    const int there = fine.matrices.grid.find(matrices.grid.points()[iq]);
    EXPECT_LT((fine.matrices.blocks[there] - interpolation(fine.matrices.grid.points()[there])).norm(), 1e-9);
  }
}

TEST(SymmetricGrid, SaysHowMuchItAveragesOut) {
  const DynamicalMatrices matrices = test::model_matrices(test::wurtzite_crystal(), {2, 2, 1}, 3);
  const SpaceGroup group = find_space_group(matrices.crystal);
  const Interpolation interpolation(matrices, {.sum_rule = SumRule::none});
  // Operations that turn the first axis do not keep this mesh.
  const SymmetricGrid fine = symmetric_on_grid(interpolation, {4, 2, 1}, group, SumRule::none);
  EXPECT_EQ(fine.n_operations, static_cast<int>(keeping_mesh(group, {4, 2, 1}).operations.size()));
  EXPECT_LT(fine.n_operations, 12);
  EXPECT_GT(fine.asymmetry, 1e-3);
  const int gamma = fine.matrices.grid.gamma();
  EXPECT_EQ(fine.matrices.blocks[gamma], interpolation.on_grid(fine.matrices.grid).blocks[gamma]);
}

}  // namespace
}  // namespace zeropoint::phonons
