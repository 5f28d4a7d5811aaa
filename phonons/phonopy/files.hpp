#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "phonons/phonopy/cells.hpp"
#include "phonons/phonopy/units.hpp"

namespace zeropoint::phonons {

/// Displaced supercells with the forces on their atoms.
struct DisplacedForces {
  std::vector<Vectors> displacements;  ///< [n_configurations][n_supercell, 3] angstrom
  std::vector<Vectors> forces;         ///< eV/angstrom
};

/// FORCE_CONSTANTS, full or compact; rows are numbered by the atoms of the supercell. `unit`: eV/angstrom^2 of a
/// number.
/// @throws IoError, InputError with file and line: truncated, NaN, pairs in another order, another number of atoms.
PhonopyForceConstants read_force_constants_text(const std::string& path, const PhonopyCells& cells, double unit);
void write_force_constants_text(const std::string& path, const PhonopyForceConstants& constants, double unit);

/// force_constants.hdf5, also phono3py's fc2.hdf5. A `physical_unit` in the file counts more than `unit`.
/// @throws as above; rows that p2s_map numbers otherwise than the cells do.
PhonopyForceConstants read_force_constants_hdf5(const std::string& path, const PhonopyCells& cells, double unit,
                                                const UnitSet& units);
/// In eV/angstrom^2, with p2s_map and physical_unit.
void write_force_constants_hdf5(const std::string& path, const PhonopyForceConstants& constants,
                                const PhonopyCells& cells);

/// FORCE_SETS, both types. @throws IoError, InputError with file and line.
DisplacedForces read_force_sets(const std::string& path, const PhonopyCells& cells, const PhonopyUnits& units);

/// BORN: the charges of the symmetry-independent atoms of the primitive cell, completed by its space group.
/// @throws IoError, InputError with file and line: too few or too many lines, charges that the site symmetry forbids.
Polar read_born(const std::string& path, const Crystal& primitive);
/// In |e|, with e^2/(4 pi eps0) = `factor` in the first line. @throws InputError when the charges lack the symmetry of
/// the crystal by more than 0.05 |e|: the file would lose them.
void write_born(const std::string& path, const Crystal& primitive, const Polar& polar, double factor);

}  // namespace zeropoint::phonons
