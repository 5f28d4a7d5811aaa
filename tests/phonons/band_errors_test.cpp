#include "phonons/band_errors.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "phonons/modes.hpp"
#include "phonons/polar_symmetry.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/spectrum.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

std::vector<std::vector<double>> some_errors(const DynamicalMatrices& matrices) {
  std::vector<std::vector<double>> errors(static_cast<std::size_t>(matrices.grid.size()));
  for (int iq = 0; iq < matrices.grid.size(); ++iq) {
    auto& row = errors[std::min(iq, matrices.grid.minus(iq))];
    if (row.empty()) {
      for (int mu = 0; mu < matrices.n_modes(); ++mu) row.push_back(1e-3 * (1 + mu + 0.1 * iq));
    }
    errors[iq] = row;
  }
  return errors;
}

TEST(BandErrors, OnTheGridAreThoseGiven) {
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 2}, 4);
  const Interpolation interpolation(matrices, {.sum_rule = SumRule::none});
  const auto errors = some_errors(matrices);
  const std::vector<Modes> modes = diagonalise(matrices);
  const std::vector<Eigen::Vector3d> none(matrices.grid.points().size(), Eigen::Vector3d::Zero());
  const Eigen::MatrixXd found = BandErrors(matrices, errors)(interpolation, matrices.grid.points(), none);
  for (int iq = 0; iq < matrices.grid.size(); ++iq) {
    if (iq == matrices.grid.gamma()) continue;  // the model breaks the sum rule, which defines the modes there
    for (int mu = 0; mu < matrices.n_modes(); ++mu) {
      const auto i = static_cast<std::size_t>(iq);
      EXPECT_NEAR(found(iq, mu), errors[i][mu] / (2 * modes[i].frequencies[mu]), 1e-12);
    }
  }
}

TEST(BandErrors, OfACommonFactorAreThatFactorEverywhere) {
  // omega^2 of every mode uncertain by 2 %: omega by 1 %, on and off the grid, because the matrix of errors is 2 % of
  // D.
  DynamicalMatrices matrices = test::model_matrices(test::cmc21_crystal(), {2, 2, 2}, 4);
  impose_acoustic_sum_rule(matrices.blocks[matrices.grid.gamma()]);
  std::vector<std::vector<double>> errors;
  for (const Modes& modes : diagonalise(matrices)) {
    const Eigen::VectorXd squares = 0.02 * modes.frequencies.cwiseAbs2();
    errors.emplace_back(squares.begin(), squares.end());
  }
  const Interpolation interpolation(matrices);
  const std::vector<Eigen::Vector3d> points{{0.21, 0.37, 0.11}, {0.5, 0.25, 0.4}}, none(2, Eigen::Vector3d::Zero());
  const Eigen::MatrixXd found = BandErrors(matrices, errors)(interpolation, points, none);
  const Eigen::MatrixXd frequencies = frequencies_at(interpolation, points);
  EXPECT_LT((found - 0.01 * frequencies).cwiseAbs().maxCoeff(), 1e-10);
}

TEST(BandErrors, RefuseWhatDoesNotBelongToTheMatrices) {
  const DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {2, 1, 1}, 4);
  EXPECT_COMPLAINT(BandErrors(matrices, {{1, 2}}), "standard errors at 1 q points for matrices at 2");
  auto errors = some_errors(matrices);
  errors[1].pop_back();
  EXPECT_COMPLAINT(BandErrors(matrices, errors), "for 6 modes");
  errors = some_errors(matrices);
  errors[0][4] = -1;
  EXPECT_COMPLAINT(BandErrors(matrices, errors), "negative or not finite");
}

TEST(PolarSymmetry, KeepsChargesThatHaveItAndAveragesNoise) {
  const DynamicalMatrices matrices = read_qe_dyn(ZEROPOINT_SOURCE_DIR "/examples/lih/a4.006/harmonic.dyn");
  const SpaceGroup group = find_space_group(matrices.crystal);
  Polar noisy = *matrices.polar;
  noisy.born_charges[0](0, 1) += 0.01;
  noisy.dielectric(0, 0) += 0.03;
  const Polar averaged = symmetrized(noisy, matrices.crystal, group);
  EXPECT_LT(std::abs(averaged.born_charges[0](0, 1)), 1e-12);
  EXPECT_NEAR(averaged.dielectric(2, 2), matrices.polar->dielectric(2, 2) + 0.01, 1e-7);  // digits of the file
  for (const SymmetryOperation& operation : group.operations) {
    const Eigen::Matrix3d turned = operation.cartesian * averaged.born_charges[1] * operation.cartesian.transpose();
    EXPECT_LT((turned - averaged.born_charges[1]).cwiseAbs().maxCoeff(), 1e-12);
  }
}

TEST(PolarSymmetry, LetsAChargeBeAnyMatrixThatItsSiteAllows) {
  // In P2_1/c atoms at general positions may have any charge, transposed it would be another; the images follow.
  const Crystal crystal = test::p21c_crystal();
  const SpaceGroup group = find_space_group(crystal);
  Eigen::Matrix3d first;
  first << -1.5, 0.3, -0.2, 0.6, -1.9, 0.1, -0.4, 0.5, -1.2;
  Polar polar{4 * Eigen::Matrix3d::Identity(), std::vector<Eigen::Matrix3d>(8)};
  for (const SymmetryOperation& operation : group.operations) {
    polar.born_charges[operation.permutation[0]] = operation.cartesian * first * operation.cartesian.transpose();
    polar.born_charges[operation.permutation[4]] =
        -operation.cartesian * first.transpose() * operation.cartesian.transpose();
  }
  const Polar same = symmetrized(polar, crystal, group);
  for (std::size_t s = 0; s < 8; ++s)
    EXPECT_LT((same.born_charges[s] - polar.born_charges[s]).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(PolarSymmetry, NamesTheAtomAndTheOperationOfChargesOfAnotherCrystal) {
  const DynamicalMatrices matrices = read_qe_dyn(ZEROPOINT_SOURCE_DIR "/examples/lih/a4.006/harmonic.dyn");
  const SpaceGroup group = find_space_group(matrices.crystal);
  Polar wrong = *matrices.polar;
  wrong.born_charges[1](0, 0) += 0.2;
  EXPECT_COMPLAINT(symmetrized(wrong, matrices.crystal, group),
                   "the Born effective charges of atom 2 (H) and of its image under");
  EXPECT_COMPLAINT(symmetrized(wrong, matrices.crystal, group), "differ by 0.200 |e|");
  wrong.born_charges.pop_back();
  EXPECT_COMPLAINT(symmetrized(wrong, matrices.crystal, group), "1 Born effective charges for 2 atoms");
}

}  // namespace
}  // namespace zeropoint::phonons
