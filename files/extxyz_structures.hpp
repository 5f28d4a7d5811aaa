#pragma once

#include "files/structure_format.hpp"

namespace zeropoint {

/// Extended XYZ without labels: cell vectors and Cartesian positions (angstrom), not wrapped into the cell, all frames.
/// Columns `masses` (amu) are taken, and written; displacements become nine Cartesian columns U.
StructureFormat extxyz_structures_format();

}  // namespace zeropoint
