#pragma once

#include <ATen/core/Tensor.h>

#include <Eigen/Core>
#include <vector>

#include "core/potential.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::active_learning {

/// Modes that symmetry makes equal: of all q of a star, and degenerate.
struct FrequencyBlock {
  int star = 0, iq = 0;  ///< the star, and its first q in the grid
  int mode = 0;          ///< the first of its modes at each q
  int n_degenerate = 1;
  double frequency = 0;  ///< sqrt(eV/amu)/angstrom
};

/// All blocks but the uniform translations.
std::vector<FrequencyBlock> frequency_blocks(const sscha::TrialDensity& density);

/// What a change of the potential does to the numbers of an SSCHA solution to first order, configuration by
/// configuration: averages over a population of the density are the changes themselves.
///
///   dF = <dV>,   dP = -tr <d sigma + (df u)/Omega>/3,   d(omega_mu^2) = -<(Upsilon u)_mu df_mu>
/// at the trial density as it is (the response of the density is of second order in F, and left out in omega). The
/// trace over a block is averaged over its degenerate modes and the star, which uses all images of a configuration;
/// the noisy matrix is never diagonalised.
struct LinearResponse {
  Eigen::VectorXd free_energy;          ///< [n] eV per unit cell
  Eigen::VectorXd pressure;             ///< [n] eV/angstrom^3; empty without stresses
  Eigen::MatrixXd squared_frequencies;  ///< [n, n_blocks] eV/amu/angstrom^2
};

/// `displacements` [n, n_atoms, 3] from the centroids of `density`; `change` holds differences of energies, forces and
/// perhaps stresses of these configurations.
LinearResponse linear_response(const sscha::TrialDensity& density, const std::vector<FrequencyBlock>& blocks,
                               const at::Tensor& displacements, const Evaluation& change);

}  // namespace zeropoint::active_learning
