#include "phonons/rotations.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "phonons/interpolation.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

/// Springs between all atoms nearer than `range`: stiffness k(r) along the bond, and the tension that pulls it, times
/// 1/r across.
DynamicalMatrices springs(const Crystal& crystal, const Eigen::Vector3i& divisions, double range, double tension) {
  DynamicalMatrices matrices{crystal, QGrid(divisions), {}, {}, 0, ""};
  for (const Eigen::Vector3d& q : matrices.grid.points()) {
    Eigen::MatrixXcd d = Eigen::MatrixXcd::Zero(matrices.n_modes(), matrices.n_modes());
    for (int i = 0; i < 11 * 11 * 11; ++i) {
      const Eigen::Vector3i r(i / 121 - 5, i / 11 % 11 - 5, i % 11 - 5);
      for (int s = 0; s < crystal.n_atoms(); ++s) {
        for (int t = 0; t < crystal.n_atoms(); ++t) {
          const Eigen::Vector3d v =
              (r.cast<double>().transpose() * crystal.cell + crystal.positions.row(s) - crystal.positions.row(t))
                  .transpose();
          const double length = v.norm();
          if (length < 1e-9 || length > range) continue;
          const Eigen::Vector3d n = v / length;
          const Eigen::Matrix3d phi = 5 * std::exp(-length) * (n * n.transpose()) +
                                      tension / length * (Eigen::Matrix3d::Identity() - n * n.transpose());
          const std::complex<double> phase = std::polar(1.0, -2 * std::numbers::pi * q.dot(r.cast<double>()));
          d.block<3, 3>(3 * s, 3 * t) -= phase * phi.cast<std::complex<double>>();
          d.block<3, 3>(3 * t, 3 * t) += phi.cast<std::complex<double>>();
        }
      }
    }
    matrices.blocks.push_back((d + d.adjoint()) / 2);
  }
  return matrices;
}

/// Shortest distance between atoms of a crystal and its images.
double bond(const Crystal& crystal) {
  double least = 1e9;
  for (int i = 0; i < 27; ++i) {
    const Eigen::RowVector3d r = Eigen::RowVector3d(i / 9 - 1, i / 3 % 3 - 1, i % 3 - 1) * crystal.cell;
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      for (int t = 0; t < crystal.n_atoms(); ++t) {
        const double length = (r + crystal.positions.row(s) - crystal.positions.row(t)).norm();
        if (length > 1e-9) least = std::min(least, length);
      }
    }
  }
  return least;
}

TEST(Rotations, AndShearsCostNothingWhereSpringsAreAtRest) {
  const Crystal crystal = test::triclinic_crystal();
  const RotationResiduals found = rotation_residuals(springs(crystal, {3, 3, 3}, 1.6 * bond(crystal), 0));
  EXPECT_LT(found.rotations, 1e-12);
  EXPECT_LT(found.stress, 1e-12);
}

TEST(Rotations, CostNothingUnderStressWhichHuangsConditionsSee) {
  // The sites of hcp are no centres of inversion, yet springs under tension leave no force on them.
  const Crystal crystal = test::hexagonal_crystal();
  const RotationResiduals found = rotation_residuals(springs(crystal, {4, 4, 3}, 1.6 * bond(crystal), 0.3));
  EXPECT_LT(found.rotations, 1e-12);
  EXPECT_GT(found.stress, 0.1);
}

TEST(Rotations, OnceImposedHoldAndChangeNothingAgain) {
  for (const bool stress_free : {false, true}) {
    DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 2}, 8);
    const RotationResiduals before = rotation_residuals(matrices);
    EXPECT_GT(before.rotations, 0.1);
    impose_rotations(matrices, stress_free);
    const RotationResiduals after = rotation_residuals(matrices);
    EXPECT_LT(after.rotations, 1e-10);
    EXPECT_EQ(after.stress < 1e-9, stress_free);
    EXPECT_LT((matrices.blocks[matrices.grid.gamma()] * Eigen::MatrixXcd::Identity(3, 3).replicate(3, 1))
                  .cwiseAbs()
                  .maxCoeff(),
              1e-11);
    for (const int iq : matrices.grid.independent()) {
      const Eigen::MatrixXcd& block = matrices.blocks[iq];
      EXPECT_LT((block - block.adjoint()).cwiseAbs().maxCoeff(), 1e-12);
    }
    DynamicalMatrices again = matrices;
    impose_rotations(again, stress_free);
    EXPECT_LT(test::difference(again.blocks, matrices.blocks), 1e-11);
  }
}

TEST(Rotations, KeepTheSpaceGroup) {
  DynamicalMatrices matrices = test::model_matrices(test::wurtzite_crystal(), {2, 2, 2}, 3);
  const Symmetrizer symmetrize(find_space_group(matrices.crystal), matrices.crystal, matrices.grid);
  symmetrize.matrices(matrices.blocks);
  impose_rotations(matrices, true);
  std::vector<Eigen::MatrixXcd> symmetric = matrices.blocks;
  symmetrize.matrices(symmetric);
  EXPECT_LT(test::difference(symmetric, matrices.blocks), 1e-11);
}

/// A triangular sheet that bends with energy (sum of h_j - h_i over neighbours)^2, whose force constants have an error
/// that costs energy when it is turned: its flexural branch leaves Gamma as a line, or imaginary.
TEST(Rotations, BendASheetSoftly) {
  Crystal crystal = test::triclinic_lattice();
  const double a = 2.5;
  crystal.cell << a, 0, 0, -a / 2, a * std::sqrt(3) / 2, 0, 0, 0, 20;
  crystal.positions.setZero();
  DynamicalMatrices matrices = springs(crystal, {7, 7, 1}, 1.1 * a, 0);
  for (const double error : {0.05, -0.05}) {
    DynamicalMatrices sheet = matrices;
    for (int iq = 0; iq < sheet.grid.size(); ++iq) {
      const Eigen::Vector3d& q = sheet.grid.points()[iq];
      double bent = 0;
      for (const double x : {q[0], q[1], q[0] + q[1]}) bent += 2 - 2 * std::cos(2 * std::numbers::pi * x);
      sheet.blocks[iq](2, 2) += 0.1 * bent * bent + error * bent;
    }
    const auto squares = [&](SumRule rule) {  // of the out-of-plane branch at q and q/2
      const Interpolation interpolation(sheet, {.sum_rule = rule});
      return std::pair{interpolation({0.02, 0, 0})(2, 2).real(), interpolation({0.01, 0, 0})(2, 2).real()};
    };
    const auto [wrong, wrong_half] = squares(SumRule::crystal);
    EXPECT_EQ(wrong < 0, error < 0);
    EXPECT_NEAR(wrong / wrong_half, 4, 0.2);  // omega ~ q
    // Around the one atom of the cell all is even: rotations alone say nothing, no stress is what lets the sheet bend.
    const auto [right, half] = squares(SumRule::all);
    EXPECT_GT(half, 0);
    EXPECT_NEAR(right / half, 16, 0.2);  // omega ~ q^2
  }
}

TEST(Rotations, OfPolarCrystalsAreRefused) {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 2, 2}, 8);
  matrices.polar = test::polar_without_symmetry();
  EXPECT_COMPLAINT(impose_rotations(matrices, false), "dipole forces reach beyond any supercell");
  EXPECT_COMPLAINT(Interpolation(matrices, {.sum_rule = SumRule::all}), "use the rule crystal");
  EXPECT_NO_THROW(Interpolation(matrices, {.sum_rule = SumRule::all, .dipoles = false}));
}

}  // namespace
}  // namespace zeropoint::phonons
