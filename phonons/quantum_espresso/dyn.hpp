#pragma once

#include "phonons/matrix_file.hpp"
#include "phonons/quantum_espresso/dyn_read.hpp"
#include "phonons/quantum_espresso/dyn_write.hpp"

namespace zeropoint::phonons {

/// Dyn files of ph.x in text: "qe". Its reader takes those in XML, too.
MatrixFormat qe_dyn_format();
/// Dyn files of ph.x in XML: "qe-xml".
MatrixFormat qe_dyn_xml_format();

}  // namespace zeropoint::phonons
