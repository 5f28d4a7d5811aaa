#include "tools/sscha_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "tools/console.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr double gpa = units::gpa_per_ev_angstrom3;

/// Value and error of an entry; NaN where it has none.
Estimate number(const ordered_json& entries, const char* name) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  if (!entries.contains(name)) return {none, none};
  const ordered_json& entry = entries[name];
  const auto value = [&](const char* key) { return entry.contains(key) && entry[key].is_number() ? entry[key].get<double>() : none; };
  return {value("value"), value("standard_error")};
}

double lowest_of(const ordered_json& entries) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& at_q : entries["frequencies"]["value"]) {
    for (const auto& value : at_q["value"]) {
      if (value.is_number() && std::abs(value.get<double>()) > 1e-3) lowest = std::min(lowest, value.get<double>());
    }
  }
  return lowest;
}

}  // namespace

std::string Condition::name() const {
  return pressure ? fmt::format("{:g}K_{:g}GPa", temperature, *pressure * gpa) : fmt::format("{:g}K", temperature);
}

std::string Condition::text() const {
  return pressure ? fmt::format("{:g} K, {:g} GPa", temperature, *pressure * gpa) : fmt::format("{:g} K", temperature);
}

std::vector<Condition> conditions_of(const std::vector<double>& temperatures, const std::vector<double>& pressures) {
  std::vector<std::optional<double>> all{pressures.begin(), pressures.end()};
  if (all.empty()) all.emplace_back();
  std::vector<Condition> conditions;
  for (const auto& pressure : all) {
    for (const double temperature : temperatures) {
      const Condition next{temperature, pressure};
      for (const Condition& before : conditions) {
        if (before.name() == next.name()) throw ConfigError{"conditions: {} is there twice", next.text()};
      }
      conditions.push_back(next);
    }
  }
  return conditions;
}

ordered_json entries_of(const MinimizeResult& result, const sscha::LoopResult& loop, const Condition& condition) {
  Summary summary = summary_of(result);
  summary.add("temperature", condition.temperature, "K");
  summary.add("converged", nlohmann::json(loop.settled));
  summary.add("stop_reason", nlohmann::json(loop.explain()));
  summary.add("n_populations", nlohmann::json(loop.reports.size()));
  const phonons::DynamicalMatrices& matrices = result.minimum.density.matrices();
  if (const auto& stress = result.minimum.evaluation.stress; stress && loop.bulk_modulus > 0) {
    // What the error of the stress does to the cell, through the bulk modulus found on the way.
    const Eigen::RowVector3d lengths = matrices.crystal.cell.rowwise().norm().transpose();
    const Eigen::RowVector3d errors = lengths * (stress->pressure.standard_error / (3 * loop.bulk_modulus));
    summary.add("cell_lengths", nlohmann::json(std::vector<double>(lengths.begin(), lengths.end())),
                nlohmann::json(std::vector<double>(errors.begin(), errors.end())), "angstrom");
    const double volume = matrices.crystal.volume();
    summary.add("volume", Estimate{volume, volume * stress->pressure.standard_error / loop.bulk_modulus}, "angstrom^3");
    summary.add("bulk_modulus", loop.bulk_modulus * gpa, "GPa");
  }
  if (condition.pressure) {
    const sscha::FreeEnergy& energy = result.minimum.evaluation.free_energy;
    const double n_cells = matrices.grid.size(), pv = *condition.pressure * matrices.crystal.volume();
    summary.add("target_pressure", *condition.pressure * gpa, "GPa");
    summary.add("gibbs_free_energy", Estimate{energy.total.value / n_cells + pv, energy.total.standard_error / n_cells}, "eV per unit cell");
  }
  return ordered_json::parse(summary.text());
}

std::optional<ConditionResult> read_condition(const std::string& folder, const Condition& condition) {
  const fs::path summary = fs::path{folder} / "summary.json", result = fs::path{folder} / "result.h5";
  if (!fs::exists(summary) || !fs::exists(result)) return {};
  ordered_json entries = ordered_json::parse(read_file(summary.string()), nullptr, false);
  if (entries.is_discarded() || !entries.contains("converged")) return {};
  const bool settled = entries["converged"]["value"].get<bool>();
  return ConditionResult{condition, std::move(entries), phonons::read_matrices(Hdf5File::open(result.string()), "final"), settled};
}

