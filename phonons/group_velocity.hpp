#pragma once

#include <Eigen/Core>
#include <vector>

#include "phonons/interpolation.hpp"

namespace zeropoint::phonons {

/// d omega/dk of every mode at q (crystal coordinates), [3n, 3] Cartesian, sqrt(eV/amu), in the order of the
/// frequencies that Interpolation gives with the same q and direction; k = 2 pi (q in Cartesian coordinates).
///
/// v = e^+ (dD/dk) e/(2 |omega|) with D mass-scaled. Inside a degenerate set the modes are those that the derivative
/// along `direction` (Cartesian, not zero) does not mix, in the order of that derivative: the branches as they leave q
/// that way. The three acoustic modes at Gamma have a slope along the direction alone: that of omega near Gamma, times
/// the direction.
/// @throws InputError for the zero direction.
Eigen::MatrixX3d group_velocities(const Interpolation& interpolation, const Eigen::Vector3d& q,
                                  const Eigen::Vector3d& direction);

/// The same at many points, [n_q] of [3n, 3].
std::vector<Eigen::MatrixX3d> group_velocities(const Interpolation& interpolation,
                                               const std::vector<Eigen::Vector3d>& points,
                                               const std::vector<Eigen::Vector3d>& directions);

}  // namespace zeropoint::phonons
