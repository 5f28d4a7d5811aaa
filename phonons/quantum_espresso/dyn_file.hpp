#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "phonons/modes.hpp"

namespace zeropoint::phonons {

/// One q of a dyn file.
struct QeDynBlock {
  Eigen::Vector3d q;        ///< crystal coordinates, as printed
  Eigen::MatrixXcd matrix;  ///< (3 n_atoms, 3 n_atoms), eV/angstrom^2, as printed
  std::string where;        ///< "file:line" of the q
};

/// One dyn file: a header and the points of one star.
struct QeDynFile {
  std::string path, title;
  Crystal crystal;
  double alat = 0;  ///< angstrom
  std::vector<QeDynBlock> blocks;
  std::optional<Polar> polar;
};

/// Text or XML. @throws IoError, InputError with file and line.
QeDynFile read_qe_dyn_file(const std::string& path, const UnitSet& units);

/// The files that `prefix` stands for. @throws IoError when one is missing.
std::vector<std::string> qe_dyn_paths(const std::string& prefix);

/// Frequencies and displacements at one q as they stand behind "Diagonalizing the dynamical matrix", from ruler to
/// ruler.
std::string qe_modes_text(const Modes& modes, const Crystal& crystal, const UnitSet& units);

/// Text of PREFIX0: divisions, number of files, one q a file.
std::string qe_grid_text(const DynamicalMatrices& matrices);

/// @throws InternalError for a wrong number of matrices, InputError for numbers that are not finite; `path` is not
/// written.
void refuse_unwritable(const DynamicalMatrices& matrices, const std::string& path);

}  // namespace zeropoint::phonons
