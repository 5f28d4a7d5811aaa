#include "tools/commands/model_report.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/hdf5_file.hpp"
#include "core/units.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

constexpr double milli = 1e3;
constexpr double gpa = units::gpa_per_ev_angstrom3;

const std::vector<std::string> history_columns{"epoch",   "progress",    "learning_rate", "loss",
                                               "seconds", "energy_rmse", "force_rmse",    "stress_rmse"};

std::vector<double> history_row(const mlp::EpochReport& report) {
  return {static_cast<double>(report.epoch),
          report.progress,
          report.learning_rate,
          report.loss,
          report.seconds,
          milli * report.energy,
          milli * report.force,
          gpa * report.stress};
}

at::Tensor tensor(const std::vector<double>& values) {
  at::Tensor result = at::empty({static_cast<std::int64_t>(values.size())}, at::kDouble);
  std::ranges::copy(values, result.mutable_data_ptr<double>());
  return result;
}

std::vector<double> column(const Hdf5File& file, const std::string& name) {
  const Eigen::VectorXd values = file.read_vector(name);
  return {values.begin(), values.end()};
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "-"; }

/// Every so many points, that a figure of all forces stays small.
figures::Curve parity_curve(const Hdf5File& file, const std::string& name, int part, const char* label, double factor,
                            double offset) {
  constexpr std::size_t most_points = 4000;
  const std::vector<double> labels = column(file, "parity/" + name + "/label"),
                            predictions = column(file, "parity/" + name + "/prediction"),
                            parts = column(file, "parity/" + name + "/part");
  figures::Curve curve{.label = label, .x = {}, .y = {}, .error = {}};
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (static_cast<int>(parts[i]) == part) rows.push_back(i);
  }
  const std::size_t every = std::max<std::size_t>(1, rows.size() / most_points);
  for (std::size_t k = 0; k < rows.size(); k += every) {
    curve.x.push_back(factor * (labels[rows[k]] - offset));
    curve.y.push_back(factor * (predictions[rows[k]] - offset));
  }
  return curve;
}

figures::Panel parity_panel(const Hdf5File& file, const std::string& name, const std::string& unit, double factor) {
  figures::Panel panel{.x_label = fmt::format("{}, label ({})", name, unit),
                       .y_label = fmt::format("{}, potential ({})", name, unit),
                       .style = figures::Style::dots,
                       .diagonal = true};
  double offset = 0;  // energies have any zero
  if (name == "energy") {
    const std::vector<double> labels = column(file, "parity/energy/label");
    for (const double value : labels) offset += value / static_cast<double>(labels.size());
  }
  const bool trained = file.has("history");
  const std::vector<const char*> names =
      trained ? std::vector<const char*>{"training", "validation", "test"} : std::vector<const char*>{"", "", ""};
  for (const int part : {0, 1, 2}) {
    figures::Curve curve = parity_curve(file, name, part, names[part], factor, offset);
    if (!curve.x.empty()) panel.curves.push_back(std::move(curve));
  }
  return panel;
}

}  // namespace

void show_errors(const std::vector<std::pair<std::string, mlp::Errors>>& rows, Console& console) {
  std::size_t width = 18;
  for (const auto& row : rows) width = std::max(width, row.first.size() + 2);
  console.say("{:<{}}{:>10}  {:>17}  {:>17}  {:>17}", "", width, "structures", "energy, meV/atom", "force, meV/A",
              "stress, GPa");
  console.say("{:<{}}{:>10}  {:>8} {:>8}  {:>8} {:>8}  {:>8} {:>8}", "", width, "", "MAE", "RMSE", "MAE", "RMSE", "MAE",
              "RMSE");
  for (const auto& [name, errors] : rows) {
    console.say("{:<{}}{:>10}  {:>8} {:>8}  {:>8} {:>8}  {:>8} {:>8}", name, width, errors.n_structures,
                number(milli * errors.energy.mean_absolute()), number(milli * errors.energy.root_mean_square()),
                number(milli * errors.force.mean_absolute()), number(milli * errors.force.root_mean_square()),
                number(gpa * errors.stress.mean_absolute()), number(gpa * errors.stress.root_mean_square()));
  }
}

void show_species(const mlp::Errors& errors, const std::vector<std::string>& species, Console& console) {
  if (species.size() < 2) return;
  std::string text;
  for (std::size_t z = 0; z < errors.force_of_species.size(); ++z) {
    text += fmt::format("{}{} {} ({})", text.empty() ? "" : ", ", species[z],
                        number(milli * errors.force_of_species[z].root_mean_square()),
                        number(milli * errors.force_of_species[z].mean_absolute()));
  }
  console.field("forces", "RMSE (MAE), meV/A: {}", text);
}

void add_errors(Summary& summary, const mlp::Errors& errors) {
  summary.add("energy_rmse", milli * errors.energy.root_mean_square(), "meV/atom");
  summary.add("energy_mae", milli * errors.energy.mean_absolute(), "meV/atom");
  summary.add("force_rmse", milli * errors.force.root_mean_square(), "meV/angstrom");
  summary.add("force_mae", milli * errors.force.mean_absolute(), "meV/angstrom");
  if (errors.stress.count() > 0) {
    summary.add("stress_rmse", gpa * errors.stress.root_mean_square(), "GPa");
    summary.add("stress_mae", gpa * errors.stress.mean_absolute(), "GPa");
  }
}

