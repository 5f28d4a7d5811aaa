#pragma once

#include <string>
#include <vector>

#include "superconductivity/moments.hpp"

namespace zeropoint::superconductivity {

/// A critical temperature with what should be known about it.
struct CriticalTemperature {
  double value = 0;                     ///< K; 0: no superconductor by this formula
  std::vector<std::string> warnings{};  ///< for people
};

/// omega_log/1.2 exp[-1.04 (1 + lambda)/(lambda - mu (1 + 0.62 lambda))], the form of lambda.x.
/// McMillan, Phys. Rev. 167, 331 (1968); 0 where lambda <= mu/(1 - 0.62 mu).
CriticalTemperature mcmillan(const Moments& moments, double mu_star);
/// The same times f1 f2. Allen, Dynes, Phys. Rev. B 12, 905 (1975).
CriticalTemperature allen_dynes(const Moments& moments, double mu_star);
/// The same exponential times f_omega f_mu. Xie et al., npj Comput. Mater. 8, 14 (2022).
CriticalTemperature xie(const Moments& moments, double mu_star);
/// The limit lambda -> infinity without repulsion, 0.18272625 omega_2 sqrt(lambda), K: an upper bound.
double strong_coupling_limit(const Moments& moments);

}  // namespace zeropoint::superconductivity
