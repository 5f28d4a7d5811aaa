#include "tools/commands/sscha_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/program/console.hpp"

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
  const auto value = [&](const char* key) {
    return entry.contains(key) && entry[key].is_number() ? entry[key].get<double>() : none;
  };
  return {value("value"), value("standard_error")};
}

/// The lowest frequency, cm^-1; an error where the entries tell one.
Estimate lowest_of(const ordered_json& entries) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& at_q : entries["frequencies"]["value"]) {
    for (const auto& value : at_q["value"]) {
      if (value.is_number() && std::abs(value.get<double>()) > 1e-3) lowest = std::min(lowest, value.get<double>());
    }
  }
  const double squared_error = number(entries, "lowest_squared_frequency").standard_error;
  return {lowest, std::isfinite(squared_error) ? squared_error / (2 * std::abs(lowest)) : 0};
}

std::string name_of(const sscha::SolutionMode& mode, const sscha::Solution& result) {
  return fmt::format("q = {}, {:.2f} cm^-1", q_text(result.matrices().grid.points()[mode.iq]), mode.frequency());
}

/// Slope at x[i] of the parabola through the three points next to it; NaN for fewer than three.
double slope_at(std::size_t i, const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() < 3) return std::numeric_limits<double>::quiet_NaN();
  const std::size_t first = std::min(i > 0 ? i - 1 : 0, x.size() - 3);
  double slope = 0;
  for (std::size_t a = 0; a < 3; ++a) {
    const double xa = x[first + a], xb = x[first + (a + 1) % 3], xc = x[first + (a + 2) % 3];
    slope += y[first + a] * (2 * x[i] - xb - xc) / ((xa - xb) * (xa - xc));
  }
  return slope;
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

ordered_json entries_of(const sscha::Solution& result, const sscha::LoopResult& loop, const Condition& condition) {
  Summary summary = summary_of(result);
  summary.add("temperature", condition.temperature, "K");
  summary.add("converged", nlohmann::json(loop.settled));
  summary.add("stop_reason", nlohmann::json(loop.explain()));
  summary.add("n_populations", nlohmann::json(loop.reports.back().number));
  summary.add("lowest_squared_frequency", lowest_mode(result).square_inverse_cm2, "cm^-2");
  if (const auto& extrapolation = loop.reports.back().extrapolation)
    summary.add("extrapolated_weight", extrapolation->weight);
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
    summary.add("gibbs_free_energy", Estimate{energy.total.value / n_cells + pv, energy.total.standard_error / n_cells},
                "eV per unit cell");
  }
  return ordered_json::parse(summary.text());
}

void comment_on(const sscha::Solution& result, const sscha::LoopResult& loop, double uncertain, Console& console) {
  const sscha::SolutionMode lowest = lowest_mode(result);
  console.field("lowest mode", "{}: omega^2 = {}", name_of(lowest, result),
                format_estimate(lowest.square_inverse_cm2.value, lowest.square_inverse_cm2.standard_error, "cm^-2"));
  if (lowest.may_be_collapsing()) {
    console.warn(
        "omega^2 of the lowest mode is zero within three errors: it may be collapsing, and numbers that depend on it "
        "mean little. "
        "Look at the free-energy Hessian, take larger populations, or a space group that lets the mode freeze");
  }
  constexpr double wanted = 0.1;
  if (const sscha::SolutionMode worst = least_known_mode(result); worst.relative_error() > wanted) {
    console.warn(
        "{} configurations are too few for the mode at {}: omega^2 is known to {:.0f} %. About {:.0f} give 10 %: set "
        "populations.final",
        result.n_configurations, name_of(worst, result), 100 * worst.relative_error(),
        std::ceil(configurations_needed(result, worst, wanted) / 1000) * 1000);
  }
  if (const auto& extrapolation = loop.reports.back().extrapolation; extrapolation && extrapolation->n > 0) {
    console.warn(
        "{:.2g} % of the weight ({} configurations) is where the members of the potential disagree by more than {:g} "
        "eV/angstrom (at most "
        "{:.2f}): label some of these and train again",
        100 * extrapolation->weight, extrapolation->n, uncertain, extrapolation->largest);
  }
}

