#pragma once

#include <string>

#include "phonons/quantum_espresso/dyn_file.hpp"

namespace zeropoint::phonons {

/// One dyn file of ph.x in XML. Masses there are in amu. Matrices, charges and the dielectric tensor are stored column
/// by column. A Gamma file that Quantum ESPRESSO 6.7 closes with </root> is accepted, its uninitialised Raman tensor
/// not read.
/// @throws IoError, InputError with file and line.
QeDynFile read_qe_dyn_xml_file(const std::string& path, const UnitSet& units);

}  // namespace zeropoint::phonons
