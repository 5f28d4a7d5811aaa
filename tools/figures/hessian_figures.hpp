#pragma once

#include <string>
#include <vector>

#include "tools/figures/figures.hpp"

namespace zeropoint {

/// Levels of the auxiliary and the Hessian matrices, and the softest modes, from the result.h5 of a free-energy
/// Hessian. @throws as sscha::read_hessian.
std::vector<figures::Figure> figures_of_hessian(const std::string& path);

}  // namespace zeropoint