void add_static_crystal(const Crystal& at_rest, ordered_json& entries) {
  const Eigen::Vector3d lengths = at_rest.cell.rowwise().norm();
  entries["static_volume"] = {{"value", at_rest.volume()}, {"unit", "angstrom^3"}};
  entries["static_cell_lengths"] = {{"value", std::vector<double>(lengths.begin(), lengths.end())},
                                    {"unit", "angstrom"}};
}

void add_derivatives(std::vector<ConditionResult>& results) {
  for (ConditionResult& result : results) {
    std::vector<std::pair<double, const ConditionResult*>> ladder;
    for (const ConditionResult& other : results) {
      if (other.condition.pressure == result.condition.pressure)
        ladder.emplace_back(other.condition.temperature, &other);
    }
    std::sort(ladder.begin(), ladder.end());
    std::vector<double> temperatures, volumes, entropies;
    std::size_t here = 0;
    for (const auto& [temperature, other] : ladder) {
      if (other == &result) here = temperatures.size();
      temperatures.push_back(temperature);
      volumes.push_back(number(other->entries, "volume").value);
      entropies.push_back(number(other->entries, "entropy").value);
    }
    const double expansion = slope_at(here, temperatures, volumes) / volumes[here],
                 capacity = temperatures[here] * slope_at(here, temperatures, entropies);
    if (std::isfinite(capacity)) result.entries["heat_capacity"] = {{"value", capacity}, {"unit", "kB per unit cell"}};
    if (result.condition.pressure && std::isfinite(expansion))
      result.entries["thermal_expansion"] = {{"value", expansion}, {"unit", "1/K"}};
  }
}

std::optional<ConditionResult> read_condition(const std::string& folder, const Condition& condition) {
  const fs::path summary = fs::path{folder} / "summary.json", result = fs::path{folder} / "result.h5";
  if (!fs::exists(summary) || !fs::exists(result)) return {};
  ordered_json entries = ordered_json::parse(read_file(summary.string()), nullptr, false);
  if (entries.is_discarded() || !entries.contains("converged")) return {};
  const bool settled = entries["converged"]["value"].get<bool>();
  return ConditionResult{condition, std::move(entries),
                         phonons::read_matrices(Hdf5File::open(result.string()), "final"), settled};
}

