#pragma once

#include "files/dft_inputs.hpp"

namespace zeropoint {

/// Inputs of pw.x made from a complete one, FOLDER/pwx/0001.in ... (files/pwx_input.hpp).
InputFormat pwx_inputs_format();

}  // namespace zeropoint
