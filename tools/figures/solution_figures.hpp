#pragma once

#include <string>
#include <vector>

#include "tools/figures/figures.hpp"

namespace zeropoint {

/// Convergence of a minimisation, and its frequencies before and after, from its result.h5.
/// @throws as sscha::read_history.
std::vector<figures::Figure> figures_of_minimize(const std::string& path);

/// A figure of frequencies at `n_points` q points side by side.
figures::Figure levels_figure(figures::Panel levels, std::size_t n_points);

}  // namespace zeropoint
