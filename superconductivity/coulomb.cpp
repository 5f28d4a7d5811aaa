#include "superconductivity/coulomb.hpp"

#include <cmath>

#include "core/error.hpp"

namespace zeropoint::superconductivity {

std::string name_of(CoulombConvention convention) {
  switch (convention) {
    case CoulombConvention::raw:
      return "raw";
    case CoulombConvention::ad:
      return "ad";
    case CoulombConvention::isome:
      return "isome";
  }
  throw InternalError{"a convention without a name"};
}

double reference_energy(CoulombConvention convention, const DiscreteModes& modes, const Moments& moments,
                        double cutoff) {
  if (convention == CoulombConvention::raw) return cutoff;
  return convention == CoulombConvention::ad ? moments.second : modes.energies.maxCoeff();
}

Repulsion at_cutoff(double mu_star, double reference, double cutoff) {
  const double denominator = 1 + mu_star * std::log(reference / cutoff);
  if (!(denominator > 0)) {
    throw advised(
        InputError{"mu* = {:.4g} at {:.4g} eV cannot be carried to a cutoff of {:.4g} eV: 1 + mu* ln(omega_ref/"
                   "omega_c) = {:.3g} is not positive",
                   mu_star, reference, cutoff, denominator},
        "take a lower cutoff or a smaller mu*");
  }
  return {mu_star / denominator, denominator};
}

double morel_anderson(double mu, double electronic, double phononic) {
  return mu / (1 + mu * std::log(electronic / phononic));
}

}  // namespace zeropoint::superconductivity
