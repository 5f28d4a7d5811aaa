#include "superconductivity/tc_formulas.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "core/units.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double near_pole = 0.05;           // of 1/lambda - mu - r, where f_mu is no correction any more
constexpr double asymptote = 0.18272624777;  // of Tc/(omega_2 sqrt(lambda)), Eliashberg's equations

void refuse_senseless(const Moments& moments, double mu_star) {
  if (!(moments.lambda > 0)) throw InputError{"lambda = {:.6g}: it must be positive", moments.lambda};
  if (!(mu_star >= 0) || mu_star >= 1) throw InputError{"mu* = {:.6g}: it lies between 0 and 1", mu_star};
}

/// (omega_log/1.2) exp(...), K.
double exponential(const Moments& moments, double mu_star) {
  const double repulsion = moments.lambda - mu_star * (1 + 0.62 * moments.lambda);
  if (repulsion <= 0) return 0;
  return moments.logarithmic / units::codata2022.kb_free_energy / 1.2 *
         std::exp(-1.04 * (1 + moments.lambda) / repulsion);
}

}  // namespace

CriticalTemperature mcmillan(const Moments& moments, double mu_star) {
  refuse_senseless(moments, mu_star);
  CriticalTemperature result{exponential(moments, mu_star)};
  if (result.value == 0) {
    result.warnings.push_back(
        fmt::format("lambda = {:.4f} does not exceed mu*/(1 - 0.62 mu*) = {:.4f}: no superconductor", moments.lambda,
                    mu_star / (1 - 0.62 * mu_star)));
  }
  return result;
}

CriticalTemperature allen_dynes(const Moments& moments, double mu_star) {
  CriticalTemperature result = mcmillan(moments, mu_star);
  const double lambda = moments.lambda, ratio = moments.second / moments.logarithmic;
  const double lambda1 = 2.46 * (1 + 3.8 * mu_star), lambda2 = 1.82 * (1 + 6.3 * mu_star) * ratio;
  const double f1 = std::cbrt(1 + std::pow(lambda / lambda1, 1.5));
  const double f2 = 1 + (ratio - 1) * lambda * lambda / (lambda * lambda + lambda2 * lambda2);
  result.value *= f1 * f2;
  return result;
}

CriticalTemperature xie(const Moments& moments, double mu_star) {
  CriticalTemperature result = mcmillan(moments, mu_star);
  const double lambda = moments.lambda, ratio = moments.logarithmic / moments.second;
  const double f_omega = 1.92 * (lambda + ratio - std::cbrt(mu_star)) / (std::sqrt(lambda) * std::exp(ratio)) - 0.08;
  const double distance = 1 / lambda - mu_star - ratio;
  const double f_mu = mu_star > 0 ? 1 + 6.86 * std::exp(-lambda / mu_star) / distance : 1;
  if (mu_star > 0 && std::abs(distance) < near_pole) {
    result.warnings.push_back(
        fmt::format("lambda = {:.4f} is near the pole of f_mu at 1/(mu* + omega_log/omega_2) = {:.4f}: the formula "
                    "means little here",
                    lambda, 1 / (mu_star + ratio)));
  }
  if (f_omega < 0 || f_mu < 0) {
    result.warnings.push_back(
        fmt::format("f_omega = {:.3f}, f_mu = {:.3f}: outside of what the formula was fitted to", f_omega, f_mu));
    result.value = 0;
    return result;
  }
  result.value *= f_omega * f_mu;
  return result;
}

double strong_coupling_limit(const Moments& moments) {
  return asymptote * moments.second * std::sqrt(moments.lambda) / units::codata2022.kb_free_energy;
}

}  // namespace zeropoint::superconductivity
