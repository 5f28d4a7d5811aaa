#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "phonons/symmetrizer.hpp"
#include "sscha/population.hpp"
#include "sscha/trial_density.hpp"
#include "sscha/weights.hpp"

namespace zeropoint::sscha {

/// Preconditioned gradient of the free energy with respect to the auxiliary matrices and the centroids, symmetrised.
///
///   G(q) = <[Upsilon u](q) df(q)^dagger>, df = f + D u;   in the exact average G = D - <d2V>,
/// so D <- D - s G with s = 1 is the self-consistency iteration, and G = 0 the SCHA condition. For the centroids
///   g = -<df>, followed along P g with P the pseudo-inverse of D(0).
struct Gradient {
  std::vector<Eigen::MatrixXcd> matrices;  ///< [n_q] (n, n), eV/angstrom^2
  double norm = 0;                         ///< Frobenius norm over all q, eV/angstrom^2
  double error = 0;           ///< root of the summed variances of all components: the norm that noise alone has
  Vectors centroids;          ///< [n_atoms, 3] P g, angstrom
  double centroid_norm = 0;   ///< |P g|, angstrom
  double centroid_error = 0;  ///< as `error`, angstrom
  Vectors forces;             ///< [n_atoms, 3] <df>, eV/angstrom
  Vectors force_errors;       ///< [n_atoms, 3] standard errors

  /// Influence of each jackknife block on the mean: the covariance of any linear function of `matrices` is
  /// B/(B-1) sum_b of the products of its values on deviations[b].
  std::vector<std::vector<Eigen::MatrixXcd>> deviations;  ///< [B][n_q] (n, n), of independent q; conjugate at -q
  std::vector<Vectors> force_deviations;                  ///< [B] [n_atoms, 3]
};

/// One pass over displacements and forces: second moments by jackknife block, then algebra of the size of a cell.
/// Partners of an antithetic pair share a block, so that errors know their correlation.
Gradient gradient(const Population& population, const Weights& weights, const TrialDensity& density,
                  const phonons::Symmetrizer& symmetrize);

/// dF/dD(q) of the exact free energy from the preconditioned gradient: in the mode frame -Lambda0_{mu nu} G_{mu nu},
/// with Lambda0 = (1/2)(a_mu^2 - a_nu^2)/(w_mu^2 - w_nu^2) in its cancellation-free form; [n_q] (n, n), angstrom^2. F
/// is that of the supercell, and dF = Re sum_q tr[dF/dD(q) dD(q)].
std::vector<Eigen::MatrixXcd> free_energy_derivative(const std::vector<Eigen::MatrixXcd>& gradient,
                                                     const TrialDensity& density);

/// Lambda0 of two frequencies (sqrt(eV/amu)/angstrom) at a temperature, amu^2 angstrom^4/eV; always negative.
double lambda0(double frequency1, double frequency2, double temperature, const UnitSet& units);

}  // namespace zeropoint::sscha
