#pragma once

#include <string>

#include "phonons/matrix_file.hpp"

namespace zeropoint::phonons {

/// Reads force constants as q2r.x writes them in text or XML, with or without the dipole part taken out: where it is
/// (T), it is added back on the grid with the charges and the Ewald parameter of the file ((2 pi/alat)^2 where it names
/// none), in the way of Quantum ESPRESSO: no sum over G along axes with one division. The points are sorted into stars.
/// @throws IoError, InputError with file and line: truncated, NaN, blocks or cells in another order, force constants
/// that are not symmetric.
MatrixFile read_qe_force_constants(const std::string& path, const UnitSet& units = units::codata2022);

struct QeForceConstantOptions {
  /// Take the dipole part of polar matrices out and write their charges, whose mean is subtracted first, behind T;
  /// false: F, everything stays in the force constants and the charges are not written.
  bool dipoles = true;
  /// Write the Ewald parameter behind T, as Quantum ESPRESSO does since 2024. Older programs, and others, stumble over
  /// it.
  bool ewald_parameter = false;
};

/// Writes the text form of q2r.x, with its columns to the byte: what matdyn.x, EPW (as ifc.q2r), ShengBTE and phonopy's
/// converter (dipoles = false) read; XML, with all digits, where `path` ends in .xml. ibrav = 0. @throws InputError,
/// IoError.
void write_qe_force_constants(const DynamicalMatrices& matrices, const std::string& path,
                              const QeForceConstantOptions& options = {}, const UnitSet& units = units::codata2022);

/// The file that the format "q2r" or "q2r-xml" writes for `output`: XML gets the ending .xml, as matdyn.x wants it.
/// @throws InputError for that ending and "q2r".
std::string qe_force_constants_name(const std::string& format, const std::string& output);

/// Force constants of q2r.x in text, "q2r", and XML, "q2r-xml"; in text as EPW looks for them, ifc.q2r in a folder,
/// "epw", which is read as "q2r".
MatrixFormat qe_force_constants_format();
MatrixFormat qe_force_constants_xml_format();
MatrixFormat epw_format();

}  // namespace zeropoint::phonons
