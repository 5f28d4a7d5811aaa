#pragma once

#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// How far force constants are from those of a crystal whose energy does not change when it is turned or, without
/// stress, sheared. v is the vector from atom t in cell 0 to atom s in cell R, at the nearest images in equal parts:
///   rotations: largest |sum_{Rs} Phi_{Rs j, 0t i} v_k - Phi_{Rs k, 0t i} v_j|, eV/angstrom; zero where no atom feels a
///   force; stress: largest |H_{ij,kl} - H_{kl,ij}|, H_{ij,kl} = sum_{t,Rs} Phi_{Rs i, 0t j} v_k v_l, eV; zero at zero
///   stress only.
/// Born, Huang, Dynamical Theory of Crystal Lattices (1954); Lin, Ponce, Marzari, npj Comput. Mater. 8, 236 (2022).
struct RotationResiduals {
  double rotations, stress;
};

/// `tie`: angstrom, images at lengths within this are equally near.
RotationResiduals rotation_residuals(const DynamicalMatrices& matrices, double tie = 1e-5);

/// The smallest change of the force constants, as a sum of squares, after which they leave uniform translations and
/// rotations alone and, with `stress_free`, obey Huang's conditions of zero stress, too. Index symmetry stays; the
/// space group stays.
/// @throws InputError for polar matrices: their dipole forces reach beyond any supercell.
void impose_rotations(DynamicalMatrices& matrices, bool stress_free, double tie = 1e-5);

}  // namespace zeropoint::phonons
