#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/crystal.hpp"
#include "phonons/diagonal_supercell.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// The cells of a phonopy calculation and how their atoms belong together, found by position.
struct PhonopyCells {
  Crystal unit;  ///< unit cell of the file
  Eigen::Matrix3i
      supercell_matrix;  ///< M, (a_s b_s c_s) = (a b c) M: rows of the supercell are M^T times those of the unit cell
  Eigen::Matrix3d primitive_matrix;  ///< P, (a_p b_p c_p) = (a b c) P
  Crystal supercell;                 ///< atoms in the order of the force constants
  Crystal primitive;  ///< atoms in the order of their first copies in the supercell; cell vectors of `diagonal`
  DiagonalSupercell diagonal;  ///< of the superlattice in terms of (a_p b_p c_p)
  std::vector<int> p2s;        ///< [n_primitive] supercell atom that stands for each primitive atom, from 0
  std::vector<int> site;       ///< [n_supercell] primitive atom of which each is a copy
  std::vector<int> cell;       ///< [n_supercell] cell of grid() in which it lies, an index of Supercell

  Supercell grid() const { return {primitive, diagonal.divisions}; }
};

/// The supercell in phonopy's order: atom of the unit cell slowest, then c, b, a with a fastest, of those lattice
/// points that come first modulo the supercell; positions inside of it.
Crystal phonopy_supercell(const Crystal& unit, const Eigen::Matrix3i& supercell_matrix);

/// `supercell`: as a file lists it, in any order; without one it is built in phonopy's own order. `source` names the
/// file.
/// @throws InputError when the primitive cell does not fit, or atoms of the supercell are no copies of those of the
/// unit cell.
PhonopyCells phonopy_cells(const Crystal& unit, const Eigen::Matrix3i& supercell_matrix,
                           const Eigen::Matrix3d& primitive_matrix, const std::optional<Crystal>& supercell,
                           const std::string& source);

/// Cells for the export of matrices: the unit cell is primitive, the supercell that of the grid.
PhonopyCells phonopy_cells(const DynamicalMatrices& matrices);

/// Force constants as phonopy keeps them; the dipole part is inside.
struct PhonopyForceConstants {
  std::vector<int> rows;                  ///< [n_rows] supercell atoms, from 0: all of them (full) or p2s (compact)
  std::vector<Eigen::Matrix3d> elements;  ///< [n_rows * n_supercell] eV/angstrom^2, Phi(row, column)
};

/// Averages over rows that are copies of each other. @throws InputError when these differ by more than 5 % of the
/// largest element, rows of a primitive atom are missing, or the constants are not symmetric: which pair; the atoms
/// stand in another order.
DynamicalMatrices from_phonopy(const PhonopyCells& cells, const PhonopyForceConstants& constants,
                               const std::string& source);

/// Rows of p2s, or of all supercell atoms.
PhonopyForceConstants to_phonopy(const PhonopyCells& cells, const DynamicalMatrices& matrices, bool full);

}  // namespace zeropoint::phonons
