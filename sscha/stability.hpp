#pragma once

#include "core/crystal.hpp"
#include "sscha/hessian.hpp"

namespace zeropoint::sscha {

/// The lowest non-acoustic mode of a Hessian and what it says.
struct Stability {
  int iq = 0, mode = 0;
  double square = 0, square_error = 0;  ///< omega^2, eV/amu/angstrom^2
  double probability_unstable = 0;      ///< that omega^2 < 0, for a normal error; 0 or 1 without errors
  bool unstable() const { return square < 0; }
};
Stability lowest_mode(const Hessian& hessian);

/// What a Hessian says about the crystal.
enum class HessianVerdict {
  stable,
  unstable,    ///< the free energy falls along a mode: a result
  no_minimum,  ///< A has a negative eigenvalue: the auxiliary matrices are at no minimum of the free energy
  not_solved,  ///< the iteration did not end: a residual above 10 x `tolerance` (and above 1e-6), or none at all
};
HessianVerdict judge(const Hessian& hessian, const Stability& lowest, double tolerance);

/// The supercell with its atoms moved along the lowest mode, the farthest by `amplitude` angstrom; the phase of a
/// complex mode is that in which its largest component is real in cell 0.
Crystal displaced_along(const Hessian& hessian, const Stability& lowest, double amplitude);

}  // namespace zeropoint::sscha
