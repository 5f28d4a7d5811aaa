#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// Frequencies and polarisation vectors of m^-1/2 D(q) m^-1/2 at one q.
struct Modes {
  Eigen::VectorXd frequencies;     ///< [3n] sign(w2) sqrt|w2|, sqrt(eV/amu)/angstrom, ascending
  Eigen::MatrixXcd polarisations;  ///< (3n, 3n) unitary, one mode a column; real where q = -q + G
  std::vector<bool> acoustic;      ///< [3n] the three uniform translations at Gamma, found by projection
};

/// Modes at every q of the grid; at -q they are the complex conjugates of those at q, exactly.
///
/// The three acoustic modes at Gamma are the mass-weighted uniform translations: they are projected out before the
/// others are diagonalised, take frequency 0 up to rounding, and stand first.
std::vector<Modes> diagonalise(const DynamicalMatrices& matrices);

/// m^-1/2 e(q), (3n, 3n): the displacements of each mode, one a column, per unit of its mass-weighted coordinate,
/// amu^-1/2.
Eigen::MatrixXcd displacement_patterns(const Modes& modes, const Crystal& crystal);

/// Matrices with the same polarisation vectors and omega^2 -> |omega^2|: a starting guess where modes are imaginary.
/// The number of modes that were turned (over the whole grid) is added to `n_turned`.
DynamicalMatrices with_absolute_squares(const DynamicalMatrices& matrices, int& n_turned);

/// The same with omega -> max(omega, lowest), sqrt(eV/amu)/angstrom, for all modes but the uniform translations.
DynamicalMatrices with_lowest_frequency(const DynamicalMatrices& matrices, double lowest);

/// All frequencies in cm^-1, [n_q] x [3n].
std::vector<std::vector<double>> frequencies_inverse_cm(const std::vector<Modes>& modes, const UnitSet& units);

/// Harmonic free energy of the supercell, eV: sum of hbar w/2 + kT ln(1 - exp(-hbar w/kT)) over the non-acoustic modes.
/// @throws InputError for a frequency that is not positive (which q, how far).
double harmonic_free_energy(const std::vector<Modes>& modes, double temperature, const UnitSet& units);

/// Harmonic entropy of the supercell, eV/K; 0 at T = 0. @throws as above.
double harmonic_entropy(const std::vector<Modes>& modes, double temperature, const UnitSet& units);

/// Thermal amplitude squared a^2 = hbar (1 + 2n)/(2 w), amu angstrom^2.
double squared_amplitude(double frequency, double temperature, const UnitSet& units);

}  // namespace zeropoint::phonons
