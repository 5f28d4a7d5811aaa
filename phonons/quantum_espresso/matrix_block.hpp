#pragma once

#include <Eigen/Core>
#include <string>
#include <string_view>

#include "files/text_scanner.hpp"

namespace zeropoint::phonons {

/// A block "Dynamical  Matrix in cartesian axes", the form in which Quantum ESPRESSO prints matrices of any kind.
struct QeMatrixBlock {
  Eigen::Vector3d q;        ///< as printed: Cartesian, 2 pi/alat
  Eigen::MatrixXcd matrix;  ///< (3 n_atoms, 3 n_atoms), as printed
  std::string where;        ///< "file:line" of the q
};

/// Whether a block begins in this line; one blank or several between the words.
bool opens_matrix_block(std::string_view line);

/// What follows behind such a line, to the last pair of atoms. @throws InputError with file and line.
QeMatrixBlock read_matrix_block(TextScanner& scan, int n_atoms);

}  // namespace zeropoint::phonons
