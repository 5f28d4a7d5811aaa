#pragma once

#include <string>

#include "core/crystal.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// BORN: the charges of the symmetry-independent atoms of the primitive cell, completed by its space group.
/// @throws IoError, InputError with file and line: too few or too many lines, charges that the site symmetry forbids.
Polar read_born(const std::string& path, const Crystal& primitive);
/// In |e|, with e^2/(4 pi eps0) = `factor` in the first line. @throws InputError when the charges lack the symmetry of
/// the crystal by more than 0.05 |e|: the file would lose them.
void write_born(const std::string& path, const Crystal& primitive, const Polar& polar, double factor);

}  // namespace zeropoint::phonons
