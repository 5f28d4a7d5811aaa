#pragma once

#include <string>
#include <vector>

#include "sscha/solution_file.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// The numbers, under the names that every command uses.
Summary summary_of(const sscha::Solution& solution);

/// Columns of steps.dat.
StepTable step_table();
std::vector<double> step_row(const sscha::SolutionStep& step);

}  // namespace zeropoint
