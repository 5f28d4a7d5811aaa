#include <gtest/gtest.h>

#include <cmath>

#include "phonons/modes.hpp"
#include "sscha/gradient.hpp"

namespace zeropoint::sscha {
namespace {

const UnitSet& units = units::codata2022;

/// kT in units of hbar w.
double temperature(double kt, double frequency) { return kt * units.hbar * frequency / units.kb_density; }

double divided_difference(double w1, double w2, double t) {
  return 0.5 * (phonons::squared_amplitude(w1, t, units) - phonons::squared_amplitude(w2, t, units)) /
         ((w1 - w2) * (w1 + w2));
}

/// d(a^2)/d(w^2)/2 = -hbar [coth X + X/sinh^2 X]/(8 w^3), X = hbar w/(2 kT).
double degenerate_limit(double w, double t) {
  const double x = t > 0 ? units.hbar * w / (2 * units.kb_density * t) : 1e3;
  const double inverse_sinh = x > 300 ? 0 : 1 / std::sinh(x);
  return -units.hbar * (1 / std::tanh(x) + x * inverse_sinh * inverse_sinh) / (8 * w * w * w);
}

const std::vector<double> all_kt = {0, 1e-6, 1e-3, 0.03, 0.2, 1, 10, 1e3};  // hbar w

TEST(Lambda0, IsTheDividedDifferenceOfSquaredAmplitudes) {
  for (const double kt : all_kt) {
    for (const double ratio : {1e-3, 0.1, 0.5, 0.9, 1.5, 30.0}) {
      const double w = 0.25, t = temperature(kt, w);
      const double expected = divided_difference(w, ratio * w, t);
      EXPECT_NEAR(lambda0(w, ratio * w, t, units) / expected, 1, 1e-12) << "kT = " << kt << ", ratio " << ratio;
      EXPECT_EQ(lambda0(w, ratio * w, t, units), lambda0(ratio * w, w, t, units));
    }
  }
}

TEST(Lambda0, HasTheDegenerateLimit) {
  for (const double kt : all_kt) {
    const double w = 0.25, t = temperature(kt, w);
    EXPECT_NEAR(lambda0(w, w, t, units) / degenerate_limit(w, t), 1, 1e-12) << "kT = " << kt;
  }
}

TEST(Lambda0, PassesSmoothlyFromNearToExactDegeneracy) {
  for (const double kt : all_kt) {
    const double w = 0.25, t = temperature(kt, w);
    for (double apart = 1e-2; apart > 1e-15; apart *= 0.1) {
      // Symmetric about w the limit is met to second order; its curvature grows as 1/kT squared in the exponential
      // tail.
      const double value = lambda0(w * (1 + apart / 2), w * (1 - apart / 2), t, units);
      EXPECT_NEAR(value / degenerate_limit(w, t), 1, 2 * apart * apart + 1e-12) << "kT = " << kt << ", apart " << apart;
      if (apart > 1e-6) {  // beyond, the difference itself is all rounding
        EXPECT_NEAR(value / divided_difference(w * (1 + apart / 2), w * (1 - apart / 2), t), 1, 1e-14 / apart + 1e-12);
      }
    }
  }
}

TEST(Lambda0, IsAlwaysNegativeAndFinite) {
  for (const double kt : all_kt) {
    for (const double w1 : {1e-6, 1e-3, 0.1, 10.0}) {
      for (const double w2 : {1e-6, 2e-3, 0.1, 9.0}) {
        const double value = lambda0(w1, w2, temperature(kt, 0.1), units);
        EXPECT_LT(value, 0);
        EXPECT_TRUE(std::isfinite(value));
      }
    }
  }
}

}  // namespace
}  // namespace zeropoint::sscha
