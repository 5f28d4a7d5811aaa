#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "superconductivity/coupled_modes.hpp"

namespace zeropoint::superconductivity {

/// alpha2F at positive energies in ascending order.
struct SpectralFunction {
  Eigen::VectorXd energies;  ///< [n] eV
  Eigen::VectorXd values;    ///< [n]
};

/// Phonons as delta functions: alpha2F = sum_i lambda_i omega_i/2 delta(omega - omega_i).
struct DiscreteModes {
  Eigen::VectorXd energies;  ///< [n] eV, positive
  Eigen::VectorXd lambda;    ///< [n]
};

/// Modes that couple, in ascending order; modes of the same energy to 1e-9 are one.
DiscreteModes discrete(const CoupledModes& modes, int smearing);
/// Trapezoids of a curve as modes: sums over them are integrals.
DiscreteModes discrete(const SpectralFunction& curve);

/// sum_q w_q sum_nu weight_qnu delta(omega - omega_qnu) at `n` energies from step = highest/n to `highest`, each delta
/// function a Gaussian of standard deviation `width`. [n, n_weights], 1/eV.
Eigen::MatrixXd by_gaussians(const CoupledModes& modes, const std::vector<Eigen::MatrixXd>& weights,
                             const Eigen::VectorXd& energies, double width);

/// The same on a mesh by linear interpolation in tetrahedra. `diagonal`: signs of the steps along the diagonal that the
/// tetrahedra of a mesh cell share, (1, -1, 1) in Quantum ESPRESSO; zero: the shortest of `crystal`.
Eigen::MatrixXd by_tetrahedra(const MeshCoupling& mesh, const std::vector<Eigen::MatrixXd>& weights,
                              const Eigen::VectorXd& energies, const Crystal& crystal,
                              const Eigen::Vector3i& diagonal = Eigen::Vector3i::Zero());

/// lambda_qnu omega_qnu/2: weights whose curve is alpha2F. `lambda` [n_q, n_modes]: all of it or a part.
Eigen::MatrixXd alpha2f_weights(const CoupledModes& modes, const Eigen::MatrixXd& lambda);

}  // namespace zeropoint::superconductivity
