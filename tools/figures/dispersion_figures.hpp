#pragma once

#include <string>
#include <vector>

#include "tools/figures/figures.hpp"

namespace zeropoint {

/// Bands beside the density of states, its parts, and, when there is one, thermodynamics, from result.h5.
std::vector<figures::Figure> figures_of_dispersion(const std::string& path);

}  // namespace zeropoint
