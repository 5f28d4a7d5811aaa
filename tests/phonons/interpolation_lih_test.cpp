#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "phonons/interpolation.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/spectrum.hpp"

namespace zeropoint::phonons {
namespace {

// Frequencies of LiH, cm^-1, by matdyn.x of Quantum ESPRESSO 6.7 from matrices of ph.x with the inputs of the example.
// Two runs of ph.x on two machines differ by 0.05 at most.
constexpr double tolerance = 0.05;

const DynamicalMatrices& lih() {
  static const DynamicalMatrices matrices = read_qe_dyn(ZEROPOINT_SOURCE_DIR "/examples/lih/a4.006/harmonic.dyn");
  return matrices;
}

/// Ewald parameter of matdyn.x 6.7.
double inverse_alat_squared() { return std::pow(2 * std::numbers::pi / lih().alat, 2); }

double inverse_bohr_squared() { return 1 / (units::codata2022.bohr * units::codata2022.bohr); }

/// q Cartesian in 2 pi/alat to crystal coordinates.
Eigen::Vector3d crystal_coordinates(const Eigen::Vector3d& q) { return lih().crystal.cell * q / lih().alat; }

void expect_frequencies(const InterpolationOptions& options, const Eigen::Vector3d& q,
                        const std::vector<double>& expected, double acoustic_tolerance = tolerance) {
  static const Eigen::Vector3d direction(0.3, -0.2, 0.9);
  const Interpolation interpolation(lih(), options);
  const Eigen::MatrixXd found = frequencies_at(interpolation, {crystal_coordinates(q)}, {direction});
  for (int mu = 0; mu < 6; ++mu) {
    EXPECT_NEAR(units::codata2022.inverse_cm(found(0, mu)), expected[mu], mu < 3 ? acoustic_tolerance : tolerance)
        << "mode " << mu + 1 << " at " << q.transpose();
  }
}

struct Row {
  Eigen::Vector3d q;  // Cartesian, 2 pi/alat
  std::vector<double> frequencies;
};

TEST(InterpolationOfLih, HasTheFrequenciesOfMatdynOnAndOffTheGrid) {
  const std::vector<Row> rows = {
      {{0, 0, 0}, {0, 0, 0, 587.4116, 587.4116, 1086.2219}},
      {{0.1, 0, 0}, {65.8066, 65.8066, 84.2794, 594.1809, 594.1809, 1084.6717}},
      {{0.1, 0.05, 0.02}, {68.4316, 73.8164, 100.5787, 594.9763, 595.9780, 1084.9423}},
      {{0.5, 0, 0}, {258.2819, 258.2819, 344.4095, 715.7919, 715.7919, 1055.6177}},
      {{1, 0, 0}, {314.3224, 314.3224, 414.5571, 822.7091, 822.7091, 1031.8894}},
      {{0.5, 0.5, 0.5}, {272.7549, 272.7549, 520.9369, 771.0328, 771.0328, 1065.6890}},
      {{0.3, 0.2, 0.1}, {189.0456, 211.5579, 309.8840, 659.0477, 668.5351, 1074.5730}},
      {{0.75, 0.75, 0}, {297.3245, 388.6882, 399.8623, 817.4090, 903.8994, 972.5435}},
      {{0.37, -0.21, 0.63}, {277.4111, 310.1365, 463.4545, 779.5747, 815.9441, 1030.1548}},
      {{1, 0.5, 0}, {339.3694, 380.3381, 380.3381, 848.6354, 928.8238, 928.8238}},
  };
  for (const Row& row : rows) expect_frequencies({.ewald = {.alpha = inverse_alat_squared()}}, row.q, row.frequencies);
}

TEST(InterpolationOfLih, FollowsMatdynToAnotherEwaldParameter) {
  const InterpolationOptions options{.ewald = {.alpha = inverse_bohr_squared()}};
  expect_frequencies(options, {0.1, 0, 0}, {65.7806, 65.7806, 84.2931, 594.1724, 594.1724, 1084.6825});
  expect_frequencies(options, {0.3, 0.2, 0.1}, {189.5040, 211.6021, 309.4202, 658.9508, 668.4530, 1074.7329});
}

TEST(InterpolationOfLih, HasTheSumRulesOfMatdyn) {
  InterpolationOptions options{.sum_rule = SumRule::simple, .ewald = {.alpha = inverse_alat_squared()}};
  expect_frequencies(options, {0, 0, 0}, {0, 0, 0, 587.4024, 587.4024, 1086.2169});
  expect_frequencies(options, {0.1, 0, 0}, {65.8054, 65.8054, 84.2785, 594.1737, 594.1737, 1084.6678});
  options.sum_rule = SumRule::none;
  // Raw acoustic modes are noise of the run: 1e-6 of the squares of the others.
  expect_frequencies(options, {0, 0, 0}, {2.1875, 2.1875, 2.1875, 587.3536, 587.3536, 1086.1905}, 0.1);
  expect_frequencies(options, {1, 0, 0}, {314.3224, 314.3224, 414.5571, 822.7091, 822.7091, 1031.8894});
}

TEST(InterpolationOfLih, SplitsLongitudinalFromTransverseByTheChargesAlone) {
  // w_LO^2 = w_TO^2 + 4 pi e^2 Z^2/(eps V mu) of a cubic crystal with two atoms.
  const Interpolation interpolation(lih());
  const Eigen::MatrixXd at_gamma = frequencies_at(interpolation, {{0, 0, 0}, {0, 0, 0}}, {{0, 0, 0}, {0.1, 0.7, 0.2}});
  const double z = interpolation.polar()->born_charges[0](0, 0), eps = interpolation.polar()->dielectric(0, 0);
  const double e2 = 2 * units::codata2022.rydberg * units::codata2022.bohr;
  const Crystal& crystal = interpolation.crystal();
  const double shift =
      4 * std::numbers::pi * e2 * z * z / (eps * crystal.volume()) * crystal.masses.cwiseInverse().sum();
  EXPECT_NEAR(at_gamma(1, 5), std::sqrt(std::pow(at_gamma(0, 4), 2) + shift),
              1e-6 * at_gamma(1, 5));  // cubic to the file's digits
  EXPECT_NEAR(at_gamma(0, 5), at_gamma(0, 3), 1e-4 * at_gamma(0, 5));
  EXPECT_NEAR(z, 1.0023968, 1e-4);
}

TEST(InterpolationOfLih, DependsOnTheEwaldParameterOffTheGridOnly) {
  const Interpolation one(lih(), {.ewald = {.alpha = inverse_alat_squared()}}), other(lih(), {.ewald = {.alpha = 15}});
  for (const Eigen::Vector3d& q : lih().grid.points()) EXPECT_LT((one(q) - other(q)).cwiseAbs().maxCoeff(), 1e-11);
  EXPECT_GT((one({0.13, 0, 0}) - other({0.13, 0, 0})).cwiseAbs().maxCoeff(), 1e-4);
}

}  // namespace
}  // namespace zeropoint::phonons
