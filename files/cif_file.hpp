#pragma once

#include "files/structure_format.hpp"

namespace zeropoint {

/// CIF, which is written, not read: lengths, angles and all atoms in P1, whatever their symmetry; labels Pb1, I1, I2,
/// ...; occupancy 1. It holds the metric of the cell, not its orientation. Displacements become U_ij on the axes a_i
/// a*_i (a* without 2 pi) and U_eq, a third of the trace.
StructureFormat cif_format();

}  // namespace zeropoint
