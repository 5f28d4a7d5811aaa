#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sscha/solution_errors.hpp"
#include "tools/figures/figures.hpp"
#include "tools/program/run_folder.hpp"

namespace zeropoint {

/// What the command minimize leaves, apart from the dyn files.
struct MinimizeResult {
  const sscha::TrialDensity& start;
  const sscha::Minimum& minimum;
  const sscha::SolutionErrors& errors;
  const SpaceGroup& group;
  std::int64_t n_configurations;
};

/// The numbers, under the names that every command uses.
Summary summary_of(const MinimizeResult& result);

/// Columns of steps.dat.
StepTable step_table();
std::vector<double> step_row(const sscha::StepReport& step, int n_cells);

/// result.h5, from which figures can be drawn again.
void write_result(const std::string& path, const MinimizeResult& result, const std::string& settings,
                  std::int64_t seed);

/// Convergence, and frequencies before and after, from a result.h5.
std::vector<figures::Figure> figures_of_minimize(const std::string& path);

}  // namespace zeropoint