void conclude_members(const std::vector<mlp::Errors>& errors, Console& console, Summary& summary) {
  if (errors.size() < 2) return;
  const double n = static_cast<double>(errors.size());
  std::string text;
  const auto add = [&](const char* name, const char* unit, double factor, auto member, bool mean_square) {
    double sum = 0, squares = 0;
    for (const mlp::Errors& one : errors) {
      const mlp::ErrorSum& error = one.*member;
      const double value = factor * (mean_square ? error.root_mean_square() : error.mean_absolute());
      sum += value;
      squares += value * value;
    }
    const Estimate estimate{sum / n, std::sqrt(std::max(squares / n - sum * sum / n / n, 0.0) / (n - 1))};
    summary.add(fmt::format("{}_{}_of_networks", name, mean_square ? "rmse" : "mae"), estimate, unit);
    if (mean_square)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name,
                          format_estimate(estimate.value, estimate.standard_error, unit));
  };
  for (const bool mean_square : {false, true}) {
    add("energy", "meV/atom", milli, &mlp::Errors::energy, mean_square);
    add("force", "meV/angstrom", milli, &mlp::Errors::force, mean_square);
    if (errors.front().stress.count() > 0) add("stress", "GPa", gpa, &mlp::Errors::stress, mean_square);
  }
  console.field("one network", "{} (RMSE, mean over {})", text, errors.size());
}

nlohmann::json errors_json(const std::string& part, const std::string& set, const mlp::Errors& errors,
                           const std::vector<std::string>& species) {
  nlohmann::json entry{{"part", part},
                       {"set", set},
                       {"n_structures", errors.n_structures},
                       {"energy_rmse", milli * errors.energy.root_mean_square()},
                       {"energy_mae", milli * errors.energy.mean_absolute()},
                       {"force_rmse", milli * errors.force.root_mean_square()},
                       {"force_mae", milli * errors.force.mean_absolute()}};
  if (errors.stress.count() > 0) {
    entry["stress_rmse"] = gpa * errors.stress.root_mean_square();
    entry["stress_mae"] = gpa * errors.stress.mean_absolute();
  }
  for (std::size_t z = 0; z < errors.force_of_species.size(); ++z) {
    if (errors.force_of_species[z].count() == 0) continue;
    entry["force_rmse_of_species"][species[z]] = milli * errors.force_of_species[z].root_mean_square();
  }
  return entry;
}

StepTable learning_curve(const std::vector<mlp::EpochReport>& history) {
  StepTable table({"epoch", "progress", "learning_rate", "loss", "seconds", "energy_rmse[meV/atom]",
                   "force_rmse[meV/A]", "stress_rmse[GPa]"});
  for (const mlp::EpochReport& report : history) table.add(history_row(report));
  return table;
}

void write_parity(Hdf5File& file, const mlp::Parity& parity) {
  const auto write = [&](const std::string& name, const mlp::Parity::Column& column, const char* unit) {
    if (column.label.empty()) return;
    file.write("parity/" + name + "/label", tensor(column.label), unit, "component");
    file.write("parity/" + name + "/prediction", tensor(column.prediction), unit, "component");
    file.write("parity/" + name + "/part", tensor(column.part), "1", "component");
  };
  write("energy", parity.energy, "eV/atom");
  write("force", parity.force, "eV/angstrom");
  write("stress", parity.stress, "eV/angstrom^3");
}

void write_history(Hdf5File& file, const std::vector<mlp::EpochReport>& history) {
  const std::vector<std::string> units{"1", "1", "1", "1", "s", "meV/atom", "meV/angstrom", "GPa"};
  for (std::size_t k = 0; k < history_columns.size(); ++k) {
    std::vector<double> values;
    for (const mlp::EpochReport& report : history) values.push_back(history_row(report)[k]);
    file.write("history/" + history_columns[k], tensor(values), units[k], "epoch");
  }
}

std::vector<figures::Figure> figures_of_model(const std::string& path) {
  using namespace figures;
  const Hdf5File file = Hdf5File::open(path);
  Figure parity{.name = "parity", .title = "", .columns = 3};
  parity.panels.push_back(parity_panel(file, "energy", "meV/atom", milli));
  parity.panels.push_back(parity_panel(file, "force", "eV/Å", 1));
  if (file.has("parity/stress")) parity.panels.push_back(parity_panel(file, "stress", "GPa", gpa));
  std::vector<Figure> all{parity};
  if (!file.has("history")) return all;
  const std::vector<double> epoch = column(file, "history/epoch");
  const auto panel = [&](const char* name, const char* label) {
    return Panel{.x_label = "epoch",
                 .y_label = label,
                 .curves = {{.label = "", .x = epoch, .y = column(file, std::string{"history/"} + name), .error = {}}},
                 .logarithmic = true,
                 .whole_x = true};
  };
  Figure curve{.name = "learning_curve", .title = "", .columns = 2};
  curve.panels.push_back(panel("loss", "loss"));
  const auto seen = [&](const char* name) {
    return std::ranges::any_of(column(file, std::string{"history/"} + name),
                               [](double value) { return std::isfinite(value) && value > 0; });
  };
  if (seen("force_rmse")) curve.panels.push_back(panel("force_rmse", "force, validation RMSE (meV/Å)"));
  if (seen("energy_rmse")) curve.panels.push_back(panel("energy_rmse", "energy, validation RMSE (meV/atom)"));
  if (seen("stress_rmse")) curve.panels.push_back(panel("stress_rmse", "stress, validation RMSE (GPa)"));
  all.push_back(curve);
  return all;
}

}  // namespace zeropoint
