#pragma once

#include "files/labelled_format.hpp"

namespace zeropoint {

/// The text that pw.x prints in one calculation = 'scf'; of runs appended to one file the last counts.
LabelledFormat pwx_output_format();
/// @throws InputError for a run that is cut, not converged, not finished, or of several steps.
LabelledStructure read_pwx_output(const FileContent& file);

}  // namespace zeropoint
