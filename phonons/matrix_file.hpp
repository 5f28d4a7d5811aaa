#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/units.hpp"
#include "phonons/displacement_fit.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// What stands in a file of matrices, with what a person should know about it. Nothing is judged or fitted: see
/// phonons/matrix_judgement.hpp.
struct MatrixFile {
  DynamicalMatrices matrices;                                ///< without blocks where forces are there instead
  std::string kind;                                          ///< "force constants of q2r.x"
  std::vector<std::pair<std::string, std::string>> notes{};  ///< name and value, such as units found in the file
  std::vector<std::string> warnings{};
  std::string path{};                              ///< as given
  std::optional<DisplacedSupercells> displaced{};  ///< forces from which the matrices follow
};

/// A format of dynamical matrices or force constants: one file that exports it, and one line in matrix_formats().
struct MatrixFormat {
  std::string name;         ///< by which it is asked for: "q2r-xml"
  std::string description;  ///< for people
  /// Whether `path` (a file, a folder or the prefix of a set) is of this format; a look at names and first lines. Null:
  /// it reads as another one.
  bool (*recognises)(const std::string& path) = nullptr;
  /// @throws IoError, InputError: file, line, what is wrong and what to do.
  MatrixFile (*read)(const std::string& path, const UnitSet& units) = nullptr;
  /// Writes to `output`, a prefix, file or folder, and returns what was written, for people. Null: it is only read.
  std::string (*write)(const DynamicalMatrices& matrices, const std::string& output, const UnitSet& units) = nullptr;
  std::string usual_name{};  ///< of the output in a folder of its own; empty: the folder itself
};

using MatrixFormats = std::vector<MatrixFormat>;

/// The table, in the order in which they are listed; a file that none recognises is read as the first.
const MatrixFormats& matrix_formats();

/// Names of those that can be written: qe, qe-xml, q2r, q2r-xml, epw, phonopy.
std::vector<std::string> writable_matrix_formats(const MatrixFormats& formats = matrix_formats());

/// The format of `path`, null when none recognises it.
const MatrixFormat* matrix_format_of(const std::string& path, const MatrixFormats& formats = matrix_formats());

/// Reads force constants or dynamical matrices of any format, found by the content of the file or the name of the set:
///   a prefix of dyn files (text or XML); force constants of q2r.x (text, also EPW's ifc.q2r, or XML);
///   phonopy.yaml, phonopy_params.yaml, phonopy_disp.yaml, a folder that holds one of them, or FORCE_CONSTANTS,
///   force_constants.hdf5, FORCE_SETS beside one of them.
/// @throws IoError, InputError: file, line, what is wrong and what to do.
MatrixFile read_matrix_file(const std::string& path, const UnitSet& units = units::codata2022,
                            const MatrixFormats& formats = matrix_formats());

/// Writes `matrices` in the format of that name. `output` is a prefix (qe, qe-xml), a file (q2r, q2r-xml) or a folder
/// (epw: gets ifc.q2r; phonopy: gets phonopy_params.yaml, FORCE_CONSTANTS, force_constants.hdf5 and, of polar matrices,
/// BORN).
/// @returns what was written, for people.
std::string write_matrix_file(const DynamicalMatrices& matrices, const std::string& format, const std::string& output,
                              const UnitSet& units = units::codata2022,
                              const MatrixFormats& formats = matrix_formats());

}  // namespace zeropoint::phonons
