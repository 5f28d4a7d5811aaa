#pragma once

#include <functional>
#include <vector>

#include "sscha/minimizer.hpp"

namespace zeropoint::sscha {

/// Standard errors of a self-consistent solution, from its noise in the population.
struct SolutionErrors {
  std::vector<std::vector<double>>
      squared_frequencies;                       ///< [n_q][3n] of omega^2, eV/amu/angstrom^2; 0 for acoustic modes
  std::vector<std::vector<double>> frequencies;  ///< [n_q][3n] cm^-1, = err(omega^2)/(2 omega)
  Vectors centroids;                             ///< [n_atoms, 3] angstrom
  double entropy = 0;                            ///< eV/K of the supercell
  /// True: the population was minimised again without each jackknife group, so the response of the solution is in it.
  /// False (the minimum was not converged): gradient noise alone, as if one self-consistency step were the whole
  /// answer.
  bool self_consistent = true;
};

/// Leaves out groups of whole samples (antithetic partners together), at most 16, and minimises again from the
/// solution: err^2 = (B-1)/B sum_b (x_b - mean)^2. Changes of omega^2 are first-order, e^dagger m^-1/2 dD m^-1/2 e,
/// averaged over degenerate sets: no level repulsion. Cost: about 16 x 5 gradients.
SolutionErrors solution_errors(const Population& population, const Minimum& minimum, const SpaceGroup& group,
                               bool centroids, const std::function<void(int done, int total)>& progress = {});

}  // namespace zeropoint::sscha
