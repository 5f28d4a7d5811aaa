#include "tools/commands/learn_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>

#include "active_learning/journal.hpp"
#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/units.hpp"
#include "sscha/solution_file.hpp"
#include "tools/commands/sscha_result.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

using namespace active_learning;
using nlohmann::ordered_json;

constexpr double gpa = units::gpa_per_ev_angstrom3;

ordered_json number(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }

ordered_json entry_of(const Certified& certified, double factor) {
  return {{"value", certified.mean.value * factor},
          {"low", number(certified.mean.low() * factor)},
          {"high", number(certified.mean.high() * factor)},
          {"n_labels", certified.mean.n},
          {"verdict", name_of(certified.verdict)}};
}

/// The error of the potential and the certificate beside a number of an SSCHA run.
void extend(ordered_json& entry, const Observed& observed, const Certified* certified, double factor) {
  entry["potential_error"] = observed.potential * factor;
  entry["certificate"] = certified ? entry_of(*certified, factor) : ordered_json(nullptr);
}

const Certificate* certificate_of(const std::vector<Audit>& audits, const std::string& condition) {
  const Certificate* found = nullptr;
  for (const Audit& audit : audits) {
    for (const auto& [name, certificate] : audit.certificates) {
      if (name == condition) found = &certificate;
    }
  }
  return found;
}

/// The certificate of a block at another density of the same symmetry.
const Certified* of_block(const Certificate* certificate, const FrequencyBlock& block) {
  if (!certificate) return nullptr;
  for (std::size_t b = 0; b < certificate->blocks.size(); ++b) {
    if (certificate->blocks[b].star == block.star && certificate->blocks[b].mode == block.mode)
      return &certificate->frequencies[b];
  }
  return nullptr;
}

/// Adds to the entries of a condition, as `sscha` writes them, what is known of the potential.
void extend(ordered_json& entries, const ConditionObservables& found, const Certificate* certificate,
            const phonons::QGrid& grid, const UnitSet& units) {
  extend(entries["free_energy"], found.free_energy, certificate ? &certificate->free_energy : nullptr, 1);
  if (found.pressure && entries.contains("pressure"))
    extend(entries["pressure"], *found.pressure,
           certificate && !certificate->pressure.empty() ? &certificate->pressure.front() : nullptr, gpa);
  const double cm = units.inverse_cm(1);
  ordered_json& points = entries["frequencies"]["value"];
  for (ordered_json& point : points) {  // uniform translations have no error
    point["potential_error"] = std::vector<double>(point["value"].size(), 0.0);
    point["certificate"] = std::vector<ordered_json>(point["value"].size());
  }
  for (std::size_t b = 0; b < found.blocks.size(); ++b) {
    const FrequencyBlock& block = found.blocks[b];
    const Certified* certified = of_block(certificate, block);
    for (int iq = block.iq; iq < block.iq + grid.stars()[static_cast<std::size_t>(block.star)]; ++iq) {
      for (int mode = block.mode; mode < block.mode + block.n_degenerate; ++mode) {
        ordered_json& point = points[static_cast<std::size_t>(iq)];
        point["potential_error"][static_cast<std::size_t>(mode)] = found.frequencies[b].potential * cm;
        point["certificate"][static_cast<std::size_t>(mode)] =
            certified ? entry_of(*certified, cm) : ordered_json(nullptr);
      }
    }
  }
}

std::string text_of(const Certified* certified, double factor) {
  if (!certified || certified->mean.n < 2) return "no certificate";
  return fmt::format("{:+.3f} [{:+.3f}, {:+.3f}] {}", certified->mean.value * factor, certified->mean.low() * factor,
                     certified->mean.high() * factor, name_of(certified->verdict));
}

ordered_json states_of(const std::map<std::string, Task>& tasks) {
  ordered_json states;
  for (const TaskState state :
       {TaskState::done, TaskState::written, TaskState::retry, TaskState::suspect, TaskState::abandoned}) {
    std::int64_t n = 0;
    for (const auto& [id, task] : tasks) n += task.state == state;
    states[active_learning::name_of(state)] = n;
  }
  return states;
}

}  // namespace

Summary summary_of(const Learner& learner, const TaskStore& store, const std::vector<sscha::Condition>& conditions,
                   const UnitSet& units, Ending ending) {
  const std::vector<Audit> audits = learner.audits();
  std::vector<std::string> open;
  std::vector<sscha::ConditionResult> results;
  std::vector<ordered_json> entries;
  if (!learner.results().empty()) {
    const RoundResult& last = learner.results().back();
    open = last.open;
    for (std::size_t c = 0; c < last.conditions.size(); ++c) {
      const std::string folder = learner.folder_of_result(conditions[c]);
      if (!std::filesystem::exists(folder + "/result.h5")) continue;
      const sscha::StoredSolution stored = sscha::read_solution(folder + "/result.h5");
      results.push_back(*sscha::read_condition(folder + "/result.h5", conditions[c]));
      entries.push_back(ordered_json::parse(read_file(folder + "/summary.json")));
      extend(entries.back(), last.conditions[c], certificate_of(audits, last.conditions[c].condition),
             stored.matrices.grid, units);
    }
    add_derivatives(results);
  }
  Summary summary = results.empty() ? Summary{} : zeropoint::summary_of(results, std::move(entries));
  if (!audits.empty()) {
    const Calibration& calibration = audits.back().calibration;
    summary.add("rank_correlation", calibration.rank_correlation);
    summary.add("zms", calibration.zms);
    summary.add("coverage_95", calibration.coverage_95);
  }
  summary.add("n_labels", nlohmann::json(learner.n_labels()));
  summary.add("n_rounds", nlohmann::json(learner.results().size()));
  summary.add("n_tasks", nlohmann::json(states_of(store.tasks())));
  summary.add("converged", nlohmann::json(ending == Ending::converged));
  summary.add("stop_reason",
              nlohmann::json(ending == Ending::converged ? "two rounds in a row are certified and change no more"
                             : ending == Ending::budget  ? fmt::format("all labels are used: {}", fmt::join(open, "; "))
                                                         : std::string("waits for labels")));
  return summary;
}