const ConditionResult* nearest(const std::vector<ConditionResult>& results, const Condition& condition) {
  const auto distance = [&](const ConditionResult& result) {
    return std::pair{std::abs(result.condition.pressure.value_or(0) - condition.pressure.value_or(0)),
                     std::abs(result.condition.temperature - condition.temperature)};
  };
  const auto found = std::min_element(results.begin(), results.end(), [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  return found == results.end() ? nullptr : &*found;
}

Summary summary_of(const std::vector<ConditionResult>& results) {
  Summary summary;
  if (results.size() == 1) {
    for (const auto& [name, entry] : results[0].entries.items()) {
      const std::string unit = entry.value("unit", "");
      if (entry.contains("standard_error")) {
        summary.add(name, entry["value"], entry["standard_error"], unit);
      } else {
        summary.add(name, nlohmann::json(entry["value"]), unit);
      }
    }
    return summary;
  }
  nlohmann::json list = nlohmann::json::array();
  bool converged = true;
  for (const ConditionResult& result : results) {
    list.push_back(nlohmann::json(result.entries));
    converged = converged && result.settled;
  }
  summary.add("converged", nlohmann::json(converged));
  summary.add("conditions", list);
  return summary;
}

StepTable table_of(const std::vector<ConditionResult>& results) {
  StepTable table({"temperature[K]", "target_pressure[GPa]", "pressure[GPa]", "error[GPa]", "volume[angstrom^3]", "error[angstrom^3]",
                   "free_energy[eV/cell]", "error[eV/cell]", "entropy[kB/cell]", "lowest[cm^-1]", "converged"});
  for (const ConditionResult& result : results) {
    const auto get = [&](const char* name) { return number(result.entries, name); };
    table.add({result.condition.temperature, result.condition.pressure ? *result.condition.pressure * gpa : std::nan(""), get("pressure").value,
               get("pressure").standard_error, get("volume").value, get("volume").standard_error, get("free_energy").value,
               get("free_energy").standard_error, get("entropy").value, lowest_of(result.entries), result.settled ? 1.0 : 0.0});
  }
  return table;
}

void show(const std::vector<ConditionResult>& results, Console& console) {
  console.say("{:>20}  {:>24}  {:>14}  {:>18}  {:>12}", "", "free energy (eV/cell)", "pressure (GPa)", "V (A^3)", "lowest (cm^-1)");
  for (const ConditionResult& result : results) {
    const auto shown = [&](const char* name) {
      const Estimate found = number(result.entries, name);
      return std::isfinite(found.value) ? format_estimate(found.value, std::isfinite(found.standard_error) ? found.standard_error : 0, "") : "-";
    };
    console.say("{:>20}  {:>24}  {:>14}  {:>18}  {:>12.3f}{}", result.condition.text(), shown("free_energy"), shown("pressure"), shown("volume"),
                lowest_of(result.entries), result.settled ? "" : "  not converged");
  }
}

std::vector<figures::Figure> figures_of_conditions(const std::vector<ConditionResult>& results) {
  using namespace figures;
  const bool over_pressure = results.front().condition.temperature == results.back().condition.temperature;
  const auto panel = [&](const char* label, const char* name) {
    Panel result{.x_label = over_pressure ? "pressure (GPa)" : "temperature (K)", .y_label = label, .style = Style::points};
    for (const ConditionResult& at : results) {
      const std::string key = over_pressure || !at.condition.pressure ? "" : fmt::format("{:g} GPa", *at.condition.pressure * gpa);
      auto curve = std::find_if(result.curves.begin(), result.curves.end(), [&](const Curve& c) { return c.label == key; });
      if (curve == result.curves.end()) curve = result.curves.insert(curve, Curve{.label = key, .x = {}, .y = {}, .error = {}});
      const Estimate value = std::string_view{name} == "lowest" ? Estimate{lowest_of(at.entries), 0} : number(at.entries, name);
      curve->x.push_back(over_pressure ? at.condition.pressure.value_or(0) * gpa : at.condition.temperature);
      curve->y.push_back(value.value);
      curve->error.push_back(std::isfinite(value.standard_error) ? value.standard_error : 0);
    }
    return result;
  };
  Figure figure{.name = "conditions", .title = "", .panels = {panel("free energy (eV per cell)", "free_energy"), panel("lowest mode (cm⁻¹)", "lowest")}, .columns = 2};
  const bool has_pressure = std::isfinite(number(results.front().entries, "pressure").value);
  if (has_pressure) figure.panels.push_back(panel("pressure (GPa)", "pressure"));
  if (results.front().condition.pressure) figure.panels.push_back(panel("volume (Å³ per cell)", "volume"));
  return {figure};
}

StepTable population_table() {
  return StepTable{{"population", "size", "free_energy[eV/cell]", "error[eV/cell]", "gradient_fresh[eV/angstrom^2]", "error[eV/angstrom^2]",
                    "gradient[eV/angstrom^2]", "error[eV/angstrom^2]", "kong_liu_ratio", "volume[angstrom^3]", "pressure[GPa]", "error[GPa]",
                    "needs_no_step", "lowest[cm^-1]"}};
}

std::vector<double> population_row(const sscha::PopulationReport& report, double n_cells) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& at_q : report.end.frequencies) {
    for (const double value : at_q) lowest = std::abs(value) > 1e-3 ? std::min(lowest, value) : lowest;
  }
  const Estimate pressure = report.stress ? report.stress->pressure : Estimate{std::nan(""), std::nan("")};
  return {static_cast<double>(report.number), static_cast<double>(report.size), report.end.free_energy.value / n_cells,
          report.end.free_energy.standard_error / n_cells, report.start.gradient, report.start.gradient_error, report.end.gradient,
          report.end.gradient_error, report.end.kong_liu_ratio, report.volume, pressure.value * gpa, pressure.standard_error * gpa,
          report.needs_no_step ? 1.0 : 0.0, lowest};
}

}  // namespace zeropoint
