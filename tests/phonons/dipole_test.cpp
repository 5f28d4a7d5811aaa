#include "phonons/dipole.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

const Eigen::Vector3d some_q(0.21, -0.34, 0.47);

double largest(const Eigen::MatrixXcd& matrix) { return matrix.cwiseAbs().maxCoeff(); }

TEST(DipoleInteraction, IsHermitianPeriodicAndConjugateAtMinusQ) {
  const DipoleInteraction dipoles(test::triclinic_crystal(), test::polar_without_symmetry());
  const Eigen::MatrixXcd c = dipoles(some_q);
  EXPECT_GT(largest(c), 1);
  EXPECT_EQ(largest(c - c.adjoint()), 0);
  EXPECT_LT(largest(dipoles(-some_q) - c.conjugate()), 1e-12);
  for (const Eigen::Vector3d& g : {Eigen::Vector3d(1, 0, 0), Eigen::Vector3d(-2, 3, 1)}) {
    EXPECT_LT(largest(dipoles(some_q + g) - c), 1e-12);
    EXPECT_EQ(largest(dipoles(g) - dipoles(Eigen::Vector3d::Zero())), 0);
  }
}

TEST(DipoleInteraction, LeavesUniformTranslationsAloneUpToTheAntisymmetricPart) {
  const Eigen::MatrixXcd c =
      DipoleInteraction(test::triclinic_crystal(), test::polar_without_symmetry())(Eigen::Vector3d::Zero());
  for (int s = 0; s < 3; ++s) {
    Eigen::Matrix3cd sum = Eigen::Matrix3cd::Zero();
    for (int t = 0; t < 3; ++t) sum += c.block<3, 3>(3 * s, 3 * t);
    EXPECT_LT(largest(sum + sum.transpose()), 1e-12);
  }
  // Cubic sites have no antisymmetric part.
  Polar cubic{4 * Eigen::Matrix3d::Identity(), {Eigen::Matrix3d::Identity(), -Eigen::Matrix3d::Identity()}};
  const Eigen::MatrixXcd salt = DipoleInteraction(test::cubic_crystal(), cubic)(Eigen::Vector3d::Zero());
  EXPECT_LT(largest(salt.leftCols(3) + salt.rightCols(3)), 1e-12);
}

TEST(DipoleInteraction, ReachesItsNonAnalyticLimitFromEveryDirection) {
  const Crystal crystal = test::triclinic_crystal();
  const DipoleInteraction dipoles(crystal, test::polar_without_symmetry());
  for (const Eigen::Vector3d& q :
       {Eigen::Vector3d(1, 0, 0), Eigen::Vector3d(0.3, -0.5, 0.8), Eigen::Vector3d(0, 1, 1)}) {
    const Eigen::MatrixXcd limit =
        dipoles(Eigen::Vector3d::Zero()) +
        dipoles.non_analytic(crystal.reciprocal().transpose() * q).cast<std::complex<double>>();
    const auto error = [&](double h) { return largest(dipoles(h * q) - limit); };
    EXPECT_LT(error(1e-4), 1e-2);
    EXPECT_NEAR(error(2e-4) / error(1e-4), 2, 0.01);  // the phases of q.(tau_s - tau_t) are of first order
  }
  EXPECT_COMPLAINT(dipoles.non_analytic(Eigen::Vector3d::Zero()), "needs a direction");
}

TEST(DipoleInteraction, TurnsWithTheCrystal) {
  const Eigen::Matrix3d rotation = test::some_rotation();
  Polar turned = test::polar_without_symmetry();
  turned.dielectric = rotation * turned.dielectric * rotation.transpose();
  for (Eigen::Matrix3d& charge : turned.born_charges) charge = (rotation * charge * rotation.transpose()).eval();
  const Eigen::MatrixXcd c = DipoleInteraction(test::triclinic_crystal(), test::polar_without_symmetry())(some_q);
  const Eigen::MatrixXcd r = DipoleInteraction(test::rotated(test::triclinic_crystal(), rotation), turned)(some_q);
  for (int s = 0; s < 3; ++s) {
    for (int t = 0; t < 3; ++t) {
      const Eigen::Matrix3cd expected = rotation * c.block<3, 3>(3 * s, 3 * t) * rotation.transpose();
      EXPECT_LT(largest(r.block<3, 3>(3 * s, 3 * t) - expected), 1e-11);
    }
  }
}

TEST(DipoleInteraction, DependsOnTheEwaldParameterByAnAnalyticTermAlone) {
  // The part of another parameter is the reciprocal sum of a short-ranged function: smooth at Gamma, with no direction
  // left.
  const Crystal crystal = test::triclinic_crystal();
  const DipoleInteraction one(crystal, test::polar_without_symmetry()),
      other(crystal, test::polar_without_symmetry(), {.alpha = 9});
  const auto change = [&](const Eigen::Vector3d& q) { return Eigen::MatrixXcd(one(q) - other(q)); };
  const Eigen::MatrixXcd at_gamma = change(Eigen::Vector3d::Zero());
  EXPECT_GT(largest(at_gamma), 0.1);
  for (const Eigen::Vector3d& q :
       {Eigen::Vector3d(1e-4, 0, 0), Eigen::Vector3d(0, 0, 1e-4), Eigen::Vector3d(1e-4, 1e-4, -1e-4)}) {
    EXPECT_LT(largest(change(q) - at_gamma), 1e-2);  // first order in q, against a limit of 5 that depends on direction
  }
}

TEST(DipoleInteraction, HasAnEwaldParameterThatKeepsTheRestShortRanged) {
  const Crystal salt = test::cubic_crystal();  // d = 2.82 angstrom
  const double bohr = units::codata2022.bohr;
  EXPECT_DOUBLE_EQ(default_alpha(salt, 2.3 * Eigen::Matrix3d::Identity()), 1 / (bohr * bohr));
  EXPECT_NEAR(default_alpha(salt, 40 * Eigen::Matrix3d::Identity()), 2 * 40 / (2.82 * 2.82), 1e-10);
}

TEST(BornCharges, AreMadeNeutralByTheirMean) {
  Polar polar = test::polar_without_symmetry();
  polar.born_charges[0](1, 2) += 0.3;
  EXPECT_NEAR(total_charge(polar)(1, 2), 0.3, 1e-14);
  const Polar fixed = neutral(polar);
  EXPECT_LT(total_charge(fixed).cwiseAbs().maxCoeff(), 1e-14);
  EXPECT_NEAR(fixed.born_charges[1](1, 2), polar.born_charges[1](1, 2) - 0.1, 1e-14);
  polar.born_charges[2](0, 0) += 0.6;
  EXPECT_COMPLAINT(neutral(polar), "sum to 0.6000 |e|");
}

TEST(BornCharges, OfAnotherCrystalOrAMetalAreRefused) {
  Polar polar = test::polar_without_symmetry();
  EXPECT_COMPLAINT(check(polar, 4), "3 Born effective charges for 4 atoms");
  polar.dielectric(0, 0) = 0.5;
  EXPECT_COMPLAINT(check(polar, 3), "eigenvalue");
  polar.dielectric(0, 0) = std::nan("");
  EXPECT_COMPLAINT(DipoleInteraction(test::triclinic_crystal(), polar), "NaN");
}

}  // namespace
}  // namespace zeropoint::phonons
