#pragma once

#include <Eigen/Core>
#include <array>

#include "phonons/spectrum.hpp"

namespace zeropoint::phonons {

/// Density of states of one unit cell. Frequencies in sqrt(eV/amu)/angstrom, imaginary ones negative.
struct DensityOfStates {
  Eigen::VectorXd frequencies;  ///< [n] at equal distances, ascending
  Eigen::VectorXd total;        ///< [n] states per unit of frequency
  Eigen::VectorXd cumulative;   ///< [n] states below each frequency, exact for the tetrahedra: 3 n_atoms at the end
  Eigen::MatrixXd projected;    ///< [n, n_atoms] share of each atom; the row sum is `total`
};

/// Density at `n` frequencies from `lowest` to `highest` by linear interpolation in tetrahedra, six a mesh cell around
/// its shortest diagonal. Branches are joined in order of frequency. Blochl, Jepsen, Andersen, PRB 49, 16223 (1994);
/// weights of the corners as MacDonald, Vosko, Coleridge, J. Phys. C 12, 2991 (1979).
/// @throws InputError for n < 2 or an empty range.
DensityOfStates density_of_states(const MeshModes& mesh, double lowest, double highest, int n);

/// The same by Gaussians of standard deviation `width` (sqrt(eV/amu)/angstrom) on every mode of the mesh instead of
/// tetrahedra: smooth, but off by tens of per cent where `width` is below the distance of levels. @throws InputError
/// also for a width that is not positive.
DensityOfStates smeared_density_of_states(const MeshModes& mesh, double width, double lowest, double highest, int n);

/// Corners as integer steps of the mesh from the corner of a mesh cell.
using TetrahedronCorners = std::array<Eigen::Vector3i, 4>;

/// The six tetrahedra of a mesh cell that share one of its diagonals, whose steps along the axes have these `signs`
/// (the first positive); or the shortest one.
std::array<TetrahedronCorners, 6> tetrahedra_of_cell(const Eigen::Vector3i& signs);
std::array<TetrahedronCorners, 6> tetrahedra_of_cell(const Crystal& crystal, const Eigen::Vector3i& divisions);

/// One tetrahedron with values `e` at its corners, ascending, as a share of 1.
struct Tetrahedron {
  double density, states;         ///< dn/dE and n at E
  std::array<double, 4> weights;  ///< of the corners on the surface of energy E, sum 1
};
Tetrahedron tetrahedron(const std::array<double, 4>& e, double energy);

}  // namespace zeropoint::phonons
