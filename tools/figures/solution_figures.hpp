#pragma once

#include <string>
#include <vector>

#include "tools/figures/figures.hpp"

namespace zeropoint {

/// Convergence of a minimisation, and its frequencies before and after, from its result.h5.
/// @throws as sscha::read_history.
std::vector<figures::Figure> figures_of_minimize(const std::string& path);

/// Levels of the auxiliary and the Hessian matrices, and the softest modes, from the result.h5 of a free-energy
/// Hessian. @throws as sscha::read_hessian.
std::vector<figures::Figure> figures_of_hessian(const std::string& path);

/// A figure of frequencies at `n_points` q points side by side.
figures::Figure levels_figure(figures::Panel levels, std::size_t n_points);

}  // namespace zeropoint
