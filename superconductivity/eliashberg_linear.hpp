#pragma once

#include "superconductivity/coulomb.hpp"
#include "superconductivity/matsubara.hpp"

namespace zeropoint::superconductivity {

/// The largest eigenvalue of the linearised isotropic Eliashberg equations at k T (eV) with N frequencies:
///   [lambda(n - m) + lambda(n + m + 1) - 2 mu] x_m = e d_n x_n,   d_n = 2n + 1 + lambda(0) + 2 sum_{l=1}^{n}
///   lambda(l).
/// It falls with T and passes 1 at Tc. The sum in d is the whole one: there is no cutoff of the phonons.
/// Vidberg-Serene units; Allen, Dynes, Phys. Rev. B 12, 905 (1975).
double largest_eigenvalue(const DiscreteModes& modes, double mu, double kt, int n_frequencies);

struct LinearTc {
  double tc = 0;           ///< K; 0: below `lowest`
  int n = 0;               ///< Matsubara frequencies at Tc
  double cutoff = 0;       ///< eV, that mu counts at
  double mu = 0;           ///< mu(omega_c)
  double denominator = 1;  ///< of its rescaling, see Repulsion
};

/// With a fixed number of frequencies: the cutoff moves with T. `mu` as it is; or, with a `reference` (eV), where it
/// counts, carried to the edge 2 pi k T N: then nothing but the phonons moves Tc, not even a jump of N.
LinearTc linear_tc_at_fixed_number(const DiscreteModes& modes, double mu, int n_frequencies, double reference = 0);

/// With the frequencies below a cutoff (eV). `reference`: the energy at which mu* counts (coulomb.hpp); mu then is that
/// at the edge 2 pi k T N of the sum, so that Tc does not jump where N does. 0: mu* counts at the cutoff, as it is.
LinearTc linear_tc(const DiscreteModes& modes, double mu_star, double reference, double cutoff);

}  // namespace zeropoint::superconductivity
