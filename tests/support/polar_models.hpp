#pragma once

#include <vector>

#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::test {

struct PolarModel {
  const char* name;
  phonons::DynamicalMatrices matrices;
};

/// Stable random matrices (see model_matrices) with charges of the crystal's symmetry: cubic, hexagonal, triclinic,
/// each on a 2 x 2 x 2 and a 3 x 2 x 1 grid.
std::vector<PolarModel> polar_models();

/// Points off these grids, crystal coordinates from -1/2 to 1/2: phonopy's sum over G stands around 0 and loses 1e-2
/// cm^-1 outside.
const std::vector<Eigen::Vector3d>& points_off_grids();

}  // namespace zeropoint::test
