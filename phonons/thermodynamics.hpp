#pragma once

#include "core/units.hpp"
#include "phonons/spectrum.hpp"

namespace zeropoint::phonons {

/// Harmonic thermodynamics of one unit cell at one temperature.
struct Thermodynamics {
  double temperature = 0;      ///< K
  double free_energy = 0;      ///< eV, zero-point motion included
  double internal_energy = 0;  ///< eV
  double entropy = 0;          ///< eV/K
  double heat_capacity = 0;    ///< eV/K, at constant volume
};

/// Modes of a mesh that have no thermodynamics of their own: omega <= 0, the translations at Gamma aside.
struct ImaginaryModes {
  int n_modes = 0;                              ///< over the whole mesh
  double share = 0;                             ///< of all modes
  double lowest = 0;                            ///< sqrt(eV/amu)/angstrom, negative
  Eigen::Vector3d q = Eigen::Vector3d::Zero();  ///< of the lowest
};
ImaginaryModes imaginary_modes(const MeshModes& mesh);

/// Sums over the mesh divided by its number of points; the three translations at Gamma are left out. With x = hbar w/kT
/// and n = 1/(e^x - 1): F = hbar w/2 + kT ln(1 - e^-x), U = hbar w (n + 1/2), S/k = (1+n) ln(1+n) - n ln n,
/// C/k = x^2 n (n+1); at T = 0 their limits.
/// @throws InputError for a negative temperature, and for imaginary modes unless `skip_imaginary` leaves them out.
Thermodynamics thermodynamics(const MeshModes& mesh, double temperature, bool skip_imaginary = false,
                              const UnitSet& units = units::codata2022);

}  // namespace zeropoint::phonons
