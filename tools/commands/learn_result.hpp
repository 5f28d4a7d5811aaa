#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "active_learning/learner.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

class Console;

/// Of the last round: each quantity with its statistical error, the error of the potential, and the certificate.
Summary summary_of(const active_learning::Learner& learner, const active_learning::TaskStore& store,
                   const std::vector<sscha::Condition>& conditions, const UnitSet& units,
                   active_learning::Ending ending);

/// A table of the last round for people.
void show(const active_learning::Learner& learner, const UnitSet& units, int n_atoms, Console& console);

/// rounds.dat: errors, calibration and the largest change by round.
StepTable table_of(const active_learning::Learner& learner, const UnitSet& units);

/// `info`: what lies in the folder of a project, whether or not somebody works in it.
nlohmann::ordered_json describe_project(const std::string& folder, Console& console);

}  // namespace zeropoint
