#pragma once

#include "sscha/matrix_set.hpp"

namespace zeropoint {

class Console;

/// What it is, its space group, whether it knows errors; a warning for a run that did not converge, and for a cell that
/// holds several primitive ones.
void describe(const sscha::MatrixSet& set, Console& console);

}  // namespace zeropoint