void show(const Learner& learner, const UnitSet& units, int n_atoms, Console& console) {
  if (learner.results().empty()) return;
  const RoundResult& last = learner.results().back();
  const std::vector<Audit> audits = learner.audits();
  const double cm = units.inverse_cm(1);
  for (const ConditionObservables& found : last.conditions) {
    const Certificate* certificate = certificate_of(audits, found.condition);
    console.say("");
    console.say(
        "{}: value, statistical error, error of the potential, correction by fresh DFT labels with its 95 % interval",
        found.condition);
    console.field("free energy", "{:.5f} eV, {:.3f}, {:.3f}, {} meV per atom", found.free_energy.value,
                  1e3 * found.free_energy.statistical / n_atoms, 1e3 * found.free_energy.potential / n_atoms,
                  text_of(certificate ? &certificate->free_energy : nullptr, 1e3 / n_atoms));
    if (found.pressure)
      console.field(
          "pressure", "{:.3f} GPa, {:.3f}, {:.3f}, {}", found.pressure->value * gpa, found.pressure->statistical * gpa,
          found.pressure->potential * gpa,
          text_of(certificate && !certificate->pressure.empty() ? &certificate->pressure.front() : nullptr, gpa));
    for (std::size_t b = 0; b < found.blocks.size(); ++b)
      console.field(fmt::format("star {} mode {}", found.blocks[b].star + 1, found.blocks[b].mode + 1),
                    "{:9.2f} cm^-1, {:.2f}, {:.2f}, {}", found.frequencies[b].value * cm,
                    found.frequencies[b].statistical * cm, found.frequencies[b].potential * cm,
                    text_of(of_block(certificate, found.blocks[b]), cm));
  }
  for (const std::string& what : last.open) console.say("  open: {}", what);
}

StepTable table_of(const Learner& learner, const UnitSet& units) {
  StepTable table({"round", "n_labels", "rms_force_error[meV/A]", "rms_greedy[meV/A]", "zms", "rank_correlation",
                   "largest_change", "free_energy[eV]", "lowest_frequency[cm-1]", "converged"});
  const std::vector<Audit> audits = learner.audits();
  for (const RoundResult& result : learner.results()) {
    const auto audit = std::ranges::find_if(audits, [&](const Audit& a) { return a.round == result.round; });
    const ConditionObservables& first = result.conditions.front();
    double lowest = std::numeric_limits<double>::infinity();
    for (const FrequencyBlock& block : first.blocks) lowest = std::min(lowest, block.frequency);
    table.add({static_cast<double>(result.round), static_cast<double>(result.n_labels), 1e3 * audit->rms_probability,
               1e3 * audit->rms_chosen, audit->calibration.zms, audit->calibration.rank_correlation,
               result.largest_change, first.free_energy.value, units.inverse_cm(lowest), result.converged ? 1.0 : 0.0});
  }
  return table;
}

ordered_json describe_project(const std::string& folder, Console& console) {
  ordered_json json{{"kind", "project of learn"}};
  console.field("kind", "project of `learn`");
  const Journal journal(folder + "/journal.jsonl");
  std::map<std::string, std::string> state, reason;
  for (const JournalEntry& entry : journal.entries()) {
    state[entry.task] = entry.to;
    reason[entry.task] = entry.reason;
  }
  std::map<std::string, int> counts;
  for (const auto& [id, to] : state) ++counts[to];
  std::string text;
  for (const auto& [to, n] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, to);
  console.field("tasks", "{}: {}", state.size(), text);
  json["n_tasks"] = counts;
  for (const auto& [id, to] : state) {
    if (to == "abandoned") console.field("abandoned", "{}: {}", id.substr(0, 10), reason[id]);
  }
  json["rounds"] = ordered_json::array();
  for (int k = 1;; ++k) {
    const std::string at = fmt::format("{}/rounds/{:04}", folder, k);
    const auto selection = read_selection(at + "/selection.json");
    if (!selection) break;
    std::map<std::string, int> reasons;
    std::int64_t n_open = 0;
    for (const ConditionSelection& part : selection->conditions) {
      for (const Pick& pick : part.picks) {
        ++reasons[pick.reason];
        n_open += state[pick.task] != "done" && state[pick.task] != "abandoned";
      }
    }
    std::string line;
    for (const auto& [name, n] : reasons) line += fmt::format("{} {}, ", n, name);
    const auto audit = read_audit(at + "/audit.json");
    const auto result = read_round_result(at + "/observables.json");
    if (n_open > 0)
      line += fmt::format("{} waited for", n_open);
    else if (!audit)
      line += "not audited yet";
    else
      line += fmt::format("force error {:.1f} meV/angstrom, ZMS {:.2f}, rank correlation {:.2f}",
                          1e3 * audit->rms_probability, audit->calibration.zms, audit->calibration.rank_correlation);
    if (result) line += result->converged ? ", converged" : fmt::format(", {} criteria open", result->open.size());
    console.field(fmt::format("round {}", k), "{}", line);
    json["rounds"].push_back(
        {{"round", k}, {"labels_by_reason", reasons}, {"waited_for", n_open}, {"finished", result.has_value()}});
  }
  return json;
}

}  // namespace zeropoint
