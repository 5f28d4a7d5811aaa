#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "active_learning/harvest.hpp"
#include "active_learning/learner.hpp"
#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/structure_file.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/solution_file.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/learn_result.hpp"
#include "tools/commands/learn_settings.hpp"
#include "tools/commands/sscha_result.hpp"
#include "tools/figures/learn_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using active_learning::Ending;
using active_learning::Learner;
using active_learning::LearnOptions;
using active_learning::Step;
using active_learning::TaskStore;

Step step_named(const std::string& name) {
  static const std::vector<std::pair<std::string, Step>> steps{
      {"", Step::all},        {"harvest", Step::harvest}, {"score", Step::select},     {"select", Step::select},
      {"audit", Step::audit}, {"train", Step::train},     {"minimize", Step::minimize}};
  for (const auto& [text, step] : steps) {
    if (text == name) return step;
  }
  throw ConfigError{"--only {}: harvest, score, select, audit, train or minimize", name};
}

/// Rounds belong to one set of settings: others would mix what was chosen for different ends.
void check_fingerprint(const std::string& folder, const Run& context, const LearnOptions& options) {
  const UnitSet& units = options.units;
  std::string text = fmt::format("seed {} pool {} heads {} divisions {} {} {} group {}\n", options.seed, options.pool,
                                 options.uncertainty.n_heads, options.divisions[0], options.divisions[1],
                                 options.divisions[2], options.group.operations.size());
  for (const sscha::Condition& condition : options.conditions) text += condition.name() + "\n";
  text += active_learning::frame_text(options.crystal) + fmt::format("kT {}\n", units.kb_density);
  const auto& network = options.fit.network;
  text += fmt::format("network {} {} {} {} {} {} {} {}\n", network.radial_channels, network.channels, network.hidden,
                      network.attention_layers, network.four_body, options.fit.descriptor.radial_cutoff,
                      options.fit.descriptor.angular_cutoff, options.fit.descriptor.radial_order);
  const std::string path = folder + "/rounds/settings.txt";
  if (!fs::exists(path)) return write_file(path, text);
  if (read_file(path) == text) return;
  throw InputError{
      "{} holds rounds with other settings (structure, supercell, conditions, network, pool or seed): give those back, "
      "choose another output.directory, or remove {}/rounds to begin anew with the labels that are there",
      context.shared.directory, folder};
}

active_learning::LearnWatch watch_of(Console& console) {
  return {.tell = [&console](const std::string& what, const std::string& text) { console.field(what, "{}", text); },
          .warn = [&console](const std::string& text) { console.warn("{}", text); },
          .progress =
              [&console, bar = std::make_shared<std::optional<Progress>>(), last = std::string{},
               shown = std::int64_t{0}](const std::string& what, double progress) mutable {
                const std::int64_t now = static_cast<std::int64_t>(1000 * progress);
                if (!*bar || what != last || now < shown) {
                  bar->emplace(console, what, 1000, "thousandths");
                  last = what;
                  shown = 0;
                }
                (*bar)->advance(now - shown);
                shown = now;
                if (now >= 1000) bar->reset();
              },
          .minimised =
              [](const std::string& where, const sscha::Solution& solution, const sscha::ConditionResult& result) {
                write_file(where + "/summary.json", entries_of(solution, result).dump(2) + "\n");
              },
          .idle = stop_if_interrupted};
}

/// The files of the last round's solutions, as `sscha` leaves them.
void leave_solutions(const Learner& learner, const LearnOptions& options, const RunFolder& folder) {
  for (const sscha::Condition& condition : options.conditions) {
    const std::string from = learner.folder_of_result(condition);
    if (!fs::exists(from + "/result.h5")) continue;  // the model of this round could not be used
    const std::string to = options.conditions.size() == 1 ? folder.path() : folder.file(condition.name());
    fs::create_directories(to);
    const sscha::StoredSolution stored = sscha::read_solution(from + "/result.h5");
    phonons::write_qe_dyn(stored.matrices, to + "/dyn", options.units);
    for (const char* name : {"structure.cif", "structure.extxyz"})
      write_structure(stored.matrices.crystal, to + "/" + name, "average structure, " + condition.text());
    for (const char* name : {"result.h5", "population.h5"}) write_file(to + "/" + name, read_file(from + "/" + name));
  }
}

