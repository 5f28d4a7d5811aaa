#pragma once

#include <string>

#include "core/crystal.hpp"

namespace zeropoint {

/// Writes a structure file in the format of the end of its name.
///
///   .cif     lengths, angles and all atoms in P1, whatever their symmetry; labels Pb1, I1, I2, ...; occupancy 1. CIF
///   holds
///            the metric of the cell, not its orientation.
///   .extxyz  cell vectors and Cartesian positions (angstrom) with masses (amu), not wrapped into the cell.
///
/// Numbers have 12 decimals. `comment` is one line for people, such as "average structure at 300 K, space group Pm-3m".
/// @throws InputError for another ending; IoError.
void write_structure(const Crystal& crystal, const std::string& path, const std::string& comment);

/// A POSCAR: `comment` in its first line, atoms sorted by element (first appearance first), Cartesian, all digits.
std::string poscar_text(const Crystal& crystal, const std::string& comment);

}  // namespace zeropoint
