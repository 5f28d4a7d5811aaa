#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/run_file.hpp"
#include "core/space_group.hpp"
#include "core/units.hpp"

namespace zeropoint {

class Console;

/// [structure]: the crystal at which a run begins.
struct StructureSettings {
  std::string path;
  std::map<std::string, double> masses;
};
void declare(Schema& schema, StructureSettings& settings);

/// sscha::read_crystal() with the masses asked for. @throws as that, or when a mass names no site.
Crystal read_crystal(const StructureSettings& settings, const UnitSet& units);

/// A crystal with exactly the symmetry of its group.
struct SymmetricCrystal {
  Crystal crystal;
  SpaceGroup group;
};
/// What read_crystal() reads, with the symmetry that it has within the tolerance of [symmetry]; says what it is.
/// @throws as read_crystal() and find_space_group().
SymmetricCrystal read_symmetric(const StructureSettings& settings, const SymmetryOptions& symmetry,
                                const UnitSet& units, Console& console);

/// "crystal" and "space group" lines.
void describe(const Crystal& crystal, const SpaceGroup& group, Console& console);
/// `path`.cif and `path`.extxyz, with U_ij (angstrom^2) of each atom where there are any. @throws IoError.
void write_structures(const Crystal& crystal, const std::string& path, const std::string& comment,
                      const std::vector<Eigen::Matrix3d>& displacements = {});
/// A warning when positions with few decimals hide symmetry that nobody has switched off.
void warn_of_hidden_symmetry(const Crystal& crystal, const SpaceGroup& group, const SymmetryOptions& options,
                             Console& console);

}  // namespace zeropoint
