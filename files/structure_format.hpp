#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/crystal.hpp"
#include "files/file_content.hpp"

namespace zeropoint {

/// A crystal with where it stood, for complaints: "a.extxyz, frame 3".
struct FoundStructure {
  Crystal crystal;
  std::string source;
};

/// One way in which crystals are stored, without regard to labels. A new one is a source beside this header that
/// exports such a struct, and a line in structure_file.cpp.
struct StructureFormat {
  std::string description;  ///< for people: "POSCAR"
  /// Whether a file is of this format, by its content. The table is asked from its beginning.
  std::function<bool(const FileContent&)> recognises;
  /// All structures of the file, unjudged. @throws InputError, naming file and line or frame.
  std::function<std::vector<FoundStructure>(const FileContent&)> read;
  /// The end of the names of such files, ".cif", and the text of one: `comment` is one line for people, `displacements`
  /// (none or [n_atoms] Cartesian, angstrom^2) are <u_i u_j>. Empty for what is only read.
  std::string ending = {};
  std::function<std::string(const Crystal&, const std::string& comment, const std::vector<Eigen::Matrix3d>&)> text = {};
};

/// A crystal with the standard masses of its elements.
Crystal with_standard_masses(const Eigen::Matrix3d& cell, const Vectors& positions, std::vector<std::string> species);

/// Line ends become blanks, double quotes single ones.
std::string on_one_line(std::string text);

/// With 12 decimals, zero without a sign.
std::string twelve_decimals(double value);

}  // namespace zeropoint
