// Heat capacity and thermal expansion against an Einstein solid in the quasi-harmonic approximation.
#include "sscha/thermodynamic_derivatives.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace zeropoint::sscha {
namespace {

/// Three oscillators of temperature theta; the static crystal a spring in the volume, and theta falls with the volume
/// by Grueneisen's gamma: V = V0 + gamma E(T)/B to first order, E their energy (kB = 1 in E and S).
struct EinsteinSolid {
  double theta = 400, v0 = 20, gamma_over_modulus = 1e-3;  // K, angstrom^3, angstrom^3/K

  double energy(double t) const { return 3 * theta * (0.5 + (t > 0 ? 1 / std::expm1(theta / t) : 0)); }
  double volume(double t) const { return v0 + gamma_over_modulus * energy(t); }
  double entropy(double t) const {
    if (t == 0) return 0;
    const double x = theta / t;
    return 3 * (x / std::expm1(x) - std::log1p(-std::exp(-x)));
  }
  double heat_capacity(double t) const {
    if (t == 0) return 0;
    const double x = theta / t;
    return 3 * std::pow(x / 2 / std::sinh(x / 2), 2);
  }
  double expansion(double t) const { return gamma_over_modulus * heat_capacity(t) / volume(t); }

  ThermalPoint at(double t) const { return {t, {volume(t), 0}, {entropy(t), 0}}; }
};

TEST(ThermalDerivatives, AreThoseOfAnEinsteinSolidUpToTheSquareOfTheStep) {
  const EinsteinSolid solid;
  double before = 0;
  for (const double step : {20.0, 10.0}) {
    std::vector<ThermalPoint> points;
    for (double t = 200; t <= 400; t += step) points.push_back(solid.at(t));
    const std::vector<ThermalDerivatives> found = thermal_derivatives(points);
    ASSERT_EQ(found.size(), points.size());
    double largest = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double t = points[i].temperature;
      largest = std::max(largest, std::abs(found[i].heat_capacity.value - solid.heat_capacity(t)));
      EXPECT_NEAR(found[i].heat_capacity.value, solid.heat_capacity(t), 0.01 * solid.heat_capacity(t));
      EXPECT_NEAR(found[i].thermal_expansion.value, solid.expansion(t), 0.01 * solid.expansion(t));
    }
    if (before > 0) {
      EXPECT_NEAR(before / largest, 4, 1);
    }
    before = largest;
  }
}

TEST(ThermalDerivatives, AreZeroAtZeroTemperature) {
  const EinsteinSolid solid;
  const auto found = thermal_derivatives({solid.at(0), solid.at(5), solid.at(10)});
  EXPECT_EQ(found[0].heat_capacity.value, 0);
  EXPECT_NEAR(found[0].thermal_expansion.value, 0, 1e-15);
}

TEST(ThermalDerivatives, DoNotDependOnTheOrderOfThePoints) {
  const EinsteinSolid solid;
  const auto sorted = thermal_derivatives({solid.at(100), solid.at(150), solid.at(300), solid.at(320)});
  const auto mixed = thermal_derivatives({solid.at(300), solid.at(100), solid.at(320), solid.at(150)});
  EXPECT_EQ(mixed[0].heat_capacity.value, sorted[2].heat_capacity.value);
  EXPECT_EQ(mixed[1].thermal_expansion.value, sorted[0].thermal_expansion.value);
  EXPECT_EQ(mixed[3].thermal_expansion.value, sorted[1].thermal_expansion.value);
}

TEST(ThermalDerivatives, AreNoneForTwoTemperatures) {
  const EinsteinSolid solid;
  EXPECT_TRUE(thermal_derivatives({solid.at(100), solid.at(200)}).empty());
}

TEST(ThermalDerivatives, HaveTheErrorsOfTheirScatter) {
  const EinsteinSolid solid;
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  const std::vector<double> temperatures{100, 200, 250};
  constexpr int n = 4000;
  std::vector<double> c_sum(3), c_squares(3), a_sum(3), a_squares(3), c_error(3), a_error(3);
  for (int sample = 0; sample < n; ++sample) {
    std::vector<ThermalPoint> points;
    for (const double t : temperatures) {
      ThermalPoint point = solid.at(t);
      point.volume = {point.volume.value + 0.1 * normal(random), 0.1};
      point.entropy = {point.entropy.value + 0.02 * normal(random), 0.02};
      points.push_back(point);
    }
    const auto found = thermal_derivatives(points);
    for (std::size_t i = 0; i < 3; ++i) {
      c_sum[i] += found[i].heat_capacity.value / n;
      c_squares[i] += std::pow(found[i].heat_capacity.value, 2) / n;
      c_error[i] += found[i].heat_capacity.standard_error / n;
      a_sum[i] += found[i].thermal_expansion.value / n;
      a_squares[i] += std::pow(found[i].thermal_expansion.value, 2) / n;
      a_error[i] += found[i].thermal_expansion.standard_error / n;
    }
  }
  // A standard deviation from n samples is known to 1/sqrt(2n), 1.1 %.
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(c_error[i] / std::sqrt(c_squares[i] - c_sum[i] * c_sum[i]), 1, 0.05);
    EXPECT_NEAR(a_error[i] / std::sqrt(a_squares[i] - a_sum[i] * a_sum[i]), 1, 0.05);
  }
}

}  // namespace
}  // namespace zeropoint::sscha
