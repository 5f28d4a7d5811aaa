#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/space_group.hpp"

namespace zeropoint::phonons {

/// Where the point group and inversion are not all that the lattice has (as in pyrite), the International Tables allow
/// several settings of one crystal, and the same labels mean points that are not equivalent. Which setting a program
/// finds depends on how the crystal is described. Here the structure itself chooses.
///
/// `conventional`: cell vectors of the standard setting, rows; `primitive`: those of the primitive lattice in terms of
/// them; `transformation`: those of the crystal in terms of them (StandardCell). `points`: places along the path, k.c_i
/// for the conventional vectors c. @returns W (integers), x -> W x for every such point; the identity where there is no
/// choice or no difference.
Eigen::Matrix3d path_setting(const Crystal& crystal, const SpaceGroup& group, const Eigen::Matrix3d& conventional,
                             const Eigen::Matrix3d& primitive, const Eigen::Matrix3d& transformation,
                             const std::vector<Eigen::Vector3d>& points);

}  // namespace zeropoint::phonons
