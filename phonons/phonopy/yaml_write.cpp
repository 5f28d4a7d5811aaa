#include "phonons/phonopy/yaml_write.hpp"

#include <fmt/format.h>

#include <iterator>

#include "core/atomic_file.hpp"
#include "phonons/phonopy/units.hpp"

namespace zeropoint::phonons {
namespace {

void put_row(std::string& text, const char* indent, const Eigen::RowVector3d& row) {
  fmt::format_to(std::back_inserter(text), "{}- [ {:21.15f}, {:21.15f}, {:21.15f} ]\n", indent, row[0], row[1], row[2]);
}

void put_rows(std::string& text, const char* indent, const Eigen::Matrix3d& rows) {
  for (int i = 0; i < 3; ++i) put_row(text, indent, rows.row(i));
}

void put_cell(std::string& text, const char* name, const Crystal& crystal) {
  fmt::format_to(std::back_inserter(text), "{}:\n  lattice:\n", name);
  put_rows(text, "  ", crystal.cell);
  text += "  points:\n";
  const Vectors fractional = crystal.fractional();
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    fmt::format_to(std::back_inserter(text),
                   "  - symbol: {} # {}\n    coordinates: [ {:.15f}, {:.15f}, {:.15f} ]\n    mass: {:.9f}\n",
                   crystal.species[s], s + 1, fractional(s, 0), fractional(s, 1), fractional(s, 2), crystal.masses[s]);
  }
  text += '\n';
}

}  // namespace

void write_phonopy_yaml(const std::string& path, const PhonopyCells& cells, const std::optional<Polar>& polar,
                        const PhonopyForceConstants& constants, const UnitSet& units) {
  const PhonopyUnits own;
  const std::size_t n_atoms = cells.site.size();
  std::string text =
      "# written by Zeropoint\nphysical_unit:\n  atomic_mass: \"AMU\"\n  length: \"angstrom\"\n  force_constants: "
      "\"eV/angstrom^2\"\n\n";
  text += "primitive_matrix:\n";
  put_rows(text, "", cells.primitive_matrix);
  text += "\nsupercell_matrix:\n";
  for (int i = 0; i < 3; ++i) {
    text += fmt::format("- [ {:3d}, {:3d}, {:3d} ]\n", cells.supercell_matrix(i, 0), cells.supercell_matrix(i, 1),
                        cells.supercell_matrix(i, 2));
  }
  text += '\n';
  put_cell(text, "unit_cell", cells.unit);
  put_cell(text, "supercell", cells.supercell);
  if (polar) {
    text += "nac:\n  born_effective_charge:\n";
    for (std::size_t p = 0; p < polar->born_charges.size(); ++p) {
      text += fmt::format("  - # {}\n", p + 1);
      put_rows(text, "    ", polar->born_charges[p]);
    }
    text += "  dielectric_constant:\n";
    put_rows(text, "    ", polar->dielectric);
    text += fmt::format("  unit_conversion_factor: {:.12f}\n\n", own.dipole_factor(units));
  }
  text += fmt::format("force_constants:\n  format: \"{}\"\n  shape: [ {}, {} ]\n  elements:\n",
                      constants.rows.size() == n_atoms ? "full" : "compact", constants.rows.size(), n_atoms);
  for (std::size_t k = 0; k < constants.elements.size(); ++k) {
    text += fmt::format("  - # ({}, {})\n", k / n_atoms + 1, k % n_atoms + 1);
    put_rows(text, "    ", constants.elements[k]);
  }
  write_file(path, text);
}

}  // namespace zeropoint::phonons
