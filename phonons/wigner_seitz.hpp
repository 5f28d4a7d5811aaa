#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/supercell.hpp"

namespace zeropoint::phonons {

/// The same lattice with the shortest cell vectors (Minkowski), rows; the transformation is unimodular.
Eigen::Matrix3d reduced_cell(Eigen::Matrix3d cell);

/// The lattice vectors of one pair of atoms, equal modulo the supercell, that put the atoms closest to each other.
struct NearestImages {
  std::vector<Eigen::Vector3i> lattice_vectors;  ///< crystal coordinates of the unit cell; each counts 1/size
  double next = 0;                               ///< angstrom, by how much the first image that is left out is longer
};

/// Finds NearestImages in the Wigner-Seitz cell of the supercell, whatever the shape of its cell vectors.
class WignerSeitz {
 public:
  /// Lengths within `tie` angstrom of the shortest are equal.
  WignerSeitz(Supercell supercell, double tie);

  /// Images of |R + tau_s - tau_t| with R = lattice vector `cell` of the supercell, modulo the supercell.
  NearestImages operator()(int cell, int s, int t) const;

 private:
  Supercell supercell_;
  double tie_;
  Eigen::Matrix3d reduced_, to_reduced_;
  Eigen::Matrix<int, Eigen::Dynamic, 3>
      around_;  // small vectors of the reduced lattice, crystal coordinates of the unit cell
  Vectors around_cartesian_;
};

}  // namespace zeropoint::phonons
