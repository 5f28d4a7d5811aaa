#pragma once

#include "files/structure_format.hpp"

namespace zeropoint {

/// POSCAR and CONTCAR of VASP 5.
StructureFormat poscar_format();

/// A POSCAR: `comment` in its first line, atoms sorted by element (first appearance first), Cartesian, all digits.
std::string poscar_text(const Crystal& crystal, const std::string& comment);

}  // namespace zeropoint
