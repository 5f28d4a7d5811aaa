#pragma once

#include <string>
#include <vector>

#include "tools/figures/figures.hpp"

namespace zeropoint {

/// Of the result.h5 of `relax`: enthalpy, force and stress over the steps. @throws InputError when it is no such file.
std::vector<figures::Figure> figures_of_relax(const std::string& path);

/// Of the result.h5 of `phonons`: the frequencies at the points of the grid. @throws as above.
std::vector<figures::Figure> figures_of_phonons(const std::string& path);

}  // namespace zeropoint
