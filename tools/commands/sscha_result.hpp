#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sscha/population_loop.hpp"
#include "tools/commands/minimize_result.hpp"
#include "tools/figures/figures.hpp"

namespace zeropoint {

class Console;

/// A temperature, and a pressure where the volume moves.
struct Condition {
  double temperature = 0;               ///< K
  std::optional<double> pressure = {};  ///< eV/angstrom^3

  std::string name() const;  ///< of its folder: "300K" or "300K_10GPa"
  std::string text() const;  ///< for people
};
/// All pressures, at each all temperatures.
std::vector<Condition> conditions_of(const std::vector<double>& temperatures, const std::vector<double>& pressures);

struct ConditionResult {
  Condition condition;
  nlohmann::ordered_json entries;  ///< as summary.json has them
  phonons::DynamicalMatrices matrices;
  bool settled = false;
};

/// The numbers of a condition, under the names that every command uses.
nlohmann::ordered_json entries_of(const sscha::Solution& result, const sscha::LoopResult& loop,
                                  const Condition& condition);
/// What an earlier, interrupted run left of a condition in its folder; nothing when it had not finished that.
std::optional<ConditionResult> read_condition(const std::string& folder, const Condition& condition);
/// The one at the same pressure with the nearest temperature, else the nearest pressure; null when there is none.
const ConditionResult* nearest(const std::vector<ConditionResult>& results, const Condition& condition);

/// Says which mode is lowest, and warns where it may be collapsing, where the population is too small for the worst
/// mode (how large it should be), and where weight lies on configurations of which the potential is unsure (`uncertain`
/// eV/angstrom).
void comment_on(const sscha::Solution& result, const sscha::LoopResult& loop, double uncertain, Console& console);

/// Thermal expansion and heat capacity of each pressure's ladder of temperatures, added to the entries: derivatives of
/// volume and entropy through three neighbouring temperatures.
void add_derivatives(std::vector<ConditionResult>& results);

/// The crystal at rest under the same pressure: its entries `static_volume` and `static_cell_lengths`.
void add_static_crystal(const Crystal& at_rest, nlohmann::ordered_json& entries);

/// Of one condition: its entries; of several: a list of them.
Summary summary_of(const std::vector<ConditionResult>& results);
/// conditions.dat.
StepTable table_of(const std::vector<ConditionResult>& results);
void show(const std::vector<ConditionResult>& results, Console& console);
std::vector<figures::Figure> figures_of_conditions(const std::vector<ConditionResult>& results);

/// Columns of populations.dat.
StepTable population_table();
std::vector<double> population_row(const sscha::PopulationReport& report, double n_cells);

}  // namespace zeropoint
