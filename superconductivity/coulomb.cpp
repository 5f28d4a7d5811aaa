#include "superconductivity/coulomb.hpp"

#include <cmath>

#include "core/error.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double threshold = 0.01;  // of alpha2F, at its upper edge in IsoME.jl

}  // namespace

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

double reference_energy(CoulombConvention convention, const SpectralFunction& curve, const Moments& moments) {
  if (convention == CoulombConvention::raw) return 0;
  if (convention == CoulombConvention::ad) return moments.second;
  for (Eigen::Index i = curve.values.size(); i-- > 0;) {
    if (curve.values[i] > threshold) return curve.energies[i];
  }
  throw InputError{"alpha2F nowhere exceeds {}: it has no upper edge", threshold};
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
