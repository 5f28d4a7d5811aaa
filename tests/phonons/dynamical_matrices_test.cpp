#include "phonons/dynamical_matrices.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <numbers>

#include "core/error.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

double difference(const std::vector<Eigen::MatrixXcd>& a, const std::vector<Eigen::MatrixXcd>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, (a[i] - b[i]).cwiseAbs().maxCoeff());
  return largest;
}

TEST(DynamicalMatrices, ReturnFromRealSpaceUnchanged) {
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 4}, 5);
  EXPECT_LT(difference(to_bloch(to_real_space(matrices), matrices.grid), matrices.blocks), 1e-13);
}

TEST(DynamicalMatrices, AreHermitianConjugateAtMinusQAndExactlyRealAtHalfG) {
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 4}, 6);
  for (int iq = 0; iq < matrices.grid.size(); ++iq) {
    const Eigen::MatrixXcd& d = matrices.blocks[iq];
    EXPECT_LT((d - d.adjoint()).cwiseAbs().maxCoeff(), 1e-14);
    EXPECT_EQ(d, matrices.blocks[matrices.grid.minus(iq)].conjugate());
    if (matrices.grid.is_real(iq)) {
      EXPECT_EQ(d.imag().cwiseAbs().maxCoeff(), 0);
    }
  }
}

TEST(DynamicalMatrices, HaveThePhaseOfTheRowCell) {
  // Phi between cell R = a1 (rows) and cell 0 alone: D(q) = exp(-2 pi i q.R) Phi.
  const QGrid grid(Eigen::Vector3i(3, 1, 1));
  std::vector<Eigen::MatrixXd> force_constants(3, Eigen::MatrixXd::Zero(3, 3));
  force_constants[1] << 1, 2, 3, 4, 5, 6, 7, 8, 9;
  const int third = grid.find({1.0 / 3, 0, 0});
  const std::complex<double> phase = std::polar(1.0, -2 * std::numbers::pi / 3);
  EXPECT_LT((to_bloch(force_constants, grid)[third] - phase * force_constants[1]).norm(), 1e-14);
}

TEST(DynamicalMatrices, KeepTheNormOfTheSupercell) {
  // Parseval: sum_q |D(q)|^2 = N sum_R |Phi_R|^2.
  const DynamicalMatrices matrices = test::model_matrices(test::hexagonal_crystal(), {3, 2, 1}, 7);
  double squared = 0;
  for (const Eigen::MatrixXd& block : to_real_space(matrices)) squared += block.squaredNorm();
  EXPECT_NEAR(norm(matrices.blocks), std::sqrt(6 * squared), 1e-12);
}

TEST(DynamicalMatrices, RefuseForceConstantsThatAreNotReal) {
  DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {3, 1, 1}, 8);
  const int third = matrices.grid.find({1.0 / 3, 0, 0});
  matrices.blocks[third] *= 1.01;
  EXPECT_THROW(to_real_space(matrices), InputError);
}

TEST(DynamicalMatrices, RefuseForceConstantsThatAreNotNumbers) {
  DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {3, 1, 1}, 8);
  matrices.blocks[1](1, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(to_real_space(matrices), InputError);
}

}  // namespace
}  // namespace zeropoint::phonons
