#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "phonons/interpolation.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/spectrum.hpp"
#include "tests/phonons/matdyn_run.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

// .freq has four decimals, .fc twelve digits of the force constants and seven decimals of charges and lengths.
constexpr double tolerance = 1e-3;  // cm^-1

DynamicalMatrices triclinic(const Eigen::Vector3i& divisions, bool polar) {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), divisions, 29);
  for (Eigen::MatrixXcd& block : matrices.blocks) block += 20 * Eigen::MatrixXcd::Identity(9, 9);  // all modes real
  if (polar) matrices.polar = test::polar_without_symmetry();
  return matrices;
}

const std::vector<Eigen::Vector3d> off_grid = {
    {0.11, 0.07, -0.23}, {0.5, 0.25, 0.1},  {0.31, -0.42, 0.17}, {0.05, 0, 0},      {0, 0.21, 0.37},
    {0.77, 0.13, 0.41},  {1.2, -0.6, 0.33}, {0.17, 0.17, 0.17},  {-0.08, 0.3, 0.9}, {0.25, 0.75, 1.4}};

void expect_equal(const Eigen::MatrixXd& ours, const std::vector<std::vector<double>>& theirs, double smallest = 10) {
  ASSERT_EQ(static_cast<std::size_t>(ours.rows()), theirs.size());
  for (Eigen::Index iq = 0; iq < ours.rows(); ++iq) {
    for (Eigen::Index mu = 0; mu < ours.cols(); ++mu) {
      const double frequency = units::codata2022.inverse_cm(ours(iq, mu));
      if (smallest > 0) {
        EXPECT_GT(frequency, smallest);
      }
      EXPECT_NEAR(frequency, theirs[iq][mu], tolerance) << iq << " " << mu;
    }
  }
}

InterpolationOptions as_matdyn(const DynamicalMatrices& matrices) {
  const double alat = matrices.crystal.cell.row(0).norm();  // what the writer takes
  return {.sum_rule = SumRule::none,
          .neutral_charges = false,
          .ewald = {
              .alpha = std::pow(2 * std::numbers::pi / alat, 2), .cutoff = 14, .divisions = matrices.grid.divisions()}};
}

TEST(Matdyn, AgreesOnATriclinicPolarCrystalOffTheGrid) {
  SKIP_WITHOUT_MATDYN();
  const DynamicalMatrices matrices = triclinic({3, 2, 2}, true);
  const test::TemporaryFolder folder;
  write_qe_dyn(matrices, folder / "x.dyn");
  const Interpolation interpolation(matrices, as_matdyn(matrices));
  expect_equal(frequencies_at(interpolation, off_grid), test::frequencies_of_matdyn(folder, "no", off_grid));
}

TEST(Matdyn, AgreesOnTheDirectionsOfGamma) {
  SKIP_WITHOUT_MATDYN();
  const DynamicalMatrices matrices = triclinic({3, 2, 2}, true);
  const test::TemporaryFolder folder;
  write_qe_dyn(matrices, folder / "x.dyn");
  // matdyn takes the direction of Gamma from the point before it in the list.
  std::vector<Eigen::Vector3d> list, gammas, directions;
  for (const Eigen::Vector3d& q : {off_grid[0], off_grid[3], off_grid[4], off_grid[7]}) {
    list.push_back(q);
    list.emplace_back(0, 0, 0);
    gammas.emplace_back(0, 0, 0);
    directions.emplace_back(matrices.crystal.reciprocal().transpose() * q);
  }
  const std::vector<std::vector<double>> all = test::frequencies_of_matdyn(folder, "no", list);
  std::vector<std::vector<double>> at_gamma;
  for (std::size_t i = 1; i < all.size(); i += 2) at_gamma.push_back(all[i]);
  const Interpolation interpolation(matrices, as_matdyn(matrices));
  const Eigen::MatrixXd ours = frequencies_at(interpolation, gammas, directions);
  expect_equal(ours, at_gamma);
  EXPECT_GT((ours.row(0) - ours.row(1)).cwiseAbs().maxCoeff(), 0.1);
  // matdyn itself is lost at q = G, where rounding acts as a second direction: there Gamma is the reference.
  const Eigen::MatrixXd elsewhere =
      frequencies_at(interpolation, {{0, 1, 0}, {-2, 0, 1}, {1 + 1e-9, 1, -3}, {0, 0, 1}}, directions);
  EXPECT_LT((elsewhere - ours).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(Matdyn, IsReproducedWhereItLeavesAxesOut) {
  SKIP_WITHOUT_MATDYN();
  const DynamicalMatrices matrices = triclinic({3, 2, 1}, true);
  const test::TemporaryFolder folder;
  write_qe_dyn(matrices, folder / "x.dyn");
  InterpolationOptions options = as_matdyn(matrices);
  options.ewald.skip_unit_direction = true;
  const std::vector<std::vector<double>> theirs = test::frequencies_of_matdyn(folder, "no", off_grid);
  expect_equal(frequencies_at(Interpolation(matrices, options), off_grid), theirs,
               0);  // the missing sum turns modes imaginary
  options.ewald.skip_unit_direction = false;
  const double ours = units::codata2022.inverse_cm(frequencies_at(Interpolation(matrices, options), off_grid)(0, 0));
  EXPECT_GT(std::abs(ours - theirs[0][0]), 0.1);
}

TEST(Matdyn, AgreesOnTheSumRuleOfACrystalWithoutCharges) {
  SKIP_WITHOUT_MATDYN();
  const DynamicalMatrices matrices = triclinic({3, 2, 2}, false);
  const test::TemporaryFolder folder;
  write_qe_dyn(matrices, folder / "x.dyn");
  for (const auto& [rule, name] : {std::pair{SumRule::crystal, "crystal"}, std::pair{SumRule::none, "no"}}) {
    InterpolationOptions options = as_matdyn(matrices);
    options.sum_rule = rule;
    expect_equal(frequencies_at(Interpolation(matrices, options), off_grid),
                 test::frequencies_of_matdyn(folder, name, off_grid), 0);
  }
}

}  // namespace
}  // namespace zeropoint::phonons
