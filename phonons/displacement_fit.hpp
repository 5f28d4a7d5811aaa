#pragma once

#include <string>
#include <vector>

#include "phonons/phonopy/cells.hpp"

namespace zeropoint::phonons {

/// Displaced supercells with the forces on their atoms.
struct DisplacedForces {
  std::vector<Vectors> displacements;  ///< [n_configurations][n_supercell, 3] angstrom
  std::vector<Vectors> forces;         ///< eV/angstrom
};

/// Forces of displaced supercells as a file holds them, before they are fitted.
struct DisplacedSupercells {
  PhonopyCells cells;
  DisplacedForces data;
  std::string source;  ///< the file
};

/// What a fit says about itself.
struct FitQuality {
  double residual = 0;   ///< |F + Phi u| over |F|, all configurations
  int n_operations = 0;  ///< of the space group that keep the supercell: the constants have this symmetry
  int n_group = 0;       ///< of the crystal
};

/// Harmonic force constants by least squares over all forces of displaced supercells,
///   min sum |F + Phi u|^2  over Phi with the space group, Phi_ij = Phi_ji^T and the acoustic sum rule,
/// whether one atom is displaced at a time or all are. Conjugate gradients in Bloch space, each step projected.
/// @throws InputError when the displacements do not determine the constants: the fit does not find constants that it
/// should.
DynamicalMatrices fit_force_constants(const DisplacedSupercells& displaced, FitQuality& quality);

}  // namespace zeropoint::phonons
