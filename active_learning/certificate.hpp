#pragma once

#include <string>
#include <vector>

#include "active_learning/linear_response.hpp"
#include "active_learning/two_level.hpp"

namespace zeropoint::active_learning {

enum class Verdict { pass, fail, not_certifiable };
const char* name_of(Verdict verdict);

/// A correction with its interval, held against a tolerance: `pass` when all of the interval is within it, `fail` when
/// all of it is beyond, else not certifiable with so many labels.
struct Certified {
  SampledMean mean;
  double tolerance = 0;
  Verdict verdict = Verdict::not_certifiable;
  int n_needed = 0;  ///< labels that would do: the error falls with their root; 0: no number would
};
Certified certified(const SampledMean& mean, double tolerance);

struct Tolerances {
  double relative_frequency = 0.01, frequency = 0;  ///< the latter in sqrt(eV/amu)/angstrom: the larger one counts
  double free_energy = 0;                           ///< eV per unit cell
  double pressure = 0;                              ///< eV/angstrom^3
};

/// What DFT says about the numbers that a model gave, by labels that the model had not seen: corrections to first
/// order with 95 % intervals.
struct Certificate {
  int n_labels = 0;
  double missing = 0;               ///< share of the sample that has no label: runs that failed do so not at random
  Certified free_energy;            ///< eV per unit cell
  std::vector<Certified> pressure;  ///< one, or none without stresses; eV/angstrom^3
  std::vector<FrequencyBlock> blocks;
  std::vector<Certified> frequencies;  ///< of each block, sqrt(eV/amu)/angstrom
  SampledMean log_frequency;           ///< mean of d ln omega over all modes

  /// Everything is certified to be within its tolerance.
  bool passes() const;
  /// The largest number of labels that one of them needs.
  int n_needed() const;
  /// Names of what does not pass: "free energy", "q 2 mode 4".
  std::vector<std::string> open() const;
};

/// `response` of the n labels that came of `n_asked`.
Certificate certify(const LinearResponse& response, const std::vector<FrequencyBlock>& blocks,
                    const ProbabilitySample& sample, int n_asked, const Tolerances& tolerances,
                    const std::vector<int>& star_sizes);

}  // namespace zeropoint::active_learning
