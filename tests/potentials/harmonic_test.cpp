#include "potentials/harmonic.hpp"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::potentials {
namespace {

TEST(HarmonicPotential, IsBoundToTheGridOfItsMatrices) {
  const phonons::DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 1, 3}, 3);
  const HarmonicPotential potential(matrices);
  ASSERT_TRUE(potential.bound_divisions());
  EXPECT_EQ(*potential.bound_divisions(), Eigen::Vector3i(2, 1, 3));
  const at::Tensor rest = at::zeros({1, 3, 3}, at::kDouble);
  EXPECT_THROW(potential.evaluate(Supercell(matrices.crystal, {1, 1, 1}), rest), InputError);
  EXPECT_NO_THROW(potential.evaluate(matrices.supercell(), at::zeros({1, 18, 3}, at::kDouble)));
  EXPECT_FALSE(potential.waits_for_labels());
  EXPECT_TRUE(potential.missing(matrices.supercell(), at::zeros({1, 18, 3}, at::kDouble)).configurations.empty());
}

}  // namespace
}  // namespace zeropoint::potentials