int verify_all(const TaskStore& store, const active_learning::DftCode& code, bool stress, Console& console) {
  std::vector<std::string> complaints;
  {
    Progress bar(console, "verifying", static_cast<std::int64_t>(store.tasks().size()), "tasks");
    complaints = active_learning::verify(store, code, stress, [&](std::size_t, std::size_t) {
      bar.advance();
      stop_if_interrupted();
    });
  }
  for (const auto& entry :
       fs::directory_iterator(store.folder() + "/models", fs::directory_options::skip_permission_denied)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() &&
        active_learning::identity(mlp::read_model((entry.path() / "model.h5").string())) != name)
      complaints.push_back(fmt::format("models/{}: the model has changed since it was trained", name.substr(0, 10)));
  }
  for (const std::string& complaint : complaints) console.warn("{}", complaint);
  console.field("verified", "{} labels are what their raw outputs say, {} complaints",
                store.count(active_learning::TaskState::done), complaints.size());
  return complaints.empty() ? exit_code::done : exit_code::failed;
}

int conclude(const Learner& learner, const TaskStore& store, const LearnOptions& options, Ending ending, Run& context) {
  Console& console = context.console;
  const RunFolder& folder = *context.folder;
  if (!learner.results().empty()) {
    leave_solutions(learner, options, folder);
    folder.write("rounds.dat", table_of(learner, options.units).text());
    if (context.shared.figures)
      figures::draw(figures_of_learning(learner, options.units, options.crystal.n_atoms()), folder.file("figures"),
                    console);
  }
  show(learner, options.units, options.crystal.n_atoms(), console);
  if (ending == Ending::waiting) {
    console.say("{}", learner.waiting_for());
    return exit_code::waiting;
  }
  Summary summary = summary_of(learner, store, options.conditions, options.units, ending);
  console.field("labels", "{} in {} rounds", learner.n_labels(), learner.results().size());
  console.field("result", "{}",
                ending == Ending::converged ? "converged"
                                            : "all labels are used before it converged: raise learn.maximum_labels and "
                                              "repeat this command with --overwrite: labels and rounds stay");
  console.print_json(folder.finish(summary));
  return ending == Ending::converged ? exit_code::done : exit_code::not_converged;
}

int run(const LearnSettings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const Step only = step_named(context.own.contains("only") ? context.own.at("only") : "");
  LearnStart start = read_start(settings, units, console);
  const auto code = active_learning::open_dft_code(settings.dft, Supercell(start.crystal, start.divisions));
  const std::string folder = context.shared.directory;
  const LearnOptions options = learn_options(settings, std::move(start), folder, context);
  if (!context.folder && !fs::exists(folder + "/project.json")) {
    console.field("next", "round 0: {}", options.matrices ? "draw from the matrices" : "harmonic matrices");
    return exit_code::done;
  }
  TaskStore store(folder, code->method());
  if (context.own.contains("verify")) return verify_all(store, *code, options.stress, console);
  Learner learner(options, store, *code, watch_of(console));
  if (!context.folder) {
    console.field("next", "{}", learner.next());
    return exit_code::done;
  }
  check_fingerprint(folder, context, options);
  const Ending ending = learner.run(only);
  if (only != Step::all) {
    console.field("next", "{}", learner.next());
    return exit_code::done;
  }
  return conclude(learner, store, options, ending, context);
}

}  // namespace

Command learn_command() {
  return {
      .name = "learn",
      .summary = "active learning: DFT where it counts, to certified phonons",
      .arguments = "RUN.toml",
      .description =
          "Draws configurations, asks DFT for those that say most and for a random sample, trains the potential, "
          "minimises\n"
          "the free energy with it, and goes on until nothing changes that counts and fresh DFT labels say so. Without "
          "a\n"
          "runner it writes what is to be computed and ends with 75: compute it anywhere, and call it again. Whatever\n"
          "instant it is killed at, the same command goes on; labels in DIR/tasks are never lost.",
      .example =
          "  zeropoint learn --template > learn.toml     then set the structure, the template of DFT and temperature\n"
          "  zeropoint learn learn.toml --check          says what the next call would do\n"
          "  zeropoint learn learn.toml --verify         reads all raw outputs again",
      .options = {{"only", "STEP", "harvest, score, select, audit, train or minimize, and no more"},
                  {"verify", "", "check that all labels and models are what they were", true}},
      .prepare = job<LearnSettings>(declare, run, "learn"),
      .run = {},
      .goes_on = "behind the last part that was finished",
  };
}

}  // namespace zeropoint
