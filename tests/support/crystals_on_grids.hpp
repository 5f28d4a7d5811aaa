#pragma once

#include <vector>

#include "core/crystal.hpp"

namespace zeropoint::test {

struct CrystalOnGrid {
  const char* name;
  Crystal crystal;
  Eigen::Vector3i divisions;
};

/// Small supercells that differ in what matters: isotopes and complex q without symmetry, glides with real q alone, and
/// a hexagonal crystal with both kinds of q.
std::vector<CrystalOnGrid> crystals_on_grids();

}  // namespace zeropoint::test
