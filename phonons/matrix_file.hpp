#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// Matrices with what a person should know about the files they came from.
struct MatrixFile {
  DynamicalMatrices matrices;
  std::string kind;                                          ///< "force constants of q2r.x"
  std::vector<std::pair<std::string, std::string>> notes{};  ///< name and value, such as units found in the file
  std::vector<std::string> warnings{};
};

/// Reads force constants or dynamical matrices of any format, found by the content of the file or the name of the set:
///   a prefix of dyn files (text or XML); force constants of q2r.x (text, also EPW's ifc.q2r, or XML);
///   phonopy.yaml, phonopy_params.yaml, phonopy_disp.yaml, a folder that holds one of them, or FORCE_CONSTANTS,
///   force_constants.hdf5, FORCE_SETS beside one of them.
/// @throws IoError, InputError: file, line, what is wrong and what to do.
MatrixFile read_matrix_file(const std::string& path, const UnitSet& units = units::codata2022);

/// True for what read_matrix_file takes as a phonopy calculation.
bool is_phonopy(const std::string& path);

/// The formats that write_matrix_file knows: qe, qe-xml, q2r, q2r-xml, epw, phonopy.
const std::vector<std::string>& matrix_formats();

/// The file that q2r or q2r-xml writes for `output`: XML gets the ending .xml, as matdyn.x wants it. @throws InputError
/// for that ending and q2r.
std::string force_constants_name(const std::string& format, const std::string& output);

/// Writes `matrices` in one of matrix_formats(). `output` is a prefix (qe, qe-xml), a file (q2r, q2r-xml) or a folder
/// (epw: gets ifc.q2r; phonopy: gets phonopy_params.yaml, FORCE_CONSTANTS, force_constants.hdf5 and, of polar matrices,
/// BORN).
/// @returns what was written, for people.
std::string write_matrix_file(const DynamicalMatrices& matrices, const std::string& format, const std::string& output,
                              const UnitSet& units = units::codata2022);

}  // namespace zeropoint::phonons