const ConditionResult* nearest(const std::vector<ConditionResult>& results, const Condition& condition) {
  const auto distance = [&](const ConditionResult& result) {
    return std::pair{std::abs(result.condition.pressure.value_or(0) - condition.pressure.value_or(0)),
                     std::abs(result.condition.temperature - condition.temperature)};
  };
  const auto found = std::min_element(results.begin(), results.end(),
                                      [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
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
  StepTable table({"temperature[K]", "target_pressure[GPa]", "pressure[GPa]", "error[GPa]", "volume[angstrom^3]",
                   "error[angstrom^3]", "static_volume[angstrom^3]", "free_energy[eV/cell]", "error[eV/cell]",
                   "entropy[kB/cell]", "error[kB/cell]", "heat_capacity[kB/cell]", "thermal_expansion[1/K]",
                   "lowest[cm^-1]", "error[cm^-1]", "converged"});
  for (const ConditionResult& result : results) {
    const auto get = [&](const char* name) { return number(result.entries, name); };
    table.add(
        {result.condition.temperature, result.condition.pressure ? *result.condition.pressure * gpa : std::nan(""),
         get("pressure").value, get("pressure").standard_error, get("volume").value, get("volume").standard_error,
         get("static_volume").value, get("free_energy").value, get("free_energy").standard_error, get("entropy").value,
         get("entropy").standard_error, get("heat_capacity").value, get("thermal_expansion").value,
         lowest_of(result.entries).value, lowest_of(result.entries).standard_error, result.settled ? 1.0 : 0.0});
  }
  return table;
}

void show(const std::vector<ConditionResult>& results, Console& console) {
  console.say("{:>20}  {:>24}  {:>14}  {:>18}  {:>16}", "", "free energy (eV/cell)", "pressure (GPa)", "V (A^3)",
              "lowest (cm^-1)");
  for (const ConditionResult& result : results) {
    // Without noise, what is left of a zero or an error is rounding.
    const auto text = [](Estimate found) {
      if (!std::isfinite(found.value)) return std::string("-");
      if (!(found.standard_error > 1e-9 * std::max(1.0, std::abs(found.value)))) found.standard_error = 0;
      return format_estimate(std::abs(found.value) < 1e-9 ? 0 : found.value, found.standard_error, "");
    };
    const auto shown = [&](const char* name) { return text(number(result.entries, name)); };
    console.say("{:>20}  {:>24}  {:>14}  {:>18}  {:>16}{}", result.condition.text(), shown("free_energy"),
                shown("pressure"), shown("volume"), text(lowest_of(result.entries)),
                result.settled ? "" : "  not converged");
  }
}

std::vector<figures::Figure> figures_of_conditions(const std::vector<ConditionResult>& results) {
  using namespace figures;
  const bool over_pressure = results.front().condition.temperature == results.back().condition.temperature;
  const auto panel = [&](const char* label, const char* name) {
    Panel result{
        .x_label = over_pressure ? "pressure (GPa)" : "temperature (K)", .y_label = label, .style = Style::points};
    for (const ConditionResult& at : results) {
      const std::string key =
          over_pressure || !at.condition.pressure ? "" : fmt::format("{:g} GPa", *at.condition.pressure * gpa);
      auto curve =
          std::find_if(result.curves.begin(), result.curves.end(), [&](const Curve& c) { return c.label == key; });
      if (curve == result.curves.end())
        curve = result.curves.insert(curve, Curve{.label = key, .x = {}, .y = {}, .error = {}});
      const Estimate value = std::string_view{name} == "lowest" ? lowest_of(at.entries) : number(at.entries, name);
      curve->x.push_back(over_pressure ? at.condition.pressure.value_or(0) * gpa : at.condition.temperature);
      curve->y.push_back(value.value);
      curve->error.push_back(std::isfinite(value.standard_error) ? value.standard_error : 0);
    }
    return result;
  };
  Figure figure{.name = "conditions",
                .title = "",
                .panels = {panel("free energy (eV per cell)", "free_energy"), panel("lowest mode (cm⁻¹)", "lowest")},
                .columns = 2};
  const bool has_pressure = std::isfinite(number(results.front().entries, "pressure").value);
  if (has_pressure) figure.panels.push_back(panel("pressure (GPa)", "pressure"));
  if (!over_pressure) figure.panels.push_back(panel("entropy (kB per cell)", "entropy"));
  if (!over_pressure && results.front().entries.contains("heat_capacity"))
    figure.panels.push_back(panel("heat capacity (kB per cell)", "heat_capacity"));
  if (results.front().condition.pressure) figure.panels.push_back(panel("volume (Å³ per cell)", "volume"));
  return {figure};
}

StepTable population_table() {
  return StepTable{{"population", "size", "free_energy[eV/cell]", "error[eV/cell]", "gradient_fresh[eV/angstrom^2]",
                    "error[eV/angstrom^2]", "gradient[eV/angstrom^2]", "error[eV/angstrom^2]", "kong_liu_ratio",
                    "volume[angstrom^3]", "pressure[GPa]", "error[GPa]", "needs_no_step", "lowest[cm^-1]"}};
}

std::vector<double> population_row(const sscha::PopulationReport& report, double n_cells) {
  const Estimate pressure = report.stress ? report.stress->pressure : Estimate{std::nan(""), std::nan("")};
  return {static_cast<double>(report.number),
          static_cast<double>(report.size),
          report.end.free_energy.value / n_cells,
          report.end.free_energy.standard_error / n_cells,
          report.start.gradient,
          report.start.gradient_error,
          report.end.gradient,
          report.end.gradient_error,
          report.end.kong_liu_ratio,
          report.volume,
          pressure.value * gpa,
          pressure.standard_error * gpa,
          report.needs_no_step ? 1.0 : 0.0,
          sscha::lowest_frequency(report.end.frequencies)};
}

}  // namespace zeropoint
