#pragma once

#include <string>

#include "phonons/phonopy/files.hpp"

namespace zeropoint::phonons {

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
DynamicalMatrices fit_force_constants(const PhonopyCells& cells, const DisplacedForces& data, const std::string& source,
                                      FitQuality& quality);

}  // namespace zeropoint::phonons
