#include "tools/commands/structure_input.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "core/hidden_symmetry.hpp"
#include "files/structure_file.hpp"
#include "phonons/matrix_file.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/matrix_set.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

}  // namespace

void declare(Schema& schema, StructureSettings& settings) {
  Section& section = schema.section("structure", "where it begins");
  section
      .key("path", &settings.path,
           "POSCAR, extxyz, output of pw.x or VASP, dyn files (prefix), phonopy's files, or a finished run")
      .required("\"POSCAR\"")
      .paths();
  section.quantity("masses", &settings.masses, "amu", "isotopes: { H = \"2.014 amu\", \"site 3\" = \"6.015 amu\" }")
      .above(0);
}

Crystal read_crystal(const std::string& path, const UnitSet& units) {
  if (phonons::matrix_format_of(path)) return phonons::read_matrix_file(path, units).matrices.crystal;
  if (fs::is_directory(path)) {
    if (const fs::path structure = fs::path{path} / "structure.extxyz"; fs::exists(structure))
      return read_structure(structure.string());
    return read_matrix_set(path, SymmetryOptions{}.tolerance, units).matrices.crystal;
  }
  if (fs::path{path}.extension() == ".h5")
    return read_matrix_set(path, SymmetryOptions{}.tolerance, units).matrices.crystal;
  return read_structure(path);
}

Crystal read_crystal(const StructureSettings& settings, const UnitSet& units) {
  Crystal crystal = read_crystal(settings.path, units);
  set_masses(crystal, settings.masses, "structure.masses");
  return crystal;
}

void describe(const Crystal& crystal, const SpaceGroup& group, Console& console) {
  const Eigen::Vector3d lengths = crystal.cell.rowwise().norm();
  console.field("crystal", "{}, {} atoms, {:.4f} x {:.4f} x {:.4f} angstrom, {:.3f} angstrom^3", crystal.formula(),
                crystal.n_atoms(), lengths[0], lengths[1], lengths[2], crystal.volume());
  describe(group, console);
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
