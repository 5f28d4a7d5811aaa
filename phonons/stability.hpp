#pragma once

#include <Eigen/Core>
#include <vector>

#include "phonons/dynamical_matrices.hpp"
#include "phonons/thermodynamics.hpp"

namespace zeropoint::phonons {

/// Frequencies of the uniform translations before any sum rule, sqrt(eV/amu)/angstrom, negative: imaginary. Linear
/// response leaves those of 2 or 3 cm^-1.
Eigen::Vector3d translation_frequencies(const DynamicalMatrices& matrices);

/// No imaginary mode at the points of the grid, translations aside.
bool stable_on_grid(const DynamicalMatrices& matrices);

/// Whether it is the interpolation that makes modes imaginary: the lowest of a mesh lies near Gamma, between the points
/// of the grid of `matrices`, and these are stable. The supercell is too small then or, in sheets and wires, rotations
/// are not imposed.
bool imaginary_between_grid_points(const ImaginaryModes& imaginary, const DynamicalMatrices& matrices);

/// How many of `frequencies` [n_q][3n] lie below -`rounding`, which is of the same unit and leaves out the
/// translations.
int n_imaginary(const std::vector<std::vector<double>>& frequencies, double rounding);

}  // namespace zeropoint::phonons
