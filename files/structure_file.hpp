#pragma once

#include <string>
#include <vector>

#include "files/structure_format.hpp"

namespace zeropoint {

/// Every format of crystals without labels.
const std::vector<StructureFormat>& structure_formats();

/// Writes a structure file in the format of the end of its name, .cif (files/cif_file.hpp) or .extxyz
/// (files/extxyz_structures.hpp).
///
/// Numbers have 12 decimals. `comment` is one line for people, such as "average structure at 300 K, space group Pm-3m".
/// `displacements`, when there are any, are <u_i u_j> of every atom, [n_atoms] Cartesian, angstrom^2.
/// @throws InputError for another ending or a wrong number of displacements; IoError.
void write_structure(const Crystal& crystal, const std::string& path, const std::string& comment,
                     const std::vector<Eigen::Matrix3d>& displacements = {});

/// The structures in a file without regard to labels, known by content: extended XYZ (all frames; columns `masses` are
/// taken), POSCAR and CONTCAR of VASP 5, and all that read_labelled_structures knows. Other masses are standard ones.
/// @throws InputError, naming file and line or frame: another format, damaged, or no crystal (see check); IoError.
std::vector<Crystal> read_structures(const std::string& path);
/// The only structure of a file. @throws InputError as above, or when there are several.
Crystal read_structure(const std::string& path);

}  // namespace zeropoint
