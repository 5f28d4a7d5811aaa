#pragma once

#include "files/labelled_format.hpp"

namespace zeropoint {

/// PREFIX.xml or data-file-schema.xml of pw.x: one converged SCF cycle.
LabelledFormat pwx_xml_format();
/// @throws InputError for a run that is cut, not converged, not finished, or of several steps.
LabelledStructure read_pwx_xml(const FileContent& file);

}  // namespace zeropoint
