// One relative coordinate with cubic and quartic terms: the self-consistent solution by Gauss-Hermite quadrature.
#include <gtest/gtest.h>

#include <cmath>

#include "core/decompositions.hpp"
#include "sscha/minimizer.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::DynamicalMatrices;

struct Solution {
  double force_constant, centroid, variance;
};

/// <V'> = 0 and phi = <V''> of one coordinate with the reduced mass `mass`.
Solution solve(double k, double c, double g, double mass, double temperature) {
  constexpr int n_nodes = 24;
  Eigen::MatrixXd jacobi = Eigen::MatrixXd::Zero(n_nodes, n_nodes);
  for (int i = 1; i < n_nodes; ++i) jacobi(i, i - 1) = jacobi(i - 1, i) = std::sqrt(i);
  const Eigensystem<Eigen::MatrixXd> rule = symmetric_eigensystem(jacobi);
  const Eigen::ArrayXd nodes = rule.values, weights = rule.vectors.row(0).transpose().array().square();
  Solution s{k, 0, 0};
  for (int i = 0; i < 3000; ++i) {
    s.variance = phonons::squared_amplitude(std::sqrt(s.force_constant / mass), temperature, units::codata2022) / mass;
    const Eigen::ArrayXd r = s.centroid + std::sqrt(s.variance) * nodes;
    const double slope = (weights * (k * r + 3 * c * r.square() + 4 * g * r.cube())).sum();
    const double curvature = (weights * (k + 6 * c * r + 12 * g * r.square())).sum();
    s.centroid -= 0.5 * slope / s.force_constant;
    s.force_constant += 0.5 * (curvature - s.force_constant);
  }
  return s;
}

struct Case {
  const char* name;
  double cubic, temperature, mass1, mass2;
};

std::vector<Case> cases() {
  return {{"quartic, T = 0", 0, 0, 4, 4},
          {"quartic, T = 600 K, unequal masses", 0, 600, 2, 12},
          {"cubic and quartic, T = 0, unequal masses", 2.5, 0, 1, 7},
          {"cubic and quartic, T = 400 K", 2.0, 400, 5, 3}};
}

/// x strongly anharmonic, y and z stiff and harmonic.
test::OscillatorModel model_of(const Case& c) {
  return {.k = {1.5, 8, 9}, .c = {c.cubic, 0, 0}, .g = {9, 0, 0}, .rest = {1.9, 0.2, -0.1}};
}

TrialDensity density_of(const Case& c, double force_constant, double centroid) {
  Crystal crystal;
  crystal.cell = 6 * Eigen::Matrix3d::Identity();
  crystal.positions = Vectors::Zero(2, 3);
  crystal.positions.row(1) = Eigen::RowVector3d(1.9 + centroid, 0.2, -0.1);
  crystal.species = {"H", "F"};
  crystal.masses = Eigen::Vector2d(c.mass1, c.mass2);
  const Eigen::Matrix3d phi = Eigen::Vector3d(force_constant, 8, 9).asDiagonal();
  Eigen::MatrixXcd block(6, 6);
  block << phi, -phi, -phi, phi;
  return {DynamicalMatrices{crystal, phonons::QGrid({1, 1, 1}), {block}, {}, 0, ""}, c.temperature, units::codata2022};
}

Solution exact_solution(const Case& c) {
  const test::OscillatorModel model = model_of(c);
  return solve(model.k[0], model.c[0], model.g[0], c.mass1 * c.mass2 / (c.mass1 + c.mass2), c.temperature);
}

TEST(Oscillator, ExactAveragesVanishAtTheSelfConsistentSolution) {
  for (const Case& c : cases()) {
    const Solution exact = exact_solution(c);
    const test::OscillatorModel model = model_of(c);
    if (c.cubic == 0) {
      EXPECT_NEAR(exact.force_constant, model.k[0] + 12 * model.g[0] * exact.variance, 1e-12) << c.name;
    }
    EXPECT_GT(exact.force_constant, 1.3 * model.k[0]) << c.name;  // far from harmonic
    const TrialDensity density = density_of(c, exact.force_constant, exact.centroid);
    const SpaceGroup group = find_space_group(density.matrices().crystal, {.enabled = false});
    const Population population = test::integrate(density, model);
    const Minimum minimum = minimize(population, density, group, {.gradient_to_error = 0});
    EXPECT_LT(minimum.evaluation.gradient.norm, 1e-9) << c.name;
    EXPECT_LT(minimum.evaluation.gradient.forces.norm(), 1e-10) << c.name;
    EXPECT_TRUE(minimum.converged()) << c.name;
    EXPECT_EQ(minimum.n_gradients, 1) << c.name;
  }
}

TEST(Oscillator, MinimiserLandsOnTheSelfConsistentSolutionWithinItsErrors) {
  for (const Case& c : cases()) {
    const Solution exact = exact_solution(c);
    TrialDensity density = density_of(c, 1.5, 0);
    const SpaceGroup group = find_space_group(density.matrices().crystal, {.enabled = false});
    // Two populations reach the solution, the last ones measure it.
    std::vector<double> force_constants, centroids;
    double variance = 0, centroid_variance = 0;
    for (unsigned p = 0; p < 10; ++p) {
      const Population population = test::sample(density, model_of(c), {.n = 4000, .seed = 10 + p});
      const Minimum minimum = minimize(population, density, group, {.kong_liu_ratio = 0.3, .gradient_to_error = 1e-4});
      density = minimum.density;
      if (p < 2) continue;
      ASSERT_TRUE(minimum.converged()) << c.name << ", population " << p << ": " << explain(minimum.stop_reason);
      const auto& matrices = density.matrices();
      force_constants.push_back(matrices.blocks[0](0, 0).real());
      centroids.push_back(matrices.crystal.positions(1, 0) - matrices.crystal.positions(0, 0) - 1.9);
      const Gradient& gradient = minimum.evaluation.gradient;
      const double correction =
          static_cast<double>(gradient.deviations.size()) / static_cast<double>(gradient.deviations.size() - 1);
      for (const auto& deviation : gradient.deviations) variance += correction * std::norm(deviation[0](0, 0));
      centroid_variance += std::pow(gradient.centroid_error, 2) * (c.mass1 + c.mass2) * (c.mass1 + c.mass2) /
                           (c.mass1 * c.mass1 + c.mass2 * c.mass2);
    }
    // The error of G is that of phi times 1 - d<V''>/d phi > 1: an upper bound.
    const double n = static_cast<double>(centroids.size());
    const double error = std::sqrt(variance) / n, centroid_error = std::sqrt(centroid_variance) / n;
    double mean = 0, mean_centroid = 0;
    for (const double x : force_constants) mean += x / n;
    for (const double x : centroids) mean_centroid += x / n;
    EXPECT_NEAR(mean, exact.force_constant, 4 * error) << c.name;
    EXPECT_LT(error, 0.02 * exact.force_constant) << c.name;
    EXPECT_NEAR(mean_centroid, exact.centroid, 4 * centroid_error) << c.name;
    EXPECT_LT(centroid_error, 0.02 * std::sqrt(exact.variance)) << c.name;
    if (c.cubic != 0) {
      EXPECT_GT(std::abs(exact.centroid), 0.2 * std::sqrt(exact.variance)) << c.name;
    }
  }
}

}  // namespace
}  // namespace zeropoint::sscha
