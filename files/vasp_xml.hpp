#pragma once

#include "files/labelled_format.hpp"

namespace zeropoint {

/// vasprun.xml of one ionic step.
LabelledFormat vasp_xml_format();
/// @throws InputError for a run that is cut, not converged, or of several steps.
LabelledStructure read_vasp_xml(const FileContent& file);

}  // namespace zeropoint
