#pragma once

#include <vector>

#include "core/crystal.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::test {

/// Two atoms in the primitive fcc cell, Fd-3m (48 operations, half of them with a fractional translation).
Crystal diamond_crystal();
/// P6_3mc, four atoms of two species (12 operations).
Crystal wurtzite_crystal();
/// Cmc2_1 in its primitive cell, four atoms of two species (4 operations: mirror, glide, screw).
Crystal cmc21_crystal();
/// P2_1/c, eight atoms of two species at general positions (4 operations).
Crystal p21c_crystal();
/// One atom in a general cell (inversion only): the smallest crystal with complex q.
Crystal triclinic_lattice();

/// The same crystals described in another way. What is computed from them must follow.
Eigen::Matrix3d some_rotation();
Crystal rotated(Crystal crystal, const Eigen::Matrix3d& rotation);
Crystal with_origin_moved(Crystal crystal, const Eigen::Vector3d& shift);
Crystal reordered(const Crystal& crystal, const std::vector<int>& order);
/// Rows of `unimodular` (determinant 1) give the new cell vectors in terms of the old ones; no atom moves.
Crystal with_other_cell(Crystal crystal, const Eigen::Matrix3i& unimodular);
/// Atom s is represented by its image in the cell shifts[s].
Crystal with_other_images(Crystal crystal, const std::vector<Eigen::Vector3i>& shifts);

phonons::DynamicalMatrices rotated(phonons::DynamicalMatrices matrices, const Eigen::Matrix3d& rotation);
phonons::DynamicalMatrices with_origin_moved(phonons::DynamicalMatrices matrices, const Eigen::Vector3d& shift);
phonons::DynamicalMatrices reordered(const phonons::DynamicalMatrices& matrices, const std::vector<int>& order);
/// The grid must be as fine along every axis.
phonons::DynamicalMatrices with_other_cell(phonons::DynamicalMatrices matrices, const Eigen::Matrix3i& unimodular);
phonons::DynamicalMatrices with_other_images(phonons::DynamicalMatrices matrices,
                                             const std::vector<Eigen::Vector3i>& shifts);
/// Every q in another zone, the numbers of a seeded generator.
phonons::DynamicalMatrices in_other_zones(phonons::DynamicalMatrices matrices, unsigned seed);

/// Largest absolute difference of any element.
double difference(const std::vector<Eigen::MatrixXcd>& a, const std::vector<Eigen::MatrixXcd>& b);

}  // namespace zeropoint::test
