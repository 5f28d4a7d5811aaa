#include "tools/commands/training_report.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/units.hpp"
#include "tools/commands/model_report.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

constexpr std::int64_t ticks = 1000;  // of the bar of the training
constexpr std::chrono::seconds between_lines{10};
constexpr std::array part_names{"training", "validation", "test"};

/// Labels whose energies and stresses contradict each other keep a potential from fitting either.
void show_balance(const mlp::PressureBalance& balance, double pulay_pressure, Console& console) {
  constexpr double enough = 0.05, errors = 5;  // GPa
  const std::optional<Estimate> lacking = balance.lacking();
  if (!lacking) return;
  const double value = units::gpa_per_ev_angstrom3 * lacking->value,
               error = units::gpa_per_ev_angstrom3 * lacking->standard_error;
  if (std::abs(value) < std::max(enough, errors * error)) return;
  console.warn(
      "the energies of cells of different volume ask for pressures that are {:.2f} +- {:.2f} GPa above those of the "
      "labels (Pulay stress of plane "
      "waves?): data.pulay_pressure = \"{:.2f} GPa\" would add it",
      value, error, units::gpa_per_ev_angstrom3 * pulay_pressure + value);
}

/// A part, and below it its sets where there are several: calls row(part, name of the set or nothing, errors).
template <class Row>
void for_rows(const mlp::Judgement& judgement, const Row& row) {
  for (std::size_t part = 0; part < mlp::Judgement::n_parts; ++part) {
    if (judgement.of_part[part].n_structures == 0) continue;
    row(part_names[part], nullptr, judgement.of_part[part]);
    for (std::size_t set = 0; judgement.set_names.size() > 1 && set < judgement.set_names.size(); ++set) {
      const mlp::Errors& errors = judgement.of_sets[part][set];
      if (errors.n_structures > 0) row(part_names[part], &judgement.set_names[set], errors);
    }
  }
}

}  // namespace

TrainingReport::TrainingReport(const RunFolder& folder, const mlp::FitOptions& options, Console& console)
    : folder_(folder), options_(options), console_(console), line_(Clock::now() - between_lines) {}

mlp::FitObserver TrainingReport::observer() {
  return {.resumed =
              [this](std::size_t n_epochs) {
                console_.say("{} holds an interrupted training of these settings: it goes on after epoch {}",
                             folder_.path(), n_epochs);
              },
          .step = [this](double progress) { step(progress); },
          .epoch = [this](const mlp::EpochReport& report, bool last) { epoch(report, last); },
          .saved =
              [this](const std::vector<mlp::EpochReport>& history) {
                folder_.write("learning_curve.dat", learning_curve(history).text());
              },
          .trained = [this](const mlp::Trainer& trainer) { trained(trainer); },
          .last_layer = [this](const mlp::LastLayerReport& report) { last_layer(report); },
          .judged = [this](std::size_t done, std::size_t of) { judged(done, of); }};
}

void TrainingReport::step(double progress) {
  if (!begun_) {
    begun_ = true;
    console_.say("");
    bar_.emplace(console_, "training", ticks, "permille");
    console_.say("{:>6} {:>8} {:>10} {:>10}   validation: {:>10} {:>10} {:>10}", "epoch", "done", "rate", "loss",
                 "meV/atom", "meV/A", "GPa");
  }
  const std::int64_t now = static_cast<std::int64_t>(progress * static_cast<double>(ticks));
  if (now > shown_) bar_->advance(now - shown_);
  shown_ = std::max(shown_, now);
  stop_if_interrupted();
}

void TrainingReport::epoch(const mlp::EpochReport& report, bool last) {
  if (!std::isfinite(report.force) || (!last && Clock::now() - line_ <= between_lines)) return;
  console_.say("{:>6} {:>7.1f}% {:>10.2e} {:>10.3e}               {:>10.3f} {:>10.2f} {:>10.4f}", report.epoch,
               100 * report.progress, report.learning_rate, report.loss, 1e3 * report.energy, 1e3 * report.force,
               units::gpa_per_ev_angstrom3 * report.stress);
  line_ = Clock::now();
}

void TrainingReport::trained(const mlp::Trainer& trainer) {
  console_.detail("{} epochs of batches of {}", trainer.history().size(), options_.training.batch_size);
  bar_.reset();
  shown_ = 0;
  console_.field("stopped", "{}", trainer.stop_reason());
}

void TrainingReport::last_layer(const mlp::LastLayerReport& report) {
  stop_if_interrupted();
  if (report.changed) {
    console_.field("last layer",
                   "solved by least squares, ridge {:.0e}: squared error in cross-validation falls by {:.1f} %",
                   report.strength, 100 * (1 - report.after / report.before));
  } else if (options_.ridge) {
    console_.field("last layer", "as it was: least squares does not lower the error in cross-validation");
  }
}

void TrainingReport::judged(std::size_t done, std::size_t of) {
  if (!bar_) bar_.emplace(console_, "predicting", static_cast<std::int64_t>(of), "structures");
  bar_->advance(static_cast<std::int64_t>(done) - shown_);
  shown_ = static_cast<std::int64_t>(done);
  if (done == of) bar_.reset();
  stop_if_interrupted();
}

void conclude(const mlp::Fit& fit, const mlp::FitData& data, double pulay_pressure, Console& console,
              Summary& summary) {
  const mlp::Judgement& judgement = fit.judgement;
  const mlp::Part decisive = judgement.decisive();
  std::vector<std::pair<std::string, mlp::Errors>> rows;
  nlohmann::json entries = nlohmann::json::array();
  for_rows(judgement, [&](const char* part, const std::string* set, const mlp::Errors& errors) {
    rows.emplace_back(set ? "  " + std::filesystem::path{*set}.filename().string() : part, errors);
    entries.push_back(errors_json(part, set ? *set : "all", errors, judgement.species));
  });
  console.say("");
  show_errors(rows, console);
  show_species(judgement.errors(decisive), judgement.species, console);
  show_balance(judgement.balance, pulay_pressure, console);
  add_errors(summary, judgement.errors(decisive));
  if (fit.model.members.size() > 1)
    conclude_members(mlp::errors_of_members(fit.model, data.structures, data.members(decisive)), console, summary);
  summary.add("errors_of", nlohmann::json(part_names[static_cast<int>(decisive)]));
  summary.add("errors", entries);
  summary.add("n_epochs", static_cast<double>(fit.history.size()));
  summary.add("training_seconds", fit.history.back().seconds, "s");
  summary.add("n_weights", static_cast<double>(fit.model.node_network().n_parameters()));
  summary.add("stop_reason", nlohmann::json(fit.stop_reason));
}

}  // namespace zeropoint
