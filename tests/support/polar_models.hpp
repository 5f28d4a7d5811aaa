#pragma once

#include <vector>

#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::test {

struct PolarModel {
  const char* name;
  phonons::DynamicalMatrices matrices;
};

/// Stable random matrices (see model_matrices) with charges of the crystal's symmetry: cubic, hexagonal, triclinic, each on a
/// 2 x 2 x 2 and a 3 x 2 x 1 grid.
std::vector<PolarModel> polar_models();

/// Points off these grids, crystal coordinates.
const std::vector<Eigen::Vector3d>& points_off_grids();

}  // namespace zeropoint::test
