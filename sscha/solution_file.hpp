#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sscha/solution.hpp"

namespace zeropoint::sscha {

/// What the file of a solution, result.h5, says it is.
inline constexpr const char* solution_filetype = "zeropoint minimize";

/// An accepted point of a minimisation, energies per unit cell.
struct SolutionStep {
  int step = 0, n_gradients = 0;
  Estimate free_energy;        ///< eV per unit cell
  Estimate gradient;           ///< its norm, eV/angstrom^2, with the norm that noise alone has
  Estimate centroid_gradient;  ///< the same of the centroids, angstrom
  double kong_liu_ratio = 0, step_length = 0;
  std::vector<std::vector<double>> frequencies;  ///< [n_q][3n] cm^-1
};
SolutionStep per_cell(const StepReport& step, int n_cells);

/// The lowest of `frequencies` (cm^-1), those aside that are zero up to rounding: uniform translations.
double lowest_frequency(const std::vector<std::vector<double>>& frequencies);

/// Writes all of a solution that is needed to go on from it and to draw it. `configuration`: the resolved run file.
/// @throws IoError.
void write_solution(const std::string& path, const Solution& solution, const std::string& configuration,
                    std::int64_t seed);

/// The end of a finished minimisation.
struct StoredSolution {
  phonons::DynamicalMatrices matrices;
  double temperature = 0;                           ///< K
  std::vector<std::vector<double>> squared_errors;  ///< [n_q][3n] of omega^2, eV/amu/angstrom^2; empty: unknown
  Estimate free_energy;                             ///< eV per unit cell
  double harmonic_free_energy = 0;                  ///< of `matrices` on their own grid, eV per unit cell
  bool converged = false;
};
/// @throws IoError; InputError for another kind of file, one of an older version without matrices, and a damaged one.
StoredSolution read_solution(const std::string& path);

/// The way of a minimisation to its end.
struct SolutionHistory {
  phonons::QGrid grid;
  std::vector<std::vector<double>> start_frequencies, frequencies;  ///< [n_q][3n] cm^-1, at its start and its end
  std::vector<SolutionStep> steps;                                  ///< the first is the start
};
/// Of files of all versions. @throws IoError; InputError for another kind of file and a damaged one.
SolutionHistory read_history(const std::string& path);

}  // namespace zeropoint::sscha
