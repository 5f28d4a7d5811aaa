#include "phonons/group_velocity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/spectrum.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

Interpolation triclinic(bool polar) {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 2}, 4);
  if (polar) matrices.polar = test::polar_without_symmetry();
  return Interpolation(matrices);
}

Interpolation lih() { return Interpolation(read_qe_dyn(ZEROPOINT_SOURCE_DIR "/examples/lih/a4.006/harmonic.dyn")); }

/// Frequencies at q moved by h along `direction` (Cartesian, 1/angstrom with 2 pi).
Eigen::VectorXd moved(const Interpolation& interpolation, const Eigen::Vector3d& q, const Eigen::Vector3d& direction,
                      double h) {
  const Eigen::Vector3d step = interpolation.crystal().cell * direction * (h / (2 * std::numbers::pi));
  return frequencies_at(interpolation, {q + step}).row(0).transpose();
}

/// Of the branches as they are sorted on each side, with an error of fourth order in h.
Eigen::VectorXd slope(const Interpolation& interpolation, const Eigen::Vector3d& q, const Eigen::Vector3d& direction,
                      double h) {
  const auto central = [&](double s) {
    return Eigen::VectorXd((moved(interpolation, q, direction, s) - moved(interpolation, q, direction, -s)) / (2 * s));
  };
  return (4 * central(h / 2) - central(h)) / 3;
}

TEST(GroupVelocities, AreTheSlopesOfTheBands) {
  for (const bool polar : {false, true}) {
    const Interpolation interpolation = triclinic(polar);
    for (const Eigen::Vector3d& q :
         {Eigen::Vector3d(0.11, 0.07, -0.23), Eigen::Vector3d(0.4, 0.5, 0.1), Eigen::Vector3d(0.01, -0.02, 0.015)}) {
      const double h = q.norm() < 0.1 ? 1e-4 : 1e-3;
      const Eigen::MatrixX3d v = group_velocities(interpolation, q, Eigen::Vector3d::UnitX());
      for (int axis = 0; axis < 3; ++axis) {
        // Rounding 1e-14 over h, and h^4 times a fifth derivative that near Gamma grows as its distance shrinks.
        EXPECT_LT((slope(interpolation, q, Eigen::Vector3d::Unit(axis), h) - v.col(axis)).cwiseAbs().maxCoeff(), 2e-8)
            << q.transpose() << " polar " << polar;
      }
    }
  }
}

TEST(GroupVelocities, OfTheDipoleTermAreItsDerivative) {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {1, 1, 1}, 4);
  const DipoleInteraction dipoles(matrices.crystal, test::polar_without_symmetry());
  const Eigen::Vector3d q(0.13, -0.21, 0.34);
  const auto gradient = dipoles.gradient(q);
  for (int axis = 0; axis < 3; ++axis) {
    const double h = 1e-4;
    const Eigen::Vector3d step = matrices.crystal.cell * Eigen::Vector3d::Unit(axis) * (h / (2 * std::numbers::pi));
    const auto central = [&](double t) {
      return Eigen::MatrixXcd((dipoles(q + t * step) - dipoles(q - t * step)) / (2 * t * h));
    };
    const Eigen::MatrixXcd expected = (4 * central(0.5) - central(1)) / 3;
    EXPECT_LT((gradient[axis] - expected).cwiseAbs().maxCoeff(), 1e-9);
  }
}

TEST(GroupVelocities, OfDegenerateSetsAreTheBranchesThatLeaveThePoint) {
  // W of fcc: degenerate modes that split with a slope along a direction without symmetry.
  const Interpolation interpolation = lih();
  const Eigen::Vector3d w(0.5, 0.25, 0.75), direction = Eigen::Vector3d(0.3, -0.5, 0.9).normalized();
  const Eigen::VectorXd here = moved(interpolation, w, direction, 0);
  int n_degenerate = 0;
  for (Eigen::Index mu = 1; mu < 6; ++mu) n_degenerate += here[mu] - here[mu - 1] < 1e-6;
  EXPECT_GT(n_degenerate, 0);
  const Eigen::VectorXd along = group_velocities(interpolation, w, direction) * direction;
  // One-sided: sorted branches have kinks there. Three steps leave an error of third order.
  const auto forward = [&](double h) { return Eigen::VectorXd((moved(interpolation, w, direction, h) - here) / h); };
  const double h = 2e-3;
  const Eigen::VectorXd once = 2 * forward(h / 2) - forward(h), half = 2 * forward(h / 4) - forward(h / 2);
  // Steps of files, 1e-5 of the splitting that symmetry forbids, over h; frequencies here are near 1e-1 and slopes near
  // 0.1.
  EXPECT_LT(((4 * half - once) / 3 - along).cwiseAbs().maxCoeff(), 1e-4);
}

TEST(GroupVelocities, AtGammaAreSoundAlongTheDirectionAndNothingForOpticalModes) {
  // Force constants that turning the crystal would strain have a slope without limit, unless there is inversion.
  DynamicalMatrices monoclinic = test::model_matrices(test::p21c_crystal(), {2, 2, 2}, 6);
  Symmetrizer(find_space_group(monoclinic.crystal), monoclinic.crystal, monoclinic.grid).matrices(monoclinic.blocks);
  for (const Interpolation& interpolation : {lih(), Interpolation(monoclinic)}) {
    const Eigen::Vector3d direction = Eigen::Vector3d(1, 2, -0.5).normalized();
    const Eigen::MatrixX3d v = group_velocities(interpolation, Eigen::Vector3d::Zero(), direction);
    const Eigen::VectorXd at = moved(interpolation, Eigen::Vector3d::Zero(), direction, 1e-4) / 1e-4;
    for (Eigen::Index mu = 0; mu < 3; ++mu) {
      EXPECT_GT(std::abs(at[mu]), 1e-3);
      EXPECT_NEAR(v.row(mu).dot(direction), at[mu], 1e-4 * std::abs(at[mu]));  // (h a)^2 of it
      EXPECT_LT(v.row(mu).transpose().cross(direction).norm(), 1e-12);
    }
    EXPECT_LT(v.bottomRows(v.rows() - 3).cwiseAbs().maxCoeff(), 1e-9);
  }
  EXPECT_COMPLAINT(group_velocities(lih(), Eigen::Vector3d::Zero(), Eigen::Vector3d::Zero()), "need a direction");
}

TEST(GroupVelocities, TurnWithTheCrystal) {
  const Eigen::Vector3d q(0.11, 0.07, -0.23), direction(0.2, 0.3, 0.5);
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 2, 2}, 4);
  const Eigen::Matrix3d turn = test::some_rotation();
  const Eigen::MatrixX3d v = group_velocities(Interpolation(matrices), q, direction);
  const Eigen::MatrixX3d turned = group_velocities(Interpolation(test::rotated(matrices, turn)), q, turn * direction);
  EXPECT_LT((v * turn.transpose() - turned).cwiseAbs().maxCoeff(), 1e-11);
}

}  // namespace
}  // namespace zeropoint::phonons
