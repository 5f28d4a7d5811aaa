#pragma once

#include <map>
#include <string>

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

/// A structure from whatever holds one: POSCAR, extended XYZ, outputs of pw.x and VASP, dyn files, phonopy's files, or
/// the folder of a finished run. @throws InputError, IoError.
Crystal read_crystal(const std::string& path, const UnitSet& units);
/// The same with the masses asked for. @throws as above, or when a mass names no site.
Crystal read_crystal(const StructureSettings& settings, const UnitSet& units);

/// "crystal" and "space group" lines.
void describe(const Crystal& crystal, const SpaceGroup& group, Console& console);
/// A warning when positions with few decimals hide symmetry that nobody has switched off.
void warn_of_hidden_symmetry(const Crystal& crystal, const SpaceGroup& group, const SymmetryOptions& options,
                             Console& console);

}  // namespace zeropoint
