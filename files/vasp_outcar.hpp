#pragma once

#include "files/labelled_format.hpp"

namespace zeropoint {

/// OUTCAR of one ionic step.
LabelledFormat outcar_format();
/// @throws InputError for a run that is cut, not converged, not finished, or of several steps.
LabelledStructure read_vasp_outcar(const FileContent& file);

}  // namespace zeropoint
