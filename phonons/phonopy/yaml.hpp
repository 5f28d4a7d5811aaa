#pragma once

#include <optional>
#include <string>

#include "phonons/phonopy/files.hpp"

namespace zeropoint::phonons {

/// What a phonopy.yaml, phonopy_disp.yaml or phonopy_params.yaml holds.
struct PhonopyYaml {
  PhonopyCells cells;
  PhonopyUnits units;          ///< of this file and those beside it
  std::optional<Polar> polar;  ///< of the primitive atoms
  std::optional<PhonopyForceConstants> force_constants;
  std::optional<DisplacedForces> forces;
};

/// Units by the block physical_unit, else by the calculator. Atoms of the supercell by its block where there is one.
/// @throws IoError, InputError with file and line: no YAML, missing blocks, wrong counts, NaN, unknown units, a
/// primitive_matrix that does not fit.
PhonopyYaml read_phonopy_yaml(const std::string& path, const UnitSet& units);

/// All of a calculation in one file, in angstrom and eV: cells, charges and compact force constants.
void write_phonopy_yaml(const std::string& path, const PhonopyCells& cells, const std::optional<Polar>& polar,
                        const PhonopyForceConstants& constants, const UnitSet& units);

}  // namespace zeropoint::phonons
