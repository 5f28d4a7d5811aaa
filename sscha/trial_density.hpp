#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "phonons/modes.hpp"
#include "phonons/real_bloch_basis.hpp"

namespace zeropoint::sscha {

/// The Gaussian density of an auxiliary harmonic crystal around its centroids.
///
/// In the unit-variance frame y = E u, E(q)_{mu x} = e_x^mu(q)^* sqrt(m_x)/a_mu(q), all non-acoustic y are independent
/// with variance 1; acoustic rows are zero.
class TrialDensity {
 public:
  /// @throws InputError when a non-acoustic mode is not positive or `temperature` (K) is negative.
  TrialDensity(phonons::DynamicalMatrices matrices, double temperature, const UnitSet& units);

  const phonons::DynamicalMatrices& matrices() const { return matrices_; }
  double temperature() const { return temperature_; }  ///< K
  const UnitSet& units() const { return units_; }
  const std::vector<phonons::Modes>& modes() const { return modes_; }
  int n_acoustic() const;

  /// Harmonic free energy of the supercell, eV.
  double harmonic_free_energy() const;
  /// ln of the normalisation, up to a constant that is the same for every density of the crystal (other masses
  /// included).
  double log_normalisation() const { return log_normalisation_; }

  /// What one pass over displacements needs, for each slab of the real Bloch basis, on `device`.
  struct Frame {
    at::Tensor to_modes;  ///< [n_blocks, size, size] E: displacements to unit-variance modes
    at::Tensor forms;     ///< [n_blocks, 2, size] what |y|^2 counts in -2 ln p and in the auxiliary energy (eV)
  };
  std::vector<Frame> frames(const phonons::RealBlochBasis& basis, at::Device device) const;

  /// Upsilon(q) = E^dagger E, the inverse of the displacement covariance on non-acoustic modes, 1/angstrom^2, [n_q].
  std::vector<Eigen::MatrixXcd> inverse_covariance() const;
  /// L(q)_{mu x} = e_x^mu(q)^* a_mu(q)/sqrt(m_x): forces to unit-variance modes; acoustic rows zero; [n_q].
  std::vector<Eigen::MatrixXcd> force_frame() const;
  /// Pseudo-inverse of D(0) without acoustic modes, angstrom^2/eV: the preconditioner of the centroids.
  Eigen::MatrixXd centroid_preconditioner() const;

 private:
  phonons::DynamicalMatrices matrices_;
  double temperature_;
  UnitSet units_;
  std::vector<phonons::Modes> modes_;
  std::vector<Eigen::VectorXd> squared_amplitudes_;   // [n_q][3n], amu angstrom^2; 0 for acoustic modes
  std::vector<Eigen::MatrixXcd> displacement_frame_;  // [n_q] E, of independent q
  double log_normalisation_ = 0;
};

}  // namespace zeropoint::sscha
