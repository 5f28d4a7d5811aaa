#pragma once

#include <Eigen/Core>
#include <vector>

#include "superconductivity/matsubara.hpp"

namespace zeropoint::superconductivity {

/// Solution of the isotropic Eliashberg equations on the imaginary axis at one temperature, constant density of states.
struct Gap {
  double kt = 0;           ///< eV
  Eigen::VectorXd omega;   ///< [N] eV, omega_n
  Eigen::VectorXd delta;   ///< [N] eV, all 0 in the normal state
  Eigen::VectorXd z;       ///< [N]
  Eigen::VectorXd normal;  ///< [N] Z of the normal state
  int iterations = 0;
  bool is_open() const { return delta.size() > 0 && delta[0] > 1e-6; }  ///< above 1e-3 meV
};

/// Z_n = 1 + (pi T/omega_n) {sum_m [lambda(n-m) - lambda(n+m+1)] omega_m/R_m + sum_{j=N-n}^{N+n} lambda(j)},
/// Z_n Delta_n = pi T sum_m [lambda(n-m) + lambda(n+m+1) - 2 mu] Delta_m/R_m, R = sqrt(omega^2 + Delta^2), m from 0 to
/// N - 1. The last sum of Z is that of m >= N, where Delta is 0. `guess`: Delta at the first frequencies of another
/// temperature, interpolated; empty: `first_gap`, eV, at all.
/// Anderson's mixing. @throws ComputationError when it does not converge.
Gap solve_gap(const DiscreteModes& modes, double mu, double kt, int n_frequencies, const Gap* guess, double first_gap);

/// Condensation energy over the density of states per spin, eV^2, negative below Tc:
///   -2 pi T sum_{n>=0} (R_n - omega_n) (Z_n - Z_n^normal omega_n/R_n).
/// Bardeen, Stephen, Phys. Rev. 136, A1485 (1964).
double free_energy_difference(const Gap& gap);

/// Delta on the real axis by Pade's continued fraction through the first points of the imaginary one, in long double.
/// Vidberg, Serene, J. Low Temp. Phys. 29, 179 (1977).
struct RealAxisGap {
  double edge = 0;                    ///< eV, Re Delta(omega = Delta_0) = Delta_0; 0: not found
  double spread = 0;                  ///< eV, between fractions of 20, 40, 60 points, as far as there are so many
  bool reliable = false;              ///< at least two fractions agree on the edge to 1 %
  Eigen::VectorXd energies;           ///< eV
  Eigen::VectorXcd delta;             ///< [n] eV
  Eigen::VectorXd density_of_states;  ///< [n] Re omega/sqrt(omega^2 - Delta^2), over that of the normal state
};
/// At `n_energies` up to `highest`, eV.
RealAxisGap on_real_axis(const Gap& gap, double highest, int n_energies);

/// Delta_0 tanh(a sqrt(Tc/T - 1)): fitted to (T, Delta) with Tc given.
struct GapFit {
  double zero, steepness;
};
GapFit fit_gap(const std::vector<double>& temperatures, const std::vector<double>& gaps, double tc);

}  // namespace zeropoint::superconductivity
