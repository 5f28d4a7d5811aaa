#include "active_learning/harvest.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "active_learning/digest.hpp"
#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/configuration_match.hpp"
#include "files/labelled_formats.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint::active_learning {
namespace {

namespace fs = std::filesystem;

constexpr int most_starts = 3;          // as the job script counts
constexpr double believed_errors = 10;  // of the expected energy
constexpr double agreement = 1e-3;      // eV per atom, of two runs of a suspect task

/// What lies in a folder besides our own files.
struct Contents {
  std::vector<std::string> runs, starts, loose;  ///< names, ascending
};

bool is_ours(const std::string& name, const std::vector<std::string>& inputs) {
  return name == "structure.extxyz" || name == "result.json" || name == "suspect.json" || name.ends_with(".tmp") ||
         name.starts_with(".") || std::find(inputs.begin(), inputs.end(), name) != inputs.end();
}

Contents contents_of(const std::string& folder, const std::vector<std::string>& inputs) {
  Contents found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("run.")) {
      found.runs.push_back(name);
    } else if (name.starts_with("started.")) {
      found.starts.push_back(name);
    } else if (!is_ours(name, inputs) && entry.is_regular_file()) {
      found.loose.push_back(name);
    }
  }
  if (error) throw IoError{"{}: cannot be read: {}", folder, error.message()};
  for (auto* names : {&found.runs, &found.starts, &found.loose}) std::sort(names->begin(), names->end());
  return found;
}

/// The last words that a run left, for its reason: "exit code 7; MPI_ABORT was invoked".
std::string end_of(const std::string& run) {
  std::string text;
  const std::string rc = fs::exists(run + "/rc") ? read_file(run + "/rc") : "";
  const std::string code = rc.substr(0, rc.find_first_of(" \n"));
  if (!code.empty() && code != "0") text = fmt::format("it ended with exit code {}; ", code);
  std::string errors = fs::exists(run + "/err") ? read_file(run + "/err") : "";
  while (!errors.empty() && (errors.back() == '\n' || errors.back() == ' ')) errors.pop_back();
  const std::size_t line = errors.find_last_of('\n');
  if (line != std::string::npos) errors = errors.substr(line + 1);
  if (!errors.empty()) text += fmt::format("its last words: {}; ", errors.substr(0, 200));
  return text;
}

bool was_stopped(const std::string& run) {
  const std::string path = run + "/rc";
  return fs::exists(path) && read_file(path).find(" stopped") != std::string::npos;
}

class Harvester {
 public:
  Harvester(TaskStore& store, const DftCode& code, const HarvestOptions& options)
      : store_(store), code_(code), options_(options) {}

  HarvestReport run() {
    std::vector<std::string> open;
    for (const auto& [id, task] : store_.tasks()) {
      if (task.open()) open.push_back(id);
    }
    for (const std::string& id : open) look_at(id);
    return std::move(report_);
  }

 private:
  void look_at(const std::string& id) {
    const std::string folder = store_.folder_of(id);
    const Contents contents = contents_of(folder, names_of_inputs(id));
    if (contents.runs.empty() && contents.loose.empty()) {
      if (contents.starts.empty()) return;
      if (static_cast<int>(contents.starts.size()) >= most_starts) {
        give_up(id, contents.starts,
                fmt::format("begun {} times and never ended (too little memory or time?)", most_starts));
      } else {
        ++report_.n_running;
      }
      return;
    }
    const Crystal crystal = store_.structure(id);
    std::string reason;
    bool failed = false;
    for (const std::string& run : contents.runs) {
      const JudgedOutput output = best_of_run(crystal, folder, run);
      if (output.label) return take(id, crystal, *output.label, contents);
      if (was_stopped(folder + "/" + run)) {
        set_aside(id, run, "the run was stopped before its end");
        continue;
      }
      reason = end_of(folder + "/" + run) + output.reason;
      failed = true;
    }
    for (const std::string& file : contents.loose) {
      const JudgedOutput output = judge_output(code_, crystal, folder, file, options_.needs_stress);
      if (output.label) return take(id, crystal, *output.label, contents);
      // Somebody's own file, perhaps still being written: it stays.
      report_.refused.push_back({id, fmt::format("{}: {}", file, output.reason)});
    }
    if (failed) try_again(id, contents, reason);
  }

  std::vector<std::string> names_of_inputs(const std::string& id) {
    if (input_names_.empty()) {
      for (const InputFile& input : code_.inputs(store_.structure(id), "", 1)) input_names_.push_back(input.name);
    }
    return input_names_;
  }

  JudgedOutput best_of_run(const Crystal& crystal, const std::string& folder, const std::string& run) const {
    JudgedOutput last{{}, "it left no output"};
    for (const std::string& name : code_.outputs()) {
      const std::string file = run + "/" + name;
      if (!fs::exists(folder + "/" + file)) continue;
      last = judge_output(code_, crystal, folder, file, options_.needs_stress);
      if (last.label) break;
    }
    return last;
  }

  void set_aside(const std::string& id, const std::string& run, const std::string& reason) {
    std::vector<std::string> names{run};
    const std::string start = fmt::format("started.{}", run.substr(4));
    if (fs::exists(store_.folder_of(id) + "/" + start)) names.push_back(start);
    store_.quarantine(id, names, reason);
  }

  void give_up(const std::string& id, const std::vector<std::string>& names, const std::string& reason) {
    store_.quarantine(id, names, reason);
    store_.change(id, TaskState::abandoned, reason);
    report_.abandoned.push_back({id, reason});
  }

