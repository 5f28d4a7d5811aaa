#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <string>
#include <vector>

namespace zeropoint {

using Vectors = Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>;  ///< one vector a row

/// A crystal: cell vectors, atoms and their masses. Masses belong to sites, not to species: isotopes are possible.
struct Crystal {
  Eigen::Matrix3d cell;              ///< rows a1, a2, a3, angstrom
  Vectors positions;                 ///< [n_atoms, 3] Cartesian, angstrom, not wrapped into the cell
  std::vector<std::string> species;  ///< [n_atoms] chemical symbols or the labels of the file
  Eigen::VectorXd masses;            ///< [n_atoms] amu

  int n_atoms() const { return static_cast<int>(species.size()); }
  double volume() const { return std::abs(cell.determinant()); }  ///< angstrom^3
  Eigen::Matrix3d reciprocal() const {
    return cell.inverse().transpose();
  }  ///< rows b1, b2, b3 without 2 pi, 1/angstrom
  /// Crystal coordinates of the atoms, [n_atoms, 3].
  Vectors fractional() const { return positions * cell.inverse(); }
  /// Species in order of first appearance.
  std::vector<std::string> species_order() const;
  /// One index into species_order() per atom.
  std::vector<int> species_index() const;
  /// Chemical formula in order of first appearance, such as "CsPbI3".
  std::string formula() const;
};

/// Smallest distance between two atoms, periodic images included, angstrom.
double shortest_distance(const Crystal& crystal);

/// @throws InputError for a flat cell, non-finite numbers, masses <= 0 or two atoms closer than `too_close` angstrom;
/// `source` names the file.
void check(const Crystal& crystal, const std::string& source, double too_close = 0.1);

/// Standard atomic mass (IUPAC 2021, abridged) of a chemical symbol in amu; digits and signs behind the symbol are
/// ignored ("Fe1", "O2-"). @throws InputError for an unknown symbol.
double standard_mass(const std::string& symbol);

/// Chemical symbol of an atomic number, 1 to 118. @throws InputError outside.
const std::string& chemical_symbol(int atomic_number);

}  // namespace zeropoint
