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

/// Where a loop stands between two populations. With the same options and potential it goes on from there to the same
/// bits.
struct LoopState {
  phonons::DynamicalMatrices matrices;    ///< where the next population is drawn
  std::vector<PopulationReport> history;  ///< of all populations since the first
  bool settled = false;                   ///< nothing is left but the final population
  std::vector<double> cell_memory = {};   ///< CellStep::memory(); empty with a fixed cell
};

/// A population before it is labelled.
struct Drawing {
  int number = 0;
  bool is_final = false;
  std::int64_t size = 0;
  TrialDensity density;
  Sampler sampler;
};

struct LoopResult {
  Minimum minimum;                        ///< of the last population
  Population population;                  ///< the last one
  std::vector<PopulationReport> reports;  ///< of all populations
  double bulk_modulus = 0;                ///< eV/angstrom^3; 0 with a fixed cell
  bool settled = false;
  std::string explain() const;  ///< why not, for people
};

/// What a caller may want to see of a population while it is worked on.
struct LoopWatch {
  /// Configurations of one population, from one thread at a time.
  std::function<void(std::int64_t done, std::int64_t total)> labelling = {};
  std::function<void(const Drawing&, const Configurations&)> labelled = {};
};

/// Populations, one after another, until a fresh one, of independent random numbers, needs no step: its gradient at the
/// density that drew it is within twice its noise, and so is what is left of the stress. Then, where one is wanted, a
/// final one for the numbers.
///
///   PopulationLoop loop(potential, start, group, options);
///   while (!loop.finished()) show(loop.next());
///   const LoopResult found = std::move(loop).result();
///
/// Between two populations the caller may look at the next one, change the potential, keep the state. Populations are
/// numbered from 1; the final one has the number 0 of the random numbers, so that neighbouring conditions share them.
class PopulationLoop {
 public:
  /// Refers to `potential`. With `state` it goes on where an earlier loop stood; `start` gives the temperature, and the
  /// bulk modulus that the cell begins with.
  /// @throws InputError when no population is asked for or left, phonons::MissingStress when the cell should move and
  /// the potential has none.
  PopulationLoop(const Potential& potential, const TrialDensity& start, SpaceGroup group, LoopOptions options,
                 std::optional<LoopState> state = {});

  bool finished() const;
  /// What next() will label; it stays where it is until then. Only while the loop is not finished.
  const Drawing& drawing();
  /// One population. Whatever is thrown on the way, by `watch` too, leaves the state as it was. Only while the loop is
  /// not finished. @throws as draw_and_label(), minimize().
  const PopulationReport& next(const LoopWatch& watch = {});
  /// Labels from here on are those of `potential`, which the loop refers to.
  void use(const Potential& potential) { potential_ = &potential; }

  const LoopState& state() const { return state_; }
  /// Of a loop of which next() returned at last.
  LoopResult result() &&;

 private:
  /// Takes a population that was minimised to `found` into the state: is the loop settled, where to go next?
  void settle(PopulationReport report, const phonons::DynamicalMatrices& found);

  const Potential* potential_;
  double temperature_;
  UnitSet units_;
  SpaceGroup group_;
  LoopOptions options_;
  LoopState state_;
  std::optional<CellStep> cell_;
  std::optional<Drawing> drawing_;
  std::optional<Minimum> minimum_;
  std::optional<Population> population_;
};

/// A PopulationLoop from its start to its end.
LoopResult relax_populations(const Potential& potential, const TrialDensity& start, const SpaceGroup& group,
                             const LoopOptions& options, const LoopWatch& watch = {});

}  // namespace zeropoint::sscha
