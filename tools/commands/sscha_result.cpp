#include "tools/commands/sscha_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/units.hpp"
#include "sscha/solution_file.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/minimize_result.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

using nlohmann::ordered_json;

constexpr double gpa = units::gpa_per_ev_angstrom3, none = std::numeric_limits<double>::quiet_NaN();

Estimate in_gpa(const std::optional<Estimate>& pressure) {
  return pressure ? Estimate{pressure->value * gpa, pressure->standard_error * gpa} : Estimate{none, none};
}

/// The error NaN where the volume is given.
Estimate volume_of(const sscha::ConditionResult& result) {
  return {result.volume(), result.volume_error().value_or(none)};
}

std::vector<double> list(const Eigen::Vector3d& numbers) { return {numbers.begin(), numbers.end()}; }

/// Without noise, what is left of a zero or an error is rounding.
std::string text_of(Estimate found) {
  if (!std::isfinite(found.value)) return "-";
  if (!(found.standard_error > 1e-9 * std::max(1.0, std::abs(found.value)))) found.standard_error = 0;
  return format_estimate(std::abs(found.value) < 1e-9 ? 0 : found.value, found.standard_error, "");
}

std::string name_of(const sscha::SolutionMode& mode, const sscha::Solution& solution) {
  return fmt::format("q = {}, {:.2f} cm^-1", q_text(solution.matrices().grid.points()[mode.iq]), mode.frequency());
}

void add_derivatives(const sscha::ConditionResult& result, ordered_json& entries) {
  if (!result.derivatives) return;
  const double capacity = result.derivatives->heat_capacity.value,
               expansion = result.derivatives->thermal_expansion.value;
  if (std::isfinite(capacity)) entries["heat_capacity"] = {{"value", capacity}, {"unit", "kB per unit cell"}};
  if (result.condition.pressure && std::isfinite(expansion))
    entries["thermal_expansion"] = {{"value", expansion}, {"unit", "1/K"}};
}

}  // namespace

ordered_json entries_of(const sscha::Solution& solution, const sscha::ConditionResult& result) {
  Summary summary = summary_of(solution);
  summary.add("temperature", result.condition.temperature, "K");
  summary.add("converged", nlohmann::json(result.settled));
  summary.add("stop_reason", nlohmann::json(result.explanation));
  summary.add("n_populations", nlohmann::json(result.n_populations));
  summary.add("lowest_squared_frequency", lowest_mode(solution).square_inverse_cm2, "cm^-2");
  if (result.extrapolation) summary.add("extrapolated_weight", result.extrapolation->weight);
  if (const auto errors = result.cell_length_errors()) {
    summary.add("cell_lengths", nlohmann::json(list(result.cell_lengths())), nlohmann::json(list(*errors)), "angstrom");
    summary.add("volume", volume_of(result), "angstrom^3");
    summary.add("bulk_modulus", result.bulk_modulus * gpa, "GPa");
  }
  if (result.condition.pressure) {
    summary.add("target_pressure", *result.condition.pressure * gpa, "GPa");
    summary.add("gibbs_free_energy", result.gibbs_free_energy(), "eV per unit cell");
  }
  if (result.cell_at_rest) {
    summary.add("static_volume", std::abs(result.cell_at_rest->determinant()), "angstrom^3");
    summary.add("static_cell_lengths", nlohmann::json(list(result.cell_at_rest->rowwise().norm())), "angstrom");
  }
  return ordered_json::parse(summary.text());
}

void comment_on(const sscha::Solution& solution, const sscha::ConditionResult& result, double uncertain,
                Console& console) {
  const sscha::SolutionMode lowest = lowest_mode(solution);
  console.field("lowest mode", "{}: omega^2 = {}", name_of(lowest, solution),
                format_estimate(lowest.square_inverse_cm2.value, lowest.square_inverse_cm2.standard_error, "cm^-2"));
  if (lowest.may_be_collapsing()) {
    console.warn(
        "omega^2 of the lowest mode is zero within three errors: it may be collapsing, and numbers that depend on it "
        "mean little. Look at the free-energy Hessian, take larger populations, or a space group that lets the mode "
        "freeze");
  }
  constexpr double wanted = 0.1;
  if (const sscha::SolutionMode worst = least_known_mode(solution); worst.relative_error() > wanted) {
    console.warn(
        "{} configurations are too few for the mode at {}: omega^2 is known to {:.0f} %. About {:.0f} give 10 %: set "
        "populations.final",
        solution.n_configurations, name_of(worst, solution), 100 * worst.relative_error(),
        std::ceil(configurations_needed(solution, worst, wanted) / 1000) * 1000);
  }
  if (result.extrapolation && result.extrapolation->n > 0) {
    console.warn(
        "{:.2g} % of the weight ({} configurations) is where the members of the potential disagree by more than {:g} "
        "eV/angstrom (at most {:.2f}): label some of these and train again",
        100 * result.extrapolation->weight, result.extrapolation->n, uncertain, result.extrapolation->largest);
  }
}

