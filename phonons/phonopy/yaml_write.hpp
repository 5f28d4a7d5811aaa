#pragma once

#include <optional>
#include <string>

#include "core/units.hpp"
#include "phonons/phonopy/cells.hpp"

namespace zeropoint::phonons {

/// All of a calculation in one file, in angstrom and eV: cells, charges and compact force constants.
void write_phonopy_yaml(const std::string& path, const PhonopyCells& cells, const std::optional<Polar>& polar,
                        const PhonopyForceConstants& constants, const UnitSet& units);

}  // namespace zeropoint::phonons
