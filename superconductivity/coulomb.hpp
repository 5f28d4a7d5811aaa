#pragma once

#include <string>
#include <vector>

#include "superconductivity/moments.hpp"
#include "superconductivity/spectral_function.hpp"

namespace zeropoint::superconductivity {

/// At which frequency a given mu* counts. In Eliashberg's equations with a cutoff omega_c it is
///   mu(omega_c) = mu*/(1 + mu* ln(omega_ref/omega_c)).
enum class CoulombConvention {
  raw,   ///< at the cutoff, as it is: SSCHA group, EPW; Tc grows with the cutoff
  ad,    ///< omega_ref = omega_2: Allen, Dynes
  isome  ///< omega_ref = the largest energy at which alpha2F > 0.01
};

std::string name_of(CoulombConvention convention);

/// Where the convention lets mu* count, eV; 0 under `raw`: at the cutoff.
double reference_energy(CoulombConvention convention, const SpectralFunction& curve, const Moments& moments);

struct Repulsion {
  double value;            ///< mu(omega_c)
  double denominator = 1;  ///< 1 + mu* ln(omega_ref/omega_c): near 0 little is left of the meaning of mu*
};
/// @throws InputError when the denominator is not positive: mu* times ln(omega_c/omega_ref) exceeds 1.
Repulsion at_cutoff(double mu_star, double reference, double cutoff);

/// Morel, Anderson: mu/(1 + mu ln(E_el/omega_ph)).
double morel_anderson(double mu, double electronic, double phononic);

}  // namespace zeropoint::superconductivity
