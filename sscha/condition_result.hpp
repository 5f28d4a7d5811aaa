#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sscha/condition.hpp"
#include "sscha/population_loop.hpp"
#include "sscha/solution.hpp"
#include "sscha/thermodynamic_derivatives.hpp"

namespace zeropoint::sscha {

/// What was found at one condition, per unit cell.
struct ConditionResult {
  Condition condition = {};
  phonons::DynamicalMatrices matrices;
  bool settled = false;
  std::string explanation = {};  ///< of that, for people
  int n_populations = 0;
  Estimate free_energy = {};                        ///< eV
  Estimate entropy = {};                            ///< kB
  Estimate lowest = {};                             ///< cm^-1, of the modes that are no uniform translations
  std::optional<Estimate> pressure = {};            ///< eV/angstrom^3, where the potential has one
  double bulk_modulus = 0;                          ///< eV/angstrom^3, found on the way; 0 with a fixed cell
  std::optional<Extrapolation> extrapolation = {};  ///< of the last population
  /// Of the crystal without motion under the same pressure, angstrom, one vector a row; where it was found.
  std::optional<Eigen::Matrix3d> cell_at_rest = {};
  std::optional<ThermalDerivatives> derivatives = {};  ///< entropy in kB; where the ladder has neighbours enough

  double volume() const { return matrices.crystal.volume(); }  ///< angstrom^3
  Eigen::Vector3d cell_lengths() const { return matrices.crystal.cell.rowwise().norm(); }
  /// What the error of the pressure does to the cell, through the bulk modulus; nothing where the volume is given.
  std::optional<double> volume_error() const;
  std::optional<Eigen::Vector3d> cell_length_errors() const;
  /// F + P V at the pressure of the condition, eV. Only with a pressure.
  Estimate gibbs_free_energy() const;
};

/// `solution` is that of the last population of `loop`, whose minimum may have been moved away.
ConditionResult result_at(const Condition& condition, const Solution& solution, const LoopResult& loop);

/// Heat capacity and thermal expansion of each condition, from those at the same pressure.
void add_derivatives(std::vector<ConditionResult>& results);

/// Adds to the file of the condition's solution (solution_file.hpp) what is not there yet, as attributes of a group
/// "condition": only a condition that has come to its end has one.
void add_condition(const std::string& solution_file, const ConditionResult& result);

/// What an earlier run left of `condition`, derivatives aside; nothing when it had not come to its end.
/// @throws IoError; InputError for a damaged file.
std::optional<ConditionResult> read_condition(const std::string& solution_file, const Condition& condition);

}  // namespace zeropoint::sscha
