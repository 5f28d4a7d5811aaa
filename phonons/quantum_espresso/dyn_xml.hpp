#pragma once

#include <string>

#include "phonons/quantum_espresso/dyn_file.hpp"

namespace zeropoint::phonons {

/// One dyn file of ph.x in XML. Masses there are in amu. Matrices, charges and the dielectric tensor are stored column
/// by column. A Gamma file that Quantum ESPRESSO 6.7 closes with </root> is accepted, its uninitialised Raman tensor
/// not read.
/// @throws IoError, InputError with file and line.
QeDynFile read_qe_dyn_xml_file(const std::string& path, const UnitSet& units);

/// Writes PREFIX1.xml, PREFIX2.xml, ..., one a star, and PREFIX0 and PREFIX0.xml, which ph.x and q2r.x look for; an
/// ending .xml of `prefix` does not count. Each file is written under a temporary name and renamed.
void write_qe_dyn_xml(const DynamicalMatrices& matrices, const std::string& prefix,
                      const UnitSet& units = units::codata2022);

}  // namespace zeropoint::phonons
