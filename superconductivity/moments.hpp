#pragma once

#include <Eigen/Core>

#include "superconductivity/coupled_modes.hpp"
#include "superconductivity/spectral_function.hpp"

namespace zeropoint::superconductivity {

/// Moments of 2 alpha2F/(lambda omega), energies in eV.
struct Moments {
  double lambda = 0;       ///< 2 int alpha2F/omega
  double logarithmic = 0;  ///< exp <ln omega>
  double first = 0;        ///< <omega>
  double second = 0;       ///< sqrt <omega^2>
};

/// Sums over discrete modes, all over the same ones: those with lambda.
Moments moments(const CoupledModes& modes, int smearing);
/// By trapezoids on the frequencies of the curve. @throws InputError for lambda <= 0.
Moments moments(const SpectralFunction& curve);
/// Of pairs omega (eV, positive), lambda. @throws InputError for lambda <= 0.
Moments moments(const Eigen::VectorXd& energies, const Eigen::VectorXd& lambda);

/// lambda(omega) = 2 int_0^omega alpha2F/omega at the frequencies of the curve, by trapezoids.
Eigen::VectorXd cumulative_lambda(const SpectralFunction& curve);

}  // namespace zeropoint::superconductivity
