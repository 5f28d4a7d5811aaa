#pragma once

#include <string>
#include <vector>

#include "core/supercell.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// Matrices of force constants of a file: `constants` [n_cells] (3n, 3n) between cell R (rows) and cell 0 (columns),
/// eV/angstrom^2, cells in the order of `supercell`. Made symmetric, Phi(R) = Phi(-R)^T; q points in stars.
/// @throws InputError when they are not symmetric to 5 % of their largest element, which pair is worst: `source` names
/// the file.
DynamicalMatrices bloch_matrices(const Supercell& supercell, const std::vector<Eigen::MatrixXd>& constants,
                                 const std::string& source);

/// Largest |Phi_ij(R) - Phi_ji(-R)| over the largest element.
double asymmetry(const Supercell& supercell, const std::vector<Eigen::MatrixXd>& constants);

}  // namespace zeropoint::phonons
