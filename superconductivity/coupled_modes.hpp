#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/units.hpp"
#include "phonons/interpolation.hpp"
#include "superconductivity/coupling.hpp"

namespace zeropoint::superconductivity {

/// What is done with the three translations at Gamma, where the coupling of acoustic modes diverges.
enum class GammaPolicy {
  optical,  ///< they are left out, by projection; sums are divided by the number of all q points
  qe,       ///< as lambda.x and matdyn.x: nothing couples below 20 cm^-1; divided by the number of all q points
  skip      ///< all modes at Gamma are left out; divided by the number of the other q points
};

/// What is done with modes that have omega^2 < 0.
enum class ImaginaryPolicy {
  error,  ///< an error
  skip,   ///< they are left out
  abs     ///< |omega^2| takes the place of omega^2
};

struct ModePolicies {
  GammaPolicy gamma = GammaPolicy::optical;
  ImaginaryPolicy imaginary = ImaginaryPolicy::error;
};

/// Modes of phonons with their coupling, on a set of q points with weights.
///
///   lambda_qnu = z^dagger Gamma z/(2 N_F omega^2),   z = m^-1/2 e,   lambda = sum_q w_q sum_nu lambda_qnu.
/// Weights add up to 1; where Gamma is left out, to 1 over the other points. Modes that were left out have lambda 0.
struct CoupledModes {
  std::vector<Smearing> smearings;
  std::vector<Eigen::Vector3d> points;     ///< [n_q] crystal coordinates
  Eigen::VectorXd weights;                 ///< [n_q]
  Eigen::MatrixXd energies;                ///< [n_q, n_modes] hbar omega, eV, as they count: |omega| under abs
  std::vector<Eigen::MatrixXd> lambda;     ///< [n_smearings] [n_q, n_modes]
  std::vector<Eigen::MatrixXd> linewidth;  ///< the same, eV: gamma of Quantum ESPRESSO, half of the full width
  /// [n_smearings][n_atoms] [n_q, n_modes]: Re sum_b z_a^* Gamma_ab z_b/(2 N_F omega^2), which add up to lambda.
  std::vector<std::vector<Eigen::MatrixXd>> atoms;
  std::vector<Eigen::MatrixXd> pairs;       ///< [n_smearings] [n_atoms, n_atoms] of the sum over all modes
  std::vector<Eigen::MatrixXd> characters;  ///< [n_atoms] [n_q, n_modes] |e_a|^2 of the displacements
  Eigen::VectorXd totals;                   ///< [n_smearings] lambda
  Eigen::VectorXd totals_elsewise;          ///< with the other normalisation: N_q - 1 for N_q, or N_q for N_q - 1
  int n_imaginary = 0;                      ///< modes with omega^2 < 0, translations not counted
  Eigen::VectorXd imaginary_share;          ///< [n_smearings] of lambda that they have (abs) or would have had (skip)
  double residual = 0;  ///< largest relative deviation from sum_nu lambda = Tr[Phi^-1 Gamma]/(2 N_F) over all q

  int n_smearings() const { return static_cast<int>(smearings.size()); }
  Eigen::Index n_modes() const { return energies.cols(); }
};

/// On the grid of the coupling, which is that of the matrices. The trace identity is asserted to 1e-8 where D(q) has an
/// inverse.
/// @throws InputError for imaginary modes where these are errors (how many, the lowest, where); ComputationError when
/// the identity fails.
CoupledModes couple(const phonons::DynamicalMatrices& matrices, const Coupling& coupling, const ModePolicies& policies,
                    const UnitSet& units = units::codata2022);

/// Both interpolated to a regular mesh through Gamma, with weights of whole stars; `group` as phonons::modes_on_mesh.
struct MeshCoupling {
  CoupledModes modes;    ///< of one point of each star
  std::vector<int> row;  ///< [n_q of the mesh] the point that stands for (i1 n2 + i2) n3 + i3
  Eigen::Vector3i divisions;
};
/// @throws as above.
MeshCoupling couple_on_mesh(const phonons::Interpolation& matrices, const std::vector<phonons::Interpolation>& gamma,
                            const std::vector<Smearing>& smearings, const Eigen::Vector3i& divisions,
                            const SpaceGroup& group, const ModePolicies& policies,
                            const UnitSet& units = units::codata2022);

}  // namespace zeropoint::superconductivity
