#pragma once

#include <Eigen/Core>
#include <complex>
#include <optional>
#include <string>
#include <vector>

#include "core/supercell.hpp"
#include "phonons/q_grid.hpp"

namespace zeropoint::phonons {

/// Response to an electric field, carried along from the files.
struct Polar {
  Eigen::Matrix3d dielectric;                 ///< electronic dielectric tensor
  std::vector<Eigen::Matrix3d> born_charges;  ///< [n_atoms], |e|; row = field, column = displacement
};

/// Force constants in Bloch form on the q grid of a supercell, not mass-scaled:
///   D_{ss'}(q) = sum_R exp(-2 pi i q.R) Phi_{Rs,0s'}   (phases of lattice vectors only, as in Quantum ESPRESSO),
/// Hermitian, with D(-q) = D(q)^*; real where q = -q + G.
struct DynamicalMatrices {
  Crystal crystal;  ///< unit cell with the centroids
  QGrid grid;
  std::vector<Eigen::MatrixXcd> blocks;  ///< [n_q] (3 n_atoms, 3 n_atoms), eV/angstrom^2
  std::optional<Polar> polar;
  double alat = 0;  ///< angstrom, unit of length of the file they came from; 0: |a1|
  std::string title;

  int n_modes() const { return 3 * crystal.n_atoms(); }  ///< per q
  Supercell supercell() const { return {crystal, grid.divisions()}; }
};

/// Real-space force constants between cell R (rows) and cell 0 (columns), [n_cells] (3n, 3n), eV/angstrom^2, cells in
/// the order of Supercell. The inverse of to_bloch.
/// @throws InputError when the result is not real to 1e-6 of its largest element.
std::vector<Eigen::MatrixXd> to_real_space(const DynamicalMatrices& matrices);

/// D(q) at the points of `grid` from the force constants of to_real_space.
std::vector<Eigen::MatrixXcd> to_bloch(const std::vector<Eigen::MatrixXd>& force_constants, const QGrid& grid);

/// Frobenius norm over all q of the grid, eV/angstrom^2.
double norm(const std::vector<Eigen::MatrixXcd>& blocks);

/// @throws InternalError for a wrong number of matrices, InputError for numbers that are not finite; `path` is not
/// written.
void refuse_unwritable(const DynamicalMatrices& matrices, const std::string& path);

}  // namespace zeropoint::phonons
