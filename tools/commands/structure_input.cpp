#include "tools/commands/structure_input.hpp"

#include "core/error.hpp"
#include "core/hidden_symmetry.hpp"
#include "files/structure_file.hpp"
#include "sscha/matrix_set.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/shared_keys.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
void declare(Schema& schema, StructureSettings& settings) {
  Section& section = schema.section("structure", "where it begins");
  section
      .key("path", &settings.path,
           "POSCAR, extxyz, output of pw.x or VASP, dyn files (prefix), phonopy's files, or a finished run")
      .required("\"POSCAR\"")
      .paths();
  declare_masses(section, settings.masses);
}

Crystal read_crystal(const StructureSettings& settings, const UnitSet& units) {
  Crystal crystal = sscha::read_crystal(settings.path, units);
  set_masses(crystal, settings.masses, "structure.masses");
  return crystal;
}

SymmetricCrystal read_symmetric(const StructureSettings& settings, const SymmetryOptions& symmetry,
                                const UnitSet& units, Console& console) {
  const Crystal read = read_crystal(settings, units);
  SpaceGroup group = find_space_group(read, symmetry);
  Crystal crystal = symmetrized(read, group);
  describe(crystal, group, console);
  warn_of_hidden_symmetry(read, group, symmetry, console);
  return {std::move(crystal), std::move(group)};
}

void describe(const Crystal& crystal, const SpaceGroup& group, Console& console) {
  describe_crystal(crystal, console);
  describe(group, console);
}

void write_structures(const Crystal& crystal, const std::string& path, const std::string& comment,
                      const std::vector<Eigen::Matrix3d>& displacements) {
  for (const char* ending : {".cif", ".extxyz"}) write_structure(crystal, path + ending, comment, displacements);
}

void warn_of_hidden_symmetry(const Crystal& crystal, const SpaceGroup& group, const SymmetryOptions& options,
                             Console& console) {
  if (!options.enabled || !options.space_group.empty() || !options.operations_file.empty()) return;
  if (const std::optional<SpaceGroup> more = hidden_symmetry(crystal, group)) {
    console.warn(
        "within {:g} angstrom the space group is {} ({}), {} operations: write symmetry.tolerance = \"{:g} angstrom\" "
        "to have it imposed",
        more->tolerance, more->symbol, more->number, more->operations.size(), more->tolerance);
  }
}

}  // namespace zeropoint
