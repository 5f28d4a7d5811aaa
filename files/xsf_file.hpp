#pragma once

#include "files/labelled_format.hpp"

namespace zeropoint {

/// XSF of aenet and ACNN: "# total energy", cell, positions and forces, and VIRIAL where there is one. Written as one
/// file a structure, path/000001.xsf ...; a folder that has such files already is an InputError.
LabelledFormat xsf_format();
/// @throws InputError for a file that is cut or has no labels.
LabelledStructure read_xsf(const FileContent& file);
/// Writes path/000001.xsf ... @throws InputError when there are such files already; IoError.
void write_xsf(const std::vector<LabelledStructure>& structures, const std::string& path);

}  // namespace zeropoint