Summary summary_of(const std::vector<sscha::ConditionResult>& results, std::vector<ordered_json> entries) {
  Summary summary;
  if (results.size() == 1) {
    for (const auto& [name, entry] : entries[0].items()) summary.add_entry(name, entry);
    return summary;
  }
  for (std::size_t i = 0; i < results.size(); ++i) add_derivatives(results[i], entries[i]);
  summary.add("converged", nlohmann::json(std::ranges::all_of(results, &sscha::ConditionResult::settled)));
  summary.add("conditions", nlohmann::json(entries));
  return summary;
}

StepTable table_of(const std::vector<sscha::ConditionResult>& results) {
  StepTable table({"temperature[K]", "target_pressure[GPa]", "pressure[GPa]", "error[GPa]", "volume[angstrom^3]",
                   "error[angstrom^3]", "static_volume[angstrom^3]", "free_energy[eV/cell]", "error[eV/cell]",
                   "entropy[kB/cell]", "error[kB/cell]", "heat_capacity[kB/cell]", "thermal_expansion[1/K]",
                   "lowest[cm^-1]", "error[cm^-1]", "converged"});
  for (const sscha::ConditionResult& result : results) {
    const std::optional<double>& target = result.condition.pressure;
    const Estimate pressure = in_gpa(result.pressure), volume = volume_of(result);
    const double capacity = result.derivatives ? result.derivatives->heat_capacity.value : none,
                 expansion = result.derivatives && target ? result.derivatives->thermal_expansion.value : none;
    table.add({result.condition.temperature, target ? *target * gpa : none, pressure.value, pressure.standard_error,
               volume.value, volume.standard_error,
               result.cell_at_rest ? std::abs(result.cell_at_rest->determinant()) : none, result.free_energy.value,
               result.free_energy.standard_error, result.entropy.value, result.entropy.standard_error, capacity,
               expansion, result.lowest.value, result.lowest.standard_error, result.settled ? 1.0 : 0.0});
  }
  return table;
}

void show(const std::vector<sscha::ConditionResult>& results, Console& console) {
  console.say("{:>20}  {:>24}  {:>14}  {:>18}  {:>16}", "", "free energy (eV/cell)", "pressure (GPa)", "V (A^3)",
              "lowest (cm^-1)");
  for (const sscha::ConditionResult& result : results) {
    console.say("{:>20}  {:>24}  {:>14}  {:>18}  {:>16}{}", result.condition.text(), text_of(result.free_energy),
                text_of(in_gpa(result.pressure)), text_of(volume_of(result)), text_of(result.lowest),
                result.settled ? "" : "  not converged");
  }
}

void show_head_of_populations(Console& console) {
  console.say("{:>4} {:>8}  {:>24}  {:>15} {:>15}  {:>7}  {:>14}  {:>10}  {:>8}", "pop.", "size",
              "free energy (eV/cell)", "gradient/error", "then", "N_eff/N", "pressure (GPa)", "V (A^3)", "lowest");
}

void show(const sscha::PopulationReport& report, double n_cells, Console& console) {
  const auto ratio = [](double value, double error) { return error > 0 ? value / error : 0.0; };
  const auto zero_or = [](double value) { return std::abs(value) < 1e-9 ? 0 : value; };
  const Estimate pressure = in_gpa(report.stress ? std::optional{report.stress->pressure} : std::nullopt);
  const Estimate& free_energy = report.end.free_energy;
  console.say("{:>4} {:>8}  {:>24}  {:>15.2f} {:>15.2f}  {:>7.4f}  {:>14}  {:>10.4f}  {:>8.2f}{}",
              report.is_final ? "last" : std::to_string(report.number), report.size,
              format_estimate(free_energy.value / n_cells, free_energy.standard_error / n_cells, ""),
              ratio(report.start.gradient, report.start.gradient_error),
              ratio(report.end.gradient, report.end.gradient_error), report.end.kong_liu_ratio,
              report.stress ? format_estimate(zero_or(pressure.value), zero_or(pressure.standard_error), "") : "-",
              report.volume, sscha::lowest_frequency(report.end.frequencies),
              report.needs_no_step ? "  fresh: no step" : "");
}

StepTable table_of(const std::vector<sscha::PopulationReport>& history, double n_cells) {
  StepTable table{{"population", "size", "free_energy[eV/cell]", "error[eV/cell]", "gradient_fresh[eV/angstrom^2]",
                   "error[eV/angstrom^2]", "gradient[eV/angstrom^2]", "error[eV/angstrom^2]", "kong_liu_ratio",
                   "volume[angstrom^3]", "pressure[GPa]", "error[GPa]", "needs_no_step", "lowest[cm^-1]"}};
  for (const sscha::PopulationReport& report : history) {
    const Estimate pressure = in_gpa(report.stress ? std::optional{report.stress->pressure} : std::nullopt);
    table.add({static_cast<double>(report.number), static_cast<double>(report.size),
               report.end.free_energy.value / n_cells, report.end.free_energy.standard_error / n_cells,
               report.start.gradient, report.start.gradient_error, report.end.gradient, report.end.gradient_error,
               report.end.kong_liu_ratio, report.volume, pressure.value, pressure.standard_error,
               report.needs_no_step ? 1.0 : 0.0, sscha::lowest_frequency(report.end.frequencies)});
  }
  return table;
}

}  // namespace zeropoint
