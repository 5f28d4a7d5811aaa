#pragma once

#include <string>
#include <vector>

#include "core/crystal.hpp"

namespace zeropoint {

/// Writes a structure file in the format of the end of its name.
///
///   .cif     lengths, angles and all atoms in P1, whatever their symmetry; labels Pb1, I1, I2, ...; occupancy 1. CIF
///            holds the metric of the cell, not its orientation.
///   .extxyz  cell vectors and Cartesian positions (angstrom) with masses (amu), not wrapped into the cell.
///
/// Numbers have 12 decimals. `comment` is one line for people, such as "average structure at 300 K, space group Pm-3m".
/// `displacements`, when there are any, are <u_i u_j> of every atom, [n_atoms] Cartesian, angstrom^2. In CIF they
/// become U_ij on the axes a_i a*_i (a* without 2 pi) and U_eq, a third of the trace; in extxyz nine Cartesian columns
/// U.
/// @throws InputError for another ending or a wrong number of displacements; IoError.
void write_structure(const Crystal& crystal, const std::string& path, const std::string& comment,
                     const std::vector<Eigen::Matrix3d>& displacements = {});

/// The structures in a file without regard to labels, known by content: extended XYZ (all frames; columns `masses` are
/// taken), POSCAR and CONTCAR of VASP 5, and all that read_labelled_structures knows. Other masses are standard ones.
/// @throws InputError, naming file and line or frame: another format, damaged, or no crystal (see check); IoError.
std::vector<Crystal> read_structures(const std::string& path);
/// The only structure of a file. @throws InputError as above, or when there are several.
Crystal read_structure(const std::string& path);

/// A POSCAR: `comment` in its first line, atoms sorted by element (first appearance first), Cartesian, all digits.
std::string poscar_text(const Crystal& crystal, const std::string& comment);

}  // namespace zeropoint
