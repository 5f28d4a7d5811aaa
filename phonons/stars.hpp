#pragma once

#include "core/crystal.hpp"
#include "phonons/q_grid.hpp"

namespace zeropoint::phonons {

/// The points of a grid sorted into stars, Gamma first: those that the space group of the crystal and time reversal map
/// onto each other, one file of matrices each. Operations that lead out of the grid do not count.
QGrid grid_in_stars(const Crystal& crystal, const Eigen::Vector3i& divisions);

}  // namespace zeropoint::phonons
