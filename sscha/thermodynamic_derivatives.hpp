#pragma once

#include <vector>

#include "core/estimate.hpp"

namespace zeropoint::sscha {

/// A crystal in equilibrium at one temperature of a ladder, all under one pressure.
struct ThermalPoint {
  double temperature = 0;  ///< K
  Estimate volume;         ///< angstrom^3
  Estimate entropy;        ///< any unit, kB for one
};

/// Errors are those of independent points; points that share random numbers have smaller ones.
struct ThermalDerivatives {
  Estimate heat_capacity;      ///< T dS/dT under the pressure, in the unit of the entropy
  Estimate thermal_expansion;  ///< (1/V) dV/dT of the volume, 1/K
};

/// At each of the points, in their order: slopes of the parabola through the three temperatures next to it, exact for
/// what is quadratic in T. Points may stand in any order, no temperature twice. Fewer than three have no derivatives:
/// nothing is returned.
std::vector<ThermalDerivatives> thermal_derivatives(const std::vector<ThermalPoint>& points);

}  // namespace zeropoint::sscha
