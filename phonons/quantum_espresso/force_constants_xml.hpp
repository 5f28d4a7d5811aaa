#pragma once

#include <string>

#include "phonons/quantum_espresso/short_range.hpp"

namespace zeropoint::phonons {

/// Whether `path` begins as an XML file and holds force constants.
bool is_qe_force_constants_xml(const std::string& path);
QeForceConstants read_qe_force_constants_xml(const std::string& path, const UnitSet& units);
void write_qe_force_constants_xml(const QeForceConstants& file, const std::string& path, const UnitSet& units);

}  // namespace zeropoint::phonons
