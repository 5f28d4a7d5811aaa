#pragma once

#include <vector>

#include "sscha/condition_result.hpp"
#include "tools/figures/figures.hpp"

namespace zeropoint {

/// Free energy, lowest mode, pressure, entropy, heat capacity and volume along a ladder of conditions: over the
/// pressure where all have one temperature, else over the temperature, a curve for each pressure.
std::vector<figures::Figure> figures_of_conditions(const std::vector<sscha::ConditionResult>& results);

}  // namespace zeropoint
