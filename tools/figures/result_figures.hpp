#pragma once

#include <string>
#include <vector>

#include "tools/figures/figures.hpp"

namespace zeropoint {

struct Run;

/// The figures of a result.h5, by what it says it is. @throws InputError for a file of another kind.
std::vector<figures::Figure> figures_of_result(const std::string& path);

/// Draws those of FOLDER/result.h5 in FOLDER/figures, unless the run file wants none.
void draw_result(const std::string& folder, const Run& context);

}  // namespace zeropoint
