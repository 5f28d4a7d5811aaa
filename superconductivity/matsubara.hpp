#pragma once

#include <Eigen/Core>

#include "superconductivity/spectral_function.hpp"

namespace zeropoint::superconductivity {

/// omega_n = (2n + 1) pi k T for n = -N ... N - 1, a set that is symmetric: only then are Z even and Delta even at any
/// N. T is k T in eV throughout.

constexpr int most_frequencies = 20000;

/// Number N of omega_n <= cutoff (both eV), at least 1. @throws InputError above most_frequencies, when T is too low
/// for a cutoff.
int n_frequencies(double cutoff, double kt);

/// lambda(l) = sum_i lambda_i omega_i^2/(omega_i^2 + (2 pi k T l)^2), l = 0 ... n - 1: of discrete modes, exact.
Eigen::VectorXd pairing(const DiscreteModes& modes, double kt, Eigen::Index n);

/// Products with the matrices lambda(n - m) +- lambda(n + m + 1), n, m = 0 ... N - 1, in N log N steps.
class PairingProduct {
 public:
  /// `lambda`: 2N values of pairing().
  PairingProduct(const Eigen::VectorXd& lambda, Eigen::Index n);
  Eigen::VectorXd even(const Eigen::VectorXd& x) const { return apply(x, 1); }  ///< with +: Delta
  Eigen::VectorXd odd(const Eigen::VectorXd& x) const { return apply(x, -1); }  ///< with -: Z

 private:
  Eigen::VectorXd apply(const Eigen::VectorXd& x, double parity) const;
  Eigen::Index n_, length_;
  Eigen::MatrixXd dense_even_, dense_odd_;  // of few frequencies
  Eigen::VectorXcd transformed_;            // of many
};

}  // namespace zeropoint::superconductivity
