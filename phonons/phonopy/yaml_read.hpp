#pragma once

#include <optional>
#include <string>

#include "phonons/displacement_fit.hpp"
#include "phonons/phonopy/cells.hpp"
#include "phonons/phonopy/units.hpp"

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

}  // namespace zeropoint::phonons