  void next_attempt(const std::string& id, TaskState state, const std::vector<std::string>& names,
                    const std::string& reason) {
    const int attempt = store_.task(id).attempt + 1;
    store_.put(id, code_.inputs(store_.structure(id), id.substr(0, 10), attempt));
    store_.quarantine(id, names, reason);
    store_.change(id, state, reason);
  }

  void try_again(const std::string& id, const Contents& contents, const std::string& reason) {
    std::vector<std::string> names = contents.runs;
    names.insert(names.end(), contents.starts.begin(), contents.starts.end());
    std::erase_if(names, [&](const std::string& name) { return !fs::exists(store_.folder_of(id) + "/" + name); });
    report_.refused.push_back({id, reason});
    if (store_.task(id).attempt >= code_.attempts()) return give_up(id, names, reason);
    next_attempt(id, TaskState::retry, names, reason);
  }

  void take(const std::string& id, const Crystal& crystal, const TaskLabel& label, const Contents& contents) {
    const auto expected = options_.expected ? options_.expected(id) : std::optional<ExpectedEnergy>{};
    const bool surprising = expected && std::abs(label.energy - expected->energy) > believed_errors * expected->error;
    const std::string first = store_.folder_of(id) + "/suspect.json";
    if (surprising && !fs::exists(first)) return doubt(id, label, *expected, contents, first);
    if (surprising && std::abs(label.energy - std::stod(read_file(first))) > agreement * crystal.n_atoms()) {
      std::vector<std::string> names = contents.runs;
      names.insert(names.end(), contents.starts.begin(), contents.starts.end());
      return give_up(id, names,
                     fmt::format("two runs disagree on the energy, {} and {:.6f} eV: look at them",
                                 read_file(first).substr(0, 20), label.energy));
    }
    store_.accept(id, label, surprising ? "unexpected energy, confirmed by a second run" : "");
    report_.accepted.push_back(id);
  }

  void doubt(const std::string& id, const TaskLabel& label, const ExpectedEnergy& expected, const Contents& contents,
             const std::string& first) {
    const std::string reason = fmt::format(
        "an energy of {:.6f} eV, {:.0f} errors from the {:.6f} eV that the model expects: run again with "
        "other settings",
        label.energy, std::abs(label.energy - expected.energy) / expected.error, expected.energy);
    write_file(first, fmt::format("{}\n", label.energy));
    std::vector<std::string> names = contents.runs;
    for (const auto* more : {&contents.starts, &contents.loose}) names.insert(names.end(), more->begin(), more->end());
    report_.refused.push_back({id, reason});
    next_attempt(id, TaskState::suspect, names, reason);
  }

  TaskStore& store_;
  const DftCode& code_;
  const HarvestOptions& options_;
  std::vector<std::string> input_names_;
  HarvestReport report_;
};

}  // namespace

JudgedOutput judge_output(const DftCode& code, const Crystal& crystal, const std::string& folder,
                          const std::string& file, bool needs_stress) {
  const std::string path = folder + "/" + file;
  const LabelledStructures read = read_labelled_structures(path);
  if (!read.refused.empty()) return {{}, read.refused.front().reason};
  if (read.accepted.size() != 1)
    return {{}, fmt::format("{} labelled structures, one is expected", read.accepted.size())};
  const LabelledStructure& found = read.accepted.front();
  if (needs_stress && !found.stress) return {{}, "no stress is in it"};
  const ConfigurationIndex index(Supercell(crystal, Eigen::Vector3i::Ones()),
                                 at::zeros({1, crystal.n_atoms(), 3}, at::kDouble));
  const Match match = index.find(found);
  if (!match) return {{}, fmt::format("it is of another structure: {}", match.reason)};
  const std::string bytes = read_file(path);
  if (const std::string other = code.other_method(bytes, crystal); !other.empty()) return {{}, other};
  return {TaskLabel{.energy = found.energy,
                    .forces = in_supercell_order(found.forces, match.order),
                    .stress = found.stress,
                    .force_noise = found.force_noise,
                    .output = file,
                    .sha = sha256(bytes)},
          {}};
}

HarvestReport harvest(TaskStore& store, const DftCode& code, const HarvestOptions& options) {
  return Harvester(store, code, options).run();
}

std::vector<std::string> verify(const TaskStore& store, const DftCode& code, bool needs_stress,
                                const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<std::string> complaints;
  std::size_t done = 0;
  for (const auto& [id, task] : store.tasks()) {
    if (progress) progress(done++, store.tasks().size());
    if (task.state != TaskState::done) continue;
    try {
      const std::string folder = store.folder_of(id);
      const Crystal crystal = store.structure(id);
      if (store.id_of(crystal) != id) throw InputError{"structure.extxyz is not the structure that was asked for"};
      const TaskLabel label = store.label(id);
      if (sha256_of_file(folder + "/" + label.output) != label.sha)
        throw InputError{"{} has changed since it was taken in", label.output};
      const JudgedOutput again = judge_output(code, crystal, folder, label.output, needs_stress);
      if (!again.label) throw InputError{"{}: {}", label.output, again.reason};
      if (!(*again.label == label)) throw InputError{"result.json is not what {} says", label.output};
    } catch (const Error& error) {
      complaints.push_back(fmt::format("task {}: {}", id.substr(0, 10), error.what()));
    }
  }
  return complaints;
}

}  // namespace zeropoint::active_learning
