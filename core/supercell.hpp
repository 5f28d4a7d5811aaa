#pragma once

#include <vector>

#include "core/crystal.hpp"

namespace zeropoint {

/// N1 x N2 x N3 copies of a crystal. The supercell atom of cell (i1, i2, i3) and unit-cell atom s has index
///   ((i1 N2 + i2) N3 + i3) n_atoms_cell + s   (i1 slowest, s fastest),
/// at position i1 a1 + i2 a2 + i3 a3 + tau_s, never wrapped. All ensemble arrays have this order.
class Supercell {
 public:
  /// @throws InputError for a division below 1.
  Supercell(Crystal unit_cell, const Eigen::Vector3i& divisions);

  const Crystal& unit_cell() const { return unit_cell_; }
  const Eigen::Vector3i& divisions() const { return divisions_; }
  int n_cells() const { return divisions_.prod(); }
  int n_atoms() const { return n_cells() * unit_cell_.n_atoms(); }
  double volume() const { return n_cells() * unit_cell_.volume(); }  ///< angstrom^3

  int atom_index(int cell, int site) const { return cell * unit_cell_.n_atoms() + site; }
  int cell_of(int atom) const { return atom / unit_cell_.n_atoms(); }
  int site_of(int atom) const { return atom % unit_cell_.n_atoms(); }
  /// Index of the cell at integer coordinates, any integers.
  int cell_index(const Eigen::Vector3i& lattice_vector) const;
  /// Integer coordinates of a cell, 0 <= i_k < N_k.
  Eigen::Vector3i lattice_vector(int cell) const;

  /// The supercell as a crystal of its own, atoms in the order above.
  Crystal crystal() const;

 private:
  Crystal unit_cell_;
  Eigen::Vector3i divisions_;
};

}  // namespace zeropoint
