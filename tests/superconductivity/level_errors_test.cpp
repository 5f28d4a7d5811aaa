#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "superconductivity/level_errors.hpp"

namespace zeropoint::superconductivity {
namespace {

/// Three q points, the last two a star, with two modes; two of them degenerate.
CoupledModes three_points() {
  CoupledModes modes;
  modes.smearings = {{0.1, 0, 0.3}};
  modes.points = {{0, 0, 0}, {1. / 3, 0, 0}, {-1. / 3, 0, 0}};
  modes.weights = Eigen::VectorXd::Constant(3, 1. / 3);
  modes.energies.resize(3, 2);
  modes.energies << 0.03, 0.03, 0.02, 0.05, 0.02, 0.05;
  modes.lambda = {Eigen::MatrixXd(3, 2)};
  modes.lambda[0] << 0.4, 0.4, 1.2, 0.6, 1.2, 0.6;
  return modes;
}

std::vector<Level> levels_of_three() {
  return {{{{0, 0}, {0, 1}}, 0.02}, {{{1, 0}, {2, 0}}, 0.05}, {{{1, 1}, {2, 1}}, 0.03}};
}

TEST(LevelErrors, LambdaFallsAsOmegaSquaredGrows) {
  const CoupledModes modes = three_points();
  const double error = propagated(modes, levels_of_three(), [](const CoupledModes& m) { return moments(m, 0).lambda; });
  const double expected =
      std::sqrt(std::pow(0.8 / 3 * 0.02, 2) + std::pow(2.4 / 3 * 0.05, 2) + std::pow(1.2 / 3 * 0.03, 2));
  EXPECT_NEAR(error, expected, 1e-6);
}

TEST(LevelErrors, CoverWhatNoisyPhononsGive) {
  // 400 seeds move each level by its error: chi^2 of lambda and omega_log against the propagated errors.
  const CoupledModes modes = three_points();
  const std::vector<Level> levels = levels_of_three();
  const auto of = [&](double Moments::* value) {
    return [value](const CoupledModes& m) { return moments(m, 0).*value; };
  };
  for (double Moments::* const value : {&Moments::lambda, &Moments::logarithmic, &Moments::second}) {
    const double error = propagated(modes, levels, of(value)), exact = of(value)(modes);
    std::mt19937 random(11);
    std::normal_distribution<double> noise;
    double chi = 0;
    constexpr int n = 400;
    for (int seed = 0; seed < n; ++seed) {
      CoupledModes noisy = modes;
      for (const Level& level : levels) noisy = with_level_moved(noisy, level, level.error * noise(random));
      chi += std::pow((of(value)(noisy) - exact) / error, 2) / n;
    }
    EXPECT_GT(chi, 0.8);
    EXPECT_LT(chi, 1.25);
  }
}

}  // namespace
}  // namespace zeropoint::superconductivity
