#pragma once

#include "core/space_group.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "phonons/interpolation.hpp"

namespace zeropoint::phonons {

/// Interpolated matrices on a grid, as programs that read them want them.
struct SymmetricGrid {
  DynamicalMatrices matrices;  ///< points in whole stars of the operations that keep the grid
  int n_operations = 0;        ///< of these
  double asymmetry = 0;        ///< what averaging over them has changed, of the norm of the matrices
};

/// Interpolates to `divisions` and averages over the operations of `group` that keep the grid. D(0) stays as it is
/// interpolated where `rule` is none: the symmetriser would impose the sum rule.
/// @throws InputError for a division below 1.
SymmetricGrid symmetric_on_grid(const Interpolation& interpolation, const Eigen::Vector3i& divisions,
                                const SpaceGroup& group, SumRule rule);

}  // namespace zeropoint::phonons
