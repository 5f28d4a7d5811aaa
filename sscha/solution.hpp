#pragma once

#include <cstdint>
#include <vector>

#include "sscha/solution_errors.hpp"

namespace zeropoint::sscha {

/// A minimisation from its start to its end, with the errors of what it found.
struct Solution {
  TrialDensity start;  ///< where it began
  Minimum minimum;     ///< energies of the supercell
  SolutionErrors errors;
  SpaceGroup group;                   ///< imposed
  std::int64_t n_configurations = 0;  ///< of the population

  const phonons::DynamicalMatrices& matrices() const { return minimum.density.matrices(); }
  Estimate free_energy() const;         ///< eV per unit cell
  double harmonic_free_energy() const;  ///< of the auxiliary matrices on their own grid, eV per unit cell
  Estimate entropy() const;             ///< of the auxiliary matrices, kB per unit cell
};

/// A mode of a solution that is no uniform translation.
struct SolutionMode {
  int iq = 0, mode = 0;         ///< in the grid; from 0
  Estimate square_inverse_cm2;  ///< omega^2, cm^-2

  double frequency() const;       ///< cm^-1
  double relative_error() const;  ///< of omega^2
  /// omega^2 is zero within three errors: what depends on this mode means little.
  bool may_be_collapsing() const;
};

/// The smallest omega^2 of all irreducible q.
SolutionMode lowest_mode(const Solution& solution);
/// The largest relative error of omega^2.
SolutionMode least_known_mode(const Solution& solution);
/// The size of a population in which omega^2 of `mode` has this relative error: errors fall with its square root.
double configurations_needed(const Solution& solution, const SolutionMode& mode, double relative_error);

}  // namespace zeropoint::sscha
