#pragma once

#include <cmath>
#include <numbers>

#include "superconductivity/spectral_function.hpp"

namespace zeropoint::test {

/// One mode at `energy`, eV.
inline superconductivity::DiscreteModes einstein(double lambda, double energy = 0.02) {
  return {Eigen::VectorXd::Constant(1, energy), Eigen::VectorXd::Constant(1, lambda)};
}

/// Three normal densities g_i: alpha2F = sum lambda_i omega_i/2 g_i, omega_i the centres, at 0.1 ... 250 meV.
inline superconductivity::SpectralFunction syn1() {
  constexpr double centre[] = {20, 60, 150}, width[] = {3, 8, 15}, lambda[] = {0.5, 0.8, 0.7};
  superconductivity::SpectralFunction curve{Eigen::VectorXd(2500), Eigen::VectorXd::Zero(2500)};
  for (int i = 0; i < 2500; ++i) {
    const double omega = 0.1 * (i + 1);
    curve.energies[i] = 1e-3 * omega;
    for (int k = 0; k < 3; ++k) {
      const double x = (omega - centre[k]) / width[k];
      curve.values[i] +=
          lambda[k] * centre[k] / 2 * std::exp(-0.5 * x * x) / (width[k] * std::sqrt(2 * std::numbers::pi));
    }
  }
  return curve;
}

}  // namespace zeropoint::test
