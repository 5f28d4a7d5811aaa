#include "active_learning/learner.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/kill_point.hpp"
#include "files/dft_inputs.hpp"
#include "phonons/finite_differences.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "potentials/model.hpp"
#include "sscha/first_density.hpp"

namespace zeropoint::active_learning {
namespace {

namespace fs = std::filesystem;

constexpr double dft_displacement = 0.02;  // angstrom, of harmonic matrices: forces of DFT have noise
constexpr double most_abandoned = 0.5;     // of a batch: beyond it the input is wrong, not the structure

std::string round_name(int round) { return fmt::format("{:04}", round); }

/// Labels of tasks as a potential. What has none is noted, and answered with zeros: the caller asks again when all are
/// there.
class LabelledTasks : public Potential {
 public:
  explicit LabelledTasks(const TaskStore& store) : store_(store) {}

  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override {
    const std::int64_t n = displacements.size(0), n_atoms = reference.n_atoms();
    const Crystal at_rest = reference.crystal();
    Evaluation result{at::zeros({n}, at::kDouble), at::zeros({n, n_atoms, 3}, at::kDouble), {}, {}};
    for (std::int64_t c = 0; c < n; ++c) {
      const Crystal crystal = displaced(at_rest, displacements, c);
      const std::string id = store_.id_of(crystal);
      const auto found = store_.tasks().find(id);
      if (found == store_.tasks().end() || found->second.state != TaskState::done) {
        missing.emplace_back(id, crystal);
        continue;
      }
      const TaskLabel label = store_.label(id);
      result.energies.mutable_data_ptr<double>()[c] = label.energy;
      Eigen::Map<Vectors>(result.forces.mutable_data_ptr<double>() + 3 * n_atoms * c, n_atoms, 3) = label.forces;
    }
    return result;
  }

  mutable std::vector<std::pair<std::string, Crystal>> missing;

