#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/space_group.hpp"
#include "phonons/q_grid.hpp"

namespace zeropoint::phonons {

/// Points of a regular mesh that a space group and q -> -q turn into one another: one of each orbit stands for all.
struct MeshOrbits {
  std::vector<int> orbit;   ///< [n_points] of the mesh point (i1 n2 + i2) n3 + i3 at q = (i1/n1, i2/n2, i3/n3)
  std::vector<int> first;   ///< [n_orbits] the mesh point with the lowest number; Gamma is the first of the first
  std::vector<int> counts;  ///< [n_orbits] points in each

  int size() const { return static_cast<int>(first.size()); }
};

/// Operations that do not map the mesh onto itself count for nothing. @throws InputError for a division below 1.
MeshOrbits orbits(const Eigen::Vector3i& divisions, const SpaceGroup& group);

/// The operations of `group` that map the mesh onto itself.
SpaceGroup keeping_mesh(SpaceGroup group, const Eigen::Vector3i& divisions);

/// The complete grid in stars: each holds all points that `group` and q -> -q turn into one another, q and -q behind
/// one another, as files of Quantum ESPRESSO do. Gamma is the first star. @throws InputError for a division below 1.
QGrid grid_of_stars(const Eigen::Vector3i& divisions, const SpaceGroup& group);

}  // namespace zeropoint::phonons
