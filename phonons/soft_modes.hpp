#pragma once

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// Matrices without imaginary modes, to draw a first population from.
struct StiffenedMatrices {
  DynamicalMatrices matrices;
  int n_turned = 0;     ///< imaginary modes over the whole grid
  int n_stiffened = 0;  ///< of these, the ones whose |omega^2| was still too soft
};

/// Imaginary modes get omega^2 -> max(|omega^2|, omega_f^2); all others stay. At omega_f a mode that all q have in common
/// displaces atoms by `reach` angstrom at `temperature`: a^2(omega_f, T) e^+ M^-1 e = reach^2, a^2 = hbar coth(hbar
/// omega/2kT)/2 omega. @throws InputError unless `reach` is above 0.
StiffenedMatrices stiffened(const DynamicalMatrices& matrices, double temperature, double reach, const UnitSet& units = units::codata2022);

}  // namespace zeropoint::phonons
