#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sscha/evaluation.hpp"

namespace zeropoint::sscha {

struct MinimizeOptions {
  double kong_liu_ratio = 0.5;     ///< stop when N_eff/N would fall below
  double gradient_to_error = 0.2;  ///< converged when |gradient| < this x its error; 0: to rounding
  bool centroids = true;           ///< move them too
  int max_steps = 1000;            ///< 0: evaluate the start only
};

enum class StopReason {
  converged,
  kong_liu,  ///< the next step leads where too few configurations count: draw a new population here
  max_steps,
  stalled,  ///< the gradient stopped falling
};
/// One sentence for people: what happened and what to do.
std::string explain(StopReason reason);

/// An accepted point. Energies are of the supercell.
struct StepReport {
  int step = 0;
  int n_gradients = 0;   ///< evaluated so far, this one included
  Estimate free_energy;  ///< eV
  double free_energy_error_by_configuration = 0;
  double gradient = 0, gradient_error = 0;           ///< eV/angstrom^2
  double centroid_gradient = 0, centroid_error = 0;  ///< angstrom
  double effective_size = 0, kong_liu_ratio = 0;
  double step_length = 0;                        ///< fraction of the proposed step that was taken to get here
  std::vector<std::vector<double>> frequencies;  ///< [n_q][3n] cm^-1
};
StepReport report(const TrialDensity& density, const Evaluation& evaluation);

struct Minimum {
  TrialDensity density;
  Evaluation evaluation;
  StopReason stop_reason;
  int n_gradients = 0;
  std::vector<StepReport> steps;

  bool converged() const { return stop_reason == StopReason::converged; }
};

/// The start as the minimisers use it: matrices and centroids averaged over the group, sum rule imposed.
TrialDensity symmetrized(const TrialDensity& start, const SpaceGroup& group, const phonons::Symmetrizer& symmetrize);

/// Self-consistent auxiliary matrices and centroids of a population, by Anderson mixing of D <- D - G, R <- R - P g.
///
/// The sampled gradient is not the derivative of the sampled free energy (which is not monotone along the path): steps
/// are judged by the gradient alone. Each accepted point costs one gradient. A step is shortened until every mode stays
/// positive (no omega^2 falls below 0.3 or rises above 4 of its value) and until the Kong-Liu ratio holds.
Minimum minimize(const Population& population, TrialDensity start, const SpaceGroup& group,
                 const MinimizeOptions& options, const std::function<void(const StepReport&)>& observe = {});

}  // namespace zeropoint::sscha
