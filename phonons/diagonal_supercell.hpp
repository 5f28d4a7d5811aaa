#pragma once

#include <Eigen/Core>

namespace zeropoint::phonons {

/// A superlattice as multiples of the three vectors of one primitive basis.
struct DiagonalSupercell {
  Eigen::Matrix3i basis;      ///< rows: the new primitive vectors in terms of the old ones, determinant 1
  Eigen::Vector3i divisions;  ///< the superlattice is spanned by divisions[i] basis.row(i)
};

/// Every superlattice is diagonal in some primitive basis (Smith normal form); the basis with short vectors is looked
/// for, and the given one kept where it will do. `supercell`: rows are its vectors in terms of those of the primitive
/// `cell` (rows).
/// @throws InputError for a determinant of 0.
DiagonalSupercell diagonal_supercell(const Eigen::Matrix3i& supercell, const Eigen::Matrix3d& cell);

}  // namespace zeropoint::phonons