 private:
  const TaskStore& store_;
};

}  // namespace

Learner::Learner(LearnOptions options, TaskStore& store, const DftCode& code, LearnWatch watch)
    : options_(std::move(options)), store_(store), code_(code), watch_(std::move(watch)) {
  if (options_.conditions.empty()) throw InputError{"there is no condition to learn at"};
  for (int k = 1;; ++k) {
    std::optional<RoundResult> result = read_round_result(file(k, "observables.json"));
    if (!result) break;
    results_.push_back(std::move(*result));
  }
}

std::string Learner::file(int round, const std::string& name) const {
  return fmt::format("{}/rounds/{}/{}", options_.folder, round_name(round), name);
}

std::string Learner::model_file(const std::string& sha) const {
  return fmt::format("{}/models/{}/model.h5", options_.folder, sha);
}

void Learner::tell(const std::string& what, const std::string& text) const {
  if (watch_.tell) watch_.tell(what, text);
}

int Learner::n_labels() const { return static_cast<int>(store_.count(TaskState::done)); }

std::string Learner::folder_of_result(const sscha::Condition& condition) const {
  return file(static_cast<int>(results_.size()), condition.name());
}

std::vector<Audit> Learner::audits() const {
  std::vector<Audit> all;
  for (int k = 1; k <= round(); ++k) {
    if (std::optional<Audit> audit = read_audit(file(k, "audit.json"))) all.push_back(std::move(*audit));
  }
  return all;
}

sscha::TrialDensity Learner::density(int round, const sscha::Condition& condition) const {
  const Hdf5File stored = Hdf5File::open(file(round, condition.name() + "/density.h5"));
  return {phonons::read_matrices(stored, "density"), condition.temperature, options_.units};
}

void Learner::write_densities(const phonons::DynamicalMatrices& matrices) {
  for (const sscha::Condition& condition : options_.conditions) {
    const sscha::FirstDensity first = sscha::first_density(matrices, condition.temperature, options_.units);
    if (first.n_turned > 0 && watch_.warn)
      watch_.warn(fmt::format("{}: {} modes are imaginary: their omega^2 is turned to |omega^2| for the start",
                              condition.text(), first.n_turned));
    Hdf5File stored = Hdf5File::create(file(0, condition.name() + "/density.h5"), {.filetype = "zeropoint density"});
    phonons::write_matrices(first.matrices, stored, "density");
    stored.close();
  }
}

/// The harmonic matrices of DFT itself, from displaced supercells that symmetry leaves; false while some wait.
bool Learner::harmonic_matrices(phonons::DynamicalMatrices& found) {
  const phonons::DifferenceOptions differences{.displacement = dft_displacement, .order = 2};
  const LabelledTasks labels(store_);
  phonons::HarmonicMatrices harmonic =
      phonons::harmonic_matrices(labels, options_.crystal, options_.divisions, options_.group, differences);
  if (!labels.missing.empty()) {
    Selection selection{.round = 0, .model = {}, .design = "displacements", .seed = options_.seed, .conditions = {}};
    ConditionSelection& part = selection.conditions.emplace_back();
    part.condition = "harmonic";
    for (const auto& [id, crystal] : labels.missing) {
      store_.add(crystal, code_.inputs(crystal, id.substr(0, 10), 1));
      part.picks.push_back(
          {.index = static_cast<std::int64_t>(part.picks.size()), .task = id, .reason = "displacement"});
    }
    part.n_pool = static_cast<std::int64_t>(part.picks.size());
    if (!fs::exists(file(0, "selection.json"))) write(file(0, "selection.json"), selection);
    tell("displacements", fmt::format("{} supercells for harmonic matrices", part.picks.size()));
    if (!label(selection, 1)) return false;
    const LabelledTasks again(store_);
    harmonic = phonons::harmonic_matrices(again, options_.crystal, options_.divisions, options_.group, differences);
    if (!again.missing.empty()) {
      throw ComputationError{"{} of the displaced supercells have no label, and harmonic matrices need them all: {}",
                             again.missing.size(), store_.task(again.missing.front().first).reason};
    }
  }
  tell("harmonic", fmt::format("{} supercells, residual force {:.2g} eV/angstrom", harmonic.n_displacements,
                               harmonic.residual_force));
  found = std::move(harmonic.matrices);
  return true;
}

bool Learner::prepare() {
  const bool needs_model = !options_.data.empty() && !options_.model;
  if (needs_model && !fs::exists(file(0, "trained.json"))) train(0, {});
  if (fs::exists(file(0, options_.conditions.back().name() + "/density.h5"))) return true;
  TrainedModel record;
  if (options_.matrices) {
    write_densities(*options_.matrices);
  } else if (const std::optional<mlp::Model> model = model_before(1, record)) {
    const potentials::NetworkPotential potential(*model);
    const phonons::HarmonicMatrices harmonic = sscha::matrices_of_structure(
        potential, options_.crystal, options_.group,
        {.divisions = options_.divisions, .relax = false, .relaxed = {}, .idle = watch_.idle});
    write_densities(harmonic.matrices);
  } else {
    phonons::DynamicalMatrices matrices{options_.crystal, phonons::QGrid(options_.divisions), {}, {}, 0, {}};
    if (!harmonic_matrices(matrices)) return false;
    write_densities(matrices);
  }
  return true;
}

std::optional<mlp::Model> Learner::model_before(int round, TrainedModel& record) const {
  for (int k = round - 1; k >= 0; --k) {
    if (const auto found = read_trained_model(file(k, "trained.json"))) {
      record = *found;
      return mlp::read_model(model_file(record.sha));
    }
  }
  if (!options_.model) return {};
  record = {.sha = "given", .origin = "given", .energy_scale = 5e-3, .force_scale = 0.1 * options_.model->energy_scale};
  return options_.model;
}

void Learner::take_in(const Selection& selection) {
  std::map<std::string, ExpectedEnergy> expected;
  for (const ConditionSelection& part : selection.conditions) {
    for (const Pick& pick : part.picks) {
      if (pick.energy_error > 0) expected[pick.task] = {pick.expected_energy, pick.energy_error};
    }
  }
  const HarvestReport report = harvest(
      store_, code_,
      {.needs_stress = options_.stress, .expected = [&](const std::string& id) -> std::optional<ExpectedEnergy> {
         const auto found = expected.find(id);
         return found == expected.end() ? std::nullopt : std::optional(found->second);
       }});
  for (const auto& [task, reason] : report.refused)
    tell("refused", fmt::format("task {}: {}", task.substr(0, 10), reason));
  for (const auto& [task, reason] : report.abandoned) {
    if (watch_.warn) watch_.warn(fmt::format("task {} is abandoned: {}", task.substr(0, 10), reason));
  }
}

/// Labels for a batch; false when somebody else has to compute them first.
bool Learner::label(const Selection& selection, double enough) {
  const std::vector<std::string> tasks = selection.tasks();
  for (int again = 0;; ++again) {
    take_in(selection);
    std::vector<std::string> open;
    std::size_t n_abandoned = 0;
    for (const std::string& id : tasks) {
      if (store_.task(id).open()) open.push_back(id);
      n_abandoned += store_.task(id).state == TaskState::abandoned;
    }
    if (static_cast<double>(n_abandoned) > most_abandoned * static_cast<double>(tasks.size())) {
      throw ComputationError{"{} of {} tasks of this batch are abandoned, the last one because {}: see {}/quarantine",
                             n_abandoned, tasks.size(),
                             [&] {
                               for (const std::string& id : tasks) {
                                 if (store_.task(id).state == TaskState::abandoned) return store_.task(id).reason;
                               }
                               return std::string{};
                             }(),
                             options_.folder};
    }
    if (open.empty()) return true;
    const bool waits = options_.runner.kind != RunnerKind::local;
    const double done = static_cast<double>(tasks.size() - open.size());
    if (waits && done >= enough * static_cast<double>(tasks.size())) return true;
    const std::string folder = fmt::format("{}/submit/{}{}", options_.folder, round_name(selection.round),
                                           again == 0 ? "" : fmt::format("-{}", again + 1));
    std::vector<std::string> folders;
    for (const std::string& id : open) folders.push_back(store_.folder_of(id));
    if (options_.runner.kind == RunnerKind::none) {
      const Submission submission = write_submission(folder, folders, code_, options_.runner);
      waiting_ =
          fmt::format("{} tasks wait to be computed. Run `{}`, or submit {} as an array, and repeat this command",
                      open.size(), command_line(submission, options_.runner.at_once), submission.script());
      return false;
    }
    compute(selection, open, enough);
  }
}

void Learner::compute(const Selection& selection, const std::vector<std::string>& open, double enough) {
  std::vector<std::string> folders;
  for (const std::string& id : open) folders.push_back(store_.folder_of(id));
  std::string folder = fmt::format("{}/submit/{}", options_.folder, round_name(selection.round));
  if (options_.runner.kind == RunnerKind::local) {
    const Submission submission = write_submission(folder, folders, code_, options_.runner);
    kill_point("submission written");
    tell("labels", fmt::format("{} tasks, {} at a time", open.size(), options_.runner.at_once));
    run_here(submission, options_.runner.at_once, [&](std::size_t ended) {
      if (watch_.progress)
        watch_.progress("labelling", static_cast<double>(ended) / static_cast<double>(folders.size()));
      if (watch_.idle) watch_.idle();
      kill_point("labels computed");
    });
    return;
  }
  // An array that an earlier run submitted may be on its way: its folders are looked at, it is not submitted again.
  int number = 1;
  const auto name = [&] { return number == 1 ? folder : fmt::format("{}-{}", folder, number); };
  Submission submission{name(), 0, 0};
  std::map<std::string, int> attempt;
  for (const std::string& id : open) attempt[id] = store_.task(id).attempt;
  while (was_submitted(submission)) submission.folder = fmt::format("{}-{}", folder, ++number);
  const bool on_its_way = number > 1 && std::ranges::all_of(attempt, [](const auto& task) { return task.second == 1; });
  if (!on_its_way) {
    submission = write_submission(name(), folders, code_, options_.runner);
    tell("submitted", submit(submission, options_.runner));
  }
  const auto settled = [&] {
    std::size_t n_left = 0;
    for (const auto& [id, at] : attempt) n_left += store_.task(id).open() && store_.task(id).attempt == at;
    return static_cast<double>(attempt.size() - n_left) >= enough * static_cast<double>(attempt.size());
  };
  for (take_in(selection); !settled(); take_in(selection)) {
    std::this_thread::sleep_for(std::chrono::duration<double>(options_.runner.poll_seconds));
    if (watch_.idle) watch_.idle();
  }
}

bool Learner::converged() const {
  const std::size_t n = results_.size();
  return n > 1 && results_[n - 1].converged && results_[n - 2].converged;
}

/// Tasks of earlier rounds that were not abandoned. Those of an unfinished selection do not count: it is made again.
int Learner::asked_before(int round) const {
  std::set<std::string> asked;
  for (int k = 0; k < round; ++k) {
    if (const auto selection = read_selection(file(k, "selection.json"))) {
      for (const std::string& id : selection->tasks()) {
        const auto found = store_.tasks().find(id);
        if (found != store_.tasks().end() && found->second.state != TaskState::abandoned) asked.insert(id);
      }
    }
  }
  return static_cast<int>(asked.size());
}

std::string Learner::next() const {
  const int k = round();
  if (converged()) return "nothing: it has converged";
  if (!fs::exists(file(0, options_.conditions.back().name() + "/density.h5")))
    return "round 0: the matrices from which the first configurations are drawn";
  if (!fs::exists(file(k, "selection.json"))) return fmt::format("round {}: select what DFT labels", k);
  if (!fs::exists(file(k, "labels.json"))) {
    const std::optional<Selection> selection = read_selection(file(k, "selection.json"));
    const std::vector<std::string> tasks = selection->tasks();
    const auto n_open = std::ranges::count_if(tasks, [&](const std::string& id) { return store_.task(id).open(); });
    return fmt::format("round {}: take in labels, of which {} of {} are missing", k, n_open, tasks.size());
  }
  if (!fs::exists(file(k, "audit.json"))) return fmt::format("round {}: audit the model with new labels", k);
  if (!fs::exists(file(k, "trained.json"))) return fmt::format("round {}: train", k);
  return fmt::format("round {}: minimise", k);
}

Ending Learner::run(Step only) {
  const bool all = only == Step::all;
  if (only == Step::harvest) {
    const auto selection = read_selection(file(round(), "selection.json"));
    take_in(selection ? *selection : Selection{});
    return Ending::waiting;
  }
  if (!prepare()) return Ending::waiting;
  while (!converged()) {
    const int k = round();
    const bool asked = fs::exists(file(k, "selection.json"));
    if (!asked && asked_before(k) >= options_.maximum_labels) return Ending::budget;
    if (!asked) write(file(k, "selection.json"), select(k));
    if (only == Step::select) return Ending::waiting;
    const Selection selection = *read_selection(file(k, "selection.json"));
    // Killed between the selection and its tasks: ask for those that are missing.
    for (const ConditionSelection& part : selection.conditions) {
      for (const Pick& pick : part.picks) {
        if (!store_.tasks().contains(pick.task))
          throw InputError{"{}: task {} is missing: the folder is damaged", file(k, "selection.json"), pick.task};
      }
    }
    if (!fs::exists(file(k, "labels.json"))) {
      if (!label(selection, options_.enough)) return Ending::waiting;
      std::vector<std::string> labels;
      for (const auto& [id, task] : store_.tasks()) {
        if (task.state == TaskState::done) labels.push_back(id);
      }
      write(file(k, "labels.json"), labels);
    }
    if (only == Step::audit || !fs::exists(file(k, "audit.json"))) {
      const Audit found = audit(k, selection);
      write(file(k, "calibration.json"), found.calibration, found.model);
      write(file(k, "audit.json"), found);
    }
    if (only == Step::audit) return Ending::waiting;
    if (!fs::exists(file(k, "trained.json"))) train(k, *read_names(file(k, "labels.json")));
    if (only == Step::train) return Ending::waiting;
    TrainedModel record;
    const mlp::Model model = *model_before(k + 1, record);
    std::vector<ConditionObservables> found;
    for (const sscha::Condition& condition : options_.conditions) {
      const std::string path = file(k, condition.name() + "/observables.json");
      std::optional<RoundResult> one = read_round_result(path);
      if (!one) {
        one = RoundResult{.round = k, .model = record.sha};
        try {
          one->conditions = {minimize(k, condition, model)};
        } catch (const ComputationError& error) {
          if (watch_.warn)
            watch_.warn(fmt::format("{}: the model cannot be used yet: {}", condition.text(), error.what()));
          one->conditions = {stay(k, condition)};
        }
        write(path, *one);
      }
      found.push_back(one->conditions.front());
    }
    RoundResult result = judge(k, std::move(found), *read_audit(file(k, "audit.json")));
    result.model = record.sha;
    write(file(k, "observables.json"), result);
    results_.push_back(std::move(result));
    if (!all) return Ending::waiting;
  }
  return Ending::converged;
}

}  // namespace zeropoint::active_learning
