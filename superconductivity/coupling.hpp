#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "core/space_group.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::superconductivity {

/// One broadening of the electronic delta functions, with what it makes of the Fermi level.
struct Smearing {
  double width = 0;              ///< eV; 0: tetrahedra
  double fermi_energy = 0;       ///< eV
  double density_of_states = 0;  ///< at the Fermi level, states per spin, eV and cell
};

/// Electron-phonon matrices Gamma(q) at one q, in the block layout and with the phase of lattice vectors of the
/// dynamical matrices: linewidth = (pi/2) hbar^2 z^dagger Gamma z of a mode with displacements z = m^-1/2 e. Cartesian,
/// no masses, both spins, 1/angstrom^2 (Ry Ry mass of Quantum ESPRESSO; an energy over hbar^2 for each mass).
struct CouplingPoint {
  Eigen::Vector3d q;                    ///< crystal coordinates
  std::vector<Eigen::MatrixXcd> gamma;  ///< [n_smearings] (3n, 3n), Hermitian
  std::string where;                    ///< "file:line"
};

/// What files of an electron-phonon calculation hold: some points of its grid, whole stars or one point of each.
struct CouplingFiles {
  Crystal crystal;      ///< of that calculation
  double alat;          ///< angstrom
  phonons::QGrid grid;  ///< of its dynamical matrices
  std::string kind;     ///< for people
  std::vector<Smearing> smearings;
  std::vector<CouplingPoint> points;
};

/// Gamma on the whole grid.
struct Coupling {
  Crystal crystal;
  phonons::QGrid grid;
  std::vector<Smearing> smearings;
  std::vector<std::vector<Eigen::MatrixXcd>> gamma;  ///< [n_smearings][n_q], the blocks of one smearing together
  int n_operations = 0;                              ///< with which points were completed
  /// Largest deviation of a point of the files from what symmetry makes of another one, over the largest element.
  double asymmetry = 0;

  /// Gamma of one smearing as matrices, which all that is made for force constants can turn and interpolate.
  phonons::DynamicalMatrices as_matrices(int smearing) const;
};

/// The points of `files` on the grid of `matrices`, found modulo lattice vectors of the reciprocal lattice; those that
/// are missing are filled in by the operations of `group` (of the crystal of `matrices`) and time reversal:
///   Gamma(Sq) = T Gamma(q) T^dagger, T[S(s), s] = S exp(-2 pi i Sq.L_s);   Gamma(-q) = Gamma(q)^*.
/// Atoms that stand in other cells than those of `matrices` are moved.
/// @throws InputError when cell or atoms are others, the grids differ, points lie off the grid or stay unknown.
Coupling complete(const CouplingFiles& files, const phonons::DynamicalMatrices& matrices, const SpaceGroup& group);

}  // namespace zeropoint::superconductivity
