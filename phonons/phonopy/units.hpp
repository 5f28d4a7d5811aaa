#pragma once

#include <string>

#include "core/units.hpp"

namespace zeropoint::phonons {

/// Units of the numbers in phonopy's files, which depend on the calculator; masses are amu always.
struct PhonopyUnits {
  std::string length_name = "angstrom", force_constants_name = "eV/angstrom^2";
  double length = 1;           ///< angstrom
  double force = 1;            ///< eV/angstrom
  double force_constants = 1;  ///< eV/angstrom^2
  std::string calculator = "";

  /// e^2/(4 pi eps0) in force_constants length^3: what files call the factor of the non-analytical term.
  double dipole_factor(const UnitSet& units) const {
    return 2 * units.rydberg * units.bohr / (force_constants * length * length * length);
  }
};

/// Of a calculator as phonopy names it ("vasp", "qe", ...; empty: vasp). @throws InputError for an unknown one.
PhonopyUnits phonopy_units(const std::string& calculator, const UnitSet& units);

/// Value of "Ry/au^2", "eV/angstrom.au", "angstrom" in eV and angstrom. @throws InputError for an unknown one.
double phonopy_unit(const std::string& name, const UnitSet& units);

}  // namespace zeropoint::phonons
