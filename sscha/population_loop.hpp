#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/potential.hpp"
#include "sscha/cell_step.hpp"
#include "sscha/minimizer.hpp"
#include "sscha/sampling.hpp"

namespace zeropoint::sscha {

/// `n` configurations drawn by `sampler` from `density` and labelled by a potential, in their order; the same bits for
/// any number of threads. `progress` gets how many are done, from one thread at a time; what it throws ends the work.
/// `uncertainty` gets the largest deviation of a force in each configuration, [n] eV/angstrom, where the potential
/// knows one, else nothing.
/// @throws InputError when the potential gives numbers that are not finite.
Configurations draw_and_label(const Potential& potential, const TrialDensity& density, const Sampler& sampler,
                              std::int64_t n, at::Device device = at::kCPU,
                              const std::function<void(std::int64_t done)>& progress = {},
                              at::Tensor* uncertainty = nullptr);

struct LoopOptions {
  std::vector<std::int64_t> sizes{1000, 2000, 5000, 10000};  ///< of the populations; the last repeats
  int maximum = 20;                                          ///< populations, the final one not counted
  std::int64_t final_size = 0;                               ///< one last population for the numbers; 0: none
  SamplingMethod sampling = SamplingMethod::antithetic;
  std::uint64_t seed = 1;
  MinimizeOptions minimize{};
  CellKind cell = CellKind::fixed;
  double pressure = 0;     ///< eV/angstrom^3, where the volume moves
  double uncertain = 0.3;  ///< eV/angstrom: forces that deviate more in a committee are extrapolations
  at::Device device = at::kCPU;
};

/// Configurations of a population that a committee is unsure of.
struct Extrapolation {
  std::int64_t n = 0;  ///< beyond LoopOptions::uncertain
  double weight = 0;   ///< of them among all, under the density that was found
  double largest = 0;  ///< deviation of a force, eV/angstrom
};

/// One population: drawn, labelled, minimised.
struct PopulationReport {
  int number = 0;  ///< from 1; the final one has the next
  bool is_final = false;
  std::int64_t size = 0;
  StepReport start, end;  ///< at the density that drew it, and where the minimiser stopped
  StopReason stop_reason = StopReason::converged;
  double volume = 0;                           ///< angstrom^3, unit cell
  std::optional<Stress> stress;                ///< at the end, where the potential has one
  std::optional<Extrapolation> extrapolation;  ///< where the potential knows its uncertainty
  double cell_deviation = 0;   ///< largest component of the stress that is not as wanted, over its error
  bool needs_no_step = false;  ///< the gradient where it was drawn is within its noise, the stress as wanted
};

/// What is needed after a population to go on with the next.
struct LoopState {
  int n_populations = 0;                ///< that were drawn
  phonons::DynamicalMatrices matrices;  ///< where the next is drawn
  bool settled = false;                 ///< the next is the final one
  std::vector<double> cell_memory;      ///< CellStep::memory(); empty with a fixed cell
};

struct LoopResult {
  Minimum minimum;                        ///< of the last population
  Population population;                  ///< the last one
  std::vector<PopulationReport> reports;  ///< since the start or the state that it went on from
  double bulk_modulus = 0;                ///< eV/angstrom^3; 0 with a fixed cell
  bool settled = false;
  std::string explain() const;  ///< why not, for people
};

/// What a caller may want to see; what any of them throws ends the run.
struct LoopWatch {
  std::function<void(const PopulationReport&)> population = {};  ///< after each
  /// Before `size` configurations of a population are labelled.
  std::function<void(int number, std::int64_t size, const TrialDensity&, const Sampler&)> drawing = {};
  std::function<void(std::int64_t done, std::int64_t total)> labelling =
      {};  ///< configurations of one, from one thread at a time
  /// Labels of each population, with the density that drew it.
  std::function<void(int number, bool is_final, const TrialDensity&, const Configurations&)> labelled = {};
  std::function<void(const LoopState&)> state = {};  ///< after each population but the final one
};

/// Populations from `start` until a fresh one, of independent random numbers, needs no step: its gradient at the
/// density that drew it is within twice its noise, and so is what is left of the stress. Populations are numbered from
/// 1, the final one has the number 0 of the random numbers, so that neighbouring conditions share them. From the
/// `state` that an earlier run of the same options saw it goes on to the same bits.
///
/// @throws InputError when the cell should move and the potential has no stress.
LoopResult relax_populations(const Potential& potential, const TrialDensity& start, const SpaceGroup& group,
                             const LoopOptions& options, const LoopWatch& watch = {},
                             const std::optional<LoopState>& state = {});

/// -V dP/dV of the potential alone, atoms in their sites, by strains of half a per cent; eV/angstrom^3.
double static_bulk_modulus(const Potential& potential, const phonons::DynamicalMatrices& matrices);

}  // namespace zeropoint::sscha
