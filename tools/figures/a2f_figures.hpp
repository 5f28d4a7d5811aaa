#pragma once

#include <string>
#include <vector>

#include "tools/figures/figures.hpp"

namespace zeropoint {

/// Of the result.h5 of `a2f`: "bands" with circles of lambda beside phonon density of states, alpha2F and
/// lambda(omega); "a2f", the same upright; "smearing": lambda and omega_log against the broadening.
std::vector<figures::Figure> figures_of_a2f(const std::string& path);

}  // namespace zeropoint
