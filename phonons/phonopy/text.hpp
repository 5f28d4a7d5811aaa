#pragma once

#include <string>

#include "phonons/displacement_fit.hpp"
#include "phonons/phonopy/cells.hpp"
#include "phonons/phonopy/units.hpp"

namespace zeropoint::phonons {

/// FORCE_CONSTANTS, full or compact; rows are numbered by the atoms of the supercell. `unit`: eV/angstrom^2 of a
/// number.
/// @throws IoError, InputError with file and line: truncated, NaN, pairs in another order, another number of atoms.
PhonopyForceConstants read_force_constants_text(const std::string& path, const PhonopyCells& cells, double unit);
void write_force_constants_text(const std::string& path, const PhonopyForceConstants& constants, double unit);

/// FORCE_SETS, both types. @throws IoError, InputError with file and line.
DisplacedForces read_force_sets(const std::string& path, const PhonopyCells& cells, const PhonopyUnits& units);

}  // namespace zeropoint::phonons
