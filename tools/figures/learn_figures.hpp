#pragma once

#include <vector>

#include "active_learning/learner.hpp"
#include "tools/figures/figures.hpp"

namespace zeropoint {

/// learning: force errors and their calibration by round; frequencies and free energy with all their errors over the
/// number of labels; parity of residuals and their expectation.
std::vector<figures::Figure> figures_of_learning(const active_learning::Learner& learner, const UnitSet& units,
                                                 int n_atoms);

}  // namespace zeropoint
