#include "sscha/condition_result.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "sscha/solution_file.hpp"

namespace zeropoint::sscha {
namespace {

constexpr const char* group = "condition";

}  // namespace

std::optional<double> ConditionResult::volume_error() const {
  if (!pressure || !(bulk_modulus > 0)) return {};
  return volume() * pressure->standard_error / bulk_modulus;
}

std::optional<Eigen::Vector3d> ConditionResult::cell_length_errors() const {
  if (!pressure || !(bulk_modulus > 0)) return {};
  return cell_lengths() * (pressure->standard_error / (3 * bulk_modulus));
}

Estimate ConditionResult::gibbs_free_energy() const {
  return {free_energy.value + *condition.pressure * volume(), free_energy.standard_error};
}

ConditionResult result_at(const Condition& condition, const Solution& solution, const LoopResult& loop) {
  const TrialDensity& density = solution.minimum.density;
  const double lowest = lowest_frequency(phonons::frequencies_inverse_cm(density.modes(), density.units()));
  const double squared_error = lowest_mode(solution).square_inverse_cm2.standard_error;
  const std::optional<Stress>& stress = solution.minimum.evaluation.stress;
  return {.condition = condition,
          .matrices = density.matrices(),
          .settled = loop.settled,
          .explanation = loop.explain(),
          .n_populations = loop.reports.back().number,
          .free_energy = solution.free_energy(),
          .entropy = solution.entropy(),
          .lowest = {lowest, std::isfinite(squared_error) ? squared_error / (2 * std::abs(lowest)) : 0},
          .pressure = stress ? std::optional{stress->pressure} : std::nullopt,
          .bulk_modulus = loop.bulk_modulus,
          .extrapolation = loop.reports.back().extrapolation,
          .cell_at_rest = {},
          .derivatives = {}};
}

void add_derivatives(std::vector<ConditionResult>& results) {
  for (const ConditionResult& first : results) {
    std::vector<ThermalPoint> points;
    std::vector<ConditionResult*> ladder;
    for (ConditionResult& other : results) {
      if (other.condition.pressure != first.condition.pressure) continue;
      ladder.push_back(&other);
      points.push_back(
          {other.condition.temperature, {other.volume(), other.volume_error().value_or(0)}, other.entropy});
    }
    const std::vector<ThermalDerivatives> derivatives = thermal_derivatives(points);
    for (std::size_t i = 0; i < derivatives.size(); ++i) ladder[i]->derivatives = derivatives[i];
  }
}

void add_condition(const std::string& solution_file, const ConditionResult& result) {
  Hdf5File file = Hdf5File::modify(solution_file, solution_filetype);
  if (file.has(group)) file.remove(group);
  const Eigen::Matrix3d at_rest = result.cell_at_rest.value_or(Eigen::Matrix3d::Zero());
  file.write(std::string{group} + "/cell_at_rest", at_rest, "angstrom, zero: not found", "vector,xyz");
  const auto write = [&](const char* name, const auto& value) { file.write_attribute(group, name, value); };
  const auto write_estimate = [&](const std::string& name, const Estimate& estimate) {
    file.write_attribute(group, name, estimate.value);
    file.write_attribute(group, name + "_error", estimate.standard_error);
  };
  write("temperature", result.condition.temperature);                                   // K
  if (result.condition.pressure) write("target_pressure", *result.condition.pressure);  // eV/angstrom^3
  write("settled", std::int64_t{result.settled});
  write("explanation", result.explanation);
  write("n_populations", std::int64_t{result.n_populations});
  write_estimate("entropy", result.entropy);                          // kB per unit cell
  write_estimate("lowest", result.lowest);                            // cm^-1
  if (result.pressure) write_estimate("pressure", *result.pressure);  // eV/angstrom^3
  write("bulk_modulus", result.bulk_modulus);                         // eV/angstrom^3
  if (result.extrapolation) {
    write("extrapolated", result.extrapolation->n);
    write("extrapolated_weight", result.extrapolation->weight);
    write("largest_deviation", result.extrapolation->largest);  // eV/angstrom
  }
  file.close();
}

std::optional<ConditionResult> read_condition(const std::string& solution_file, const Condition& condition) {
  if (!std::filesystem::exists(solution_file)) return {};
  const Hdf5File file = Hdf5File::open(solution_file, solution_filetype);
  if (!file.has(group)) return {};
  const auto has = [&](const std::string& name) { return file.number_attribute(group, name).has_value(); };
  const auto number = [&](const std::string& name) {
    const std::optional<double> found = file.number_attribute(group, name);
    if (!found) throw InputError{"{}: '{}/{}' is missing", solution_file, group, name};
    return *found;
  };
  if (number("temperature") != condition.temperature) return {};
  const auto estimate = [&](const std::string& name) { return Estimate{number(name), number(name + "_error")}; };
  StoredSolution solution = read_solution(solution_file);
  ConditionResult result{.condition = condition, .matrices = std::move(solution.matrices)};
  result.settled = number("settled") != 0;
  result.explanation = file.text_attribute(group, "explanation").value_or("");
  result.n_populations = static_cast<int>(number("n_populations"));
  result.free_energy = solution.free_energy;
  result.entropy = estimate("entropy");
  result.lowest = estimate("lowest");
  if (has("pressure")) result.pressure = estimate("pressure");
  result.bulk_modulus = number("bulk_modulus");
  if (has("extrapolated")) {
    result.extrapolation = {static_cast<std::int64_t>(number("extrapolated")), number("extrapolated_weight"),
                            number("largest_deviation")};
  }
  if (const Eigen::Matrix3d cell = file.read_matrix(std::string{group} + "/cell_at_rest"); !cell.isZero(0))
    result.cell_at_rest = cell;
  return result;
}

}  // namespace zeropoint::sscha
