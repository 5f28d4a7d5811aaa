#pragma once

#include <Eigen/Core>
#include <optional>

#include "core/estimate.hpp"
#include "phonons/symmetrizer.hpp"
#include "sscha/gradient.hpp"
#include "sscha/population.hpp"
#include "sscha/trial_density.hpp"
#include "sscha/weights.hpp"

namespace zeropoint::sscha {

/// Free energy of the supercell, eV: F = F_harm + <V - V^Phi>; the error is that of the average.
struct FreeEnergy {
  Estimate total;
  double harmonic = 0;
  double error_by_configuration = 0;  ///< as if antithetic partners were independent (python-sscha)
};
FreeEnergy free_energy(const Population& population, const Weights& weights, const TrialDensity& density);

/// Stress, eV/angstrom^3, positive = tensile:
///   sigma_ab = <sigma^BO_ab + (1/2 Omega) sum_I (f_Ia u_Ib + f_Ib u_Ia)>, f the total force, Omega the supercell
///   volume.
/// The kinetic part is in it by the virial identity at the SCHA solution.
struct Stress {
  Eigen::Matrix3d value;
  Eigen::Matrix3d standard_error;  ///< of each component, by pairs
  Eigen::Matrix3d error_by_configuration;
  Eigen::Matrix3d static_part;  ///< <sigma^BO>
  Estimate pressure;  ///< -trace/3, positive = compressed, with the correlation of the components in its error
};
/// As averaged, not symmetrised. Nothing when the ensemble holds no stresses.
std::optional<Stress> stress(const Population& population, const Weights& weights, const TrialDensity& density);
/// Averaged over the point group too, sample by sample, so that the errors are those of the symmetric tensor.
std::optional<Stress> stress(const Population& population, const Weights& weights, const TrialDensity& density,
                             const phonons::Symmetrizer& symmetrize);

/// Everything that one step needs at one point.
struct Evaluation {
  Weights weights;
  FreeEnergy free_energy;
  Gradient gradient;
  std::optional<Stress> stress;  ///< symmetrised
};
Evaluation evaluate(const Population& population, const TrialDensity& density, const phonons::Symmetrizer& symmetrize);
/// The same with weights of `density` that are there already.
Evaluation evaluate(const Population& population, const TrialDensity& density, const phonons::Symmetrizer& symmetrize,
                    Weights weights);

}  // namespace zeropoint::sscha
