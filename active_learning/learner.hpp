#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "active_learning/certificate.hpp"
#include "active_learning/dft_code.hpp"
#include "active_learning/harvest.hpp"
#include "active_learning/round_files.hpp"
#include "active_learning/runner.hpp"
#include "active_learning/scoring.hpp"
#include "core/cell_kind.hpp"
#include "core/space_group.hpp"
#include "mlp/fit.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "sscha/condition_result.hpp"
#include "sscha/population_loop.hpp"
#include "sscha/solution.hpp"

namespace zeropoint::active_learning {

struct LearnOptions {
  std::string folder;         ///< of the project
  Crystal crystal;            ///< unit cell
  Eigen::Vector3i divisions;  ///< supercell
  SpaceGroup group;
  std::optional<phonons::DynamicalMatrices> matrices = {};  ///< to begin from; nothing: harmonic ones are made
  std::optional<mlp::Model> model = {};                     ///< to begin from
  std::vector<LabelledSet> data = {};                       ///< labels that are there already
  std::vector<sscha::Condition> conditions;
  RunnerOptions runner = {};
  double enough = 0.7;  ///< of a round's labels; a local runner computes all
  int first = 0;        ///< configurations of the first batch; 0: as `batch`
  int batch = 32;
  int maximum_labels = 300;
  int pool = 1000;  ///< configurations that are scored, of each condition
  Tolerances tolerances = {};
  double propagated_free_energy = 0.3e-3;  ///< eV per atom
  UncertaintyOptions uncertainty = {};
  mlp::FitOptions fit = {};
  bool stress = true;            ///< labels have one, and it is learned
  bool from_last_model = true;   ///< training goes on from the last model; false: anew
  sscha::LoopOptions loop = {};  ///< of the minimisation at each condition; cell and pressure of the condition
  std::uint64_t seed = 1;
  UnitSet units = units::codata2022;
};

/// How a learner tells what it does; each may be empty.
struct LearnWatch {
  std::function<void(const std::string& what, const std::string& text)> tell = {};  ///< a line for people
  std::function<void(const std::string&)> warn = {};
  std::function<void(const std::string& what, double progress)> progress = {};
  /// A solution of a round, before its folder is finished: the caller may leave files of its own there.
  std::function<void(const std::string& folder, const sscha::Solution&, const sscha::ConditionResult&)> minimised = {};
  std::function<void()> idle = {};  ///< often; what it throws ends the work, and the next run goes on
};

enum class Ending { converged, budget, waiting };

/// The parts of a round that can be done by themselves.
enum class Step { all, harvest, select, audit, train, minimize };

/// SHA-256 of all numbers of a model, whatever its card says about times: the name of its folder in models/.
std::string identity(const mlp::Model& model);

/// The loop: select, label, audit with the model that has not seen the labels, train, minimise, until nothing changes
/// that counts and a fresh sample says so.
///
/// Every part leaves a file in FOLDER/rounds/NNNN, whole or not at all, and depends on files and seeds alone: whatever
/// instant a run is killed at, the next goes on behind the last part that was finished, to the same bits.
///   rounds/0000/CONDITION/density.h5   where the first configurations are drawn
///   rounds/NNNN/selection.json         what DFT is asked for, with inclusion probabilities
///              /labels.json            the labels that came in time
///              /audit.json  calibration.json
///              /trained.json             SHA-256 of the model in models/
///              /CONDITION/density.h5  result.h5
///              /observables.json
class Learner {
 public:
  /// Both must outlive it. @throws InputError for options that make no loop.
  Learner(LearnOptions options, TaskStore& store, const DftCode& code, LearnWatch watch = {});

  /// Goes on until it has converged, has used its labels, or waits for somebody to compute. `only`: that step of the
  /// present round, where it is the next or can be repeated.
  /// @throws ComputationError when too many tasks fail to go on.
  Ending run(Step only = Step::all);

  /// What the next run would do.
  std::string next() const;
  /// Rounds that came to their end.
  const std::vector<RoundResult>& results() const { return results_; }
  std::vector<Audit> audits() const;
  int n_labels() const;
  /// How a person runs what is waited for.
  const std::string& waiting_for() const { return waiting_; }
  /// Folder of a condition's last result.
  std::string folder_of_result(const sscha::Condition& condition) const;

 private:
  std::string file(int round, const std::string& name) const;
  std::string model_file(const std::string& sha) const;
  void tell(const std::string& what, const std::string& text) const;
  int round() const { return static_cast<int>(results_.size()) + 1; }

  bool prepare();  // false: waits
  bool harmonic_matrices(phonons::DynamicalMatrices& found);
  void write_densities(const phonons::DynamicalMatrices& matrices);
  sscha::TrialDensity density(int round, const sscha::Condition& condition) const;
  std::optional<mlp::Model> model_before(int round, TrainedModel& record) const;
  Calibration calibration_before(int round) const;
  std::vector<Residual> recent_residuals(int round) const;

  Selection select(int round);
  int asked_before(int round) const;
  ConditionSelection first_batch(const sscha::Condition& condition, int n);
  ConditionSelection choose(int round, const sscha::Condition& condition, const mlp::Model& model,
                            const TrainedModel& record, int n, bool greedy);
  std::vector<std::size_t> informative(const mlp::Model& model, const TrainedModel& record, const Supercell& reference,
                                       const at::Tensor& u, const std::vector<Score>& scores,
                                       const std::vector<bool>& taken, int n) const;
  at::Tensor pool(int round, const sscha::Condition& condition, const sscha::TrialDensity& density) const;
  bool greedy_is_better(int round) const;

  void take_in(const Selection& selection);
  bool label(const Selection& selection, double enough);
  void compute(const Selection& selection, const std::vector<std::string>& open, double enough);
  Audit audit(int round, const Selection& selection);
  void audit_condition(Audit& audit, const ConditionSelection& part, const UncertainModel& uncertain,
                       const std::vector<std::string>& in_time, double& rms_force) const;
  void train(int round, const std::vector<std::string>& labels);
  mlp::FitData training_data(const std::vector<std::string>& labels, const mlp::FitOptions& options) const;
  ConditionObservables minimize(int round, const sscha::Condition& condition, const mlp::Model& model);
  ConditionObservables stay(int round, const sscha::Condition& condition) const;
  void add_potential_errors(ConditionObservables& found, const sscha::TrialDensity& density, const mlp::Model& model,
                            const Calibration& calibration) const;
  RoundResult judge(int round, std::vector<ConditionObservables> found, const Audit& audit) const;
  bool converged() const;

  LearnOptions options_;
  TaskStore& store_;
  const DftCode& code_;
  LearnWatch watch_;
  std::vector<RoundResult> results_;
  std::string waiting_;
};

}  // namespace zeropoint::active_learning
