#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sscha/condition_result.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

class Console;

/// The numbers of a condition, under the names that every command uses, as its summary.json has them.
nlohmann::ordered_json entries_of(const sscha::Solution& solution, const sscha::ConditionResult& result);

/// Says which mode is lowest, and warns where it may be collapsing, where the population is too small for the worst
/// mode (how large it should be), and where weight lies on configurations of which the potential is unsure (`uncertain`
/// eV/angstrom).
void comment_on(const sscha::Solution& solution, const sscha::ConditionResult& result, double uncertain,
                Console& console);

/// Of one condition: its `entries`; of several: a list of them, each with heat capacity and thermal expansion.
Summary summary_of(const std::vector<sscha::ConditionResult>& results, std::vector<nlohmann::ordered_json> entries);
/// conditions.dat.
StepTable table_of(const std::vector<sscha::ConditionResult>& results);
void show(const std::vector<sscha::ConditionResult>& results, Console& console);

/// One line a population: their heads, one of them.
void show_head_of_populations(Console& console);
void show(const sscha::PopulationReport& report, double n_cells, Console& console);
/// populations.dat.
StepTable table_of(const std::vector<sscha::PopulationReport>& history, double n_cells);

}  // namespace zeropoint
