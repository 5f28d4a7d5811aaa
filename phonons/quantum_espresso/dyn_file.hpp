#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

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

}  // namespace zeropoint::phonons
