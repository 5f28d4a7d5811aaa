#pragma once

#include <string>

#include "core/units.hpp"
#include "phonons/phonopy/cells.hpp"

namespace zeropoint::phonons {

/// force_constants.hdf5, also phono3py's fc2.hdf5. A `physical_unit` in the file counts more than `unit`.
/// @throws as above; rows that p2s_map numbers otherwise than the cells do.
PhonopyForceConstants read_force_constants_hdf5(const std::string& path, const PhonopyCells& cells, double unit,
                                                const UnitSet& units);
/// In eV/angstrom^2, with p2s_map and physical_unit.
void write_force_constants_hdf5(const std::string& path, const PhonopyForceConstants& constants,
                                const PhonopyCells& cells);

}  // namespace zeropoint::phonons
