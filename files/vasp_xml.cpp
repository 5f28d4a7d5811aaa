#include "files/vasp_xml.hpp"

#include <cmath>
#include <iterator>
#include <pugixml.hpp>

#include "core/error.hpp"
#include "core/units.hpp"
#include "files/text_scanner.hpp"
#include "files/xml_text.hpp"

namespace zeropoint {
namespace {

constexpr double energy_agreement = 1e-5;  // eV; both are printed with 8 decimals

/// The child element `tag` with that name attribute.
pugi::xml_node named(const pugi::xml_node& parent, const char* tag, const char* name) {
  return parent.find_child_by_attribute(tag, "name", name);
}

double number_named(const pugi::xml_node& parent, const char* name) {
  const pugi::xml_node node = named(parent, "i", name);
  if (!node)
    throw InputError{"no {} in <{}>: the file is damaged or of a version that is not known", name, parent.name()};
  return xml::numbers(node.child_value(), 1, name)[0];
}

/// A parameter that VASP resolved, from any group of <parameters>; `fallback` when the file does not tell it.
double parameter(const pugi::xml_node& top, const char* name, double fallback) {
  const pugi::xml_node found = top.child("parameters").find_node([&](const pugi::xml_node& node) {
    return std::string_view{node.name()} == "i" && std::string_view{node.attribute("name").value()} == name;
  });
  return found ? xml::numbers(found.child_value(), 1, name)[0] : fallback;
}

Vectors rows_of(const pugi::xml_node& array, const char* what) {
  if (!array) throw InputError{"no {} in the calculation: the run stopped before its end; run it again", what};
  std::vector<double> values;
  for (const pugi::xml_node& row : array.children("v")) {
    const auto numbers =
        xml::numbers(row.child_value(), 3, fmt::format("row {} of the {}", values.size() / 3 + 1, what));
    values.insert(values.end(), numbers.begin(), numbers.end());
  }
  return Eigen::Map<const Vectors>(values.data(), static_cast<Eigen::Index>(values.size() / 3), 3);
}

std::vector<std::string> species_of(const pugi::xml_node& top) {
  std::vector<std::string> species;
  for (const pugi::xml_node& atom : named(top.child("atominfo"), "array", "atoms").child("set").children("rc")) {
    species.emplace_back(trimmed(atom.child_value("c")));
  }
  if (species.empty()) throw InputError{"no <atominfo> with the species of the atoms: the file is damaged"};
  return species;
}

/// The free energy. That of the step and that of its last electronic step are the same, but for a dispersion correction
/// that comes on top.
double free_energy(const pugi::xml_node& top, const pugi::xml_node& calculation, const pugi::xml_node& last_scf_step) {
  const double electronic = number_named(last_scf_step.child("energy"), "e_fr_energy");
  const pugi::xml_node of_step = calculation.child("energy");
  if (!of_step) return electronic;
  const double total = number_named(of_step, "e_fr_energy");
  const bool dispersion = parameter(top, "IVDW", 0) > 0 || named(top.child("incar"), "i", "IVDW");
  if (std::abs(total - electronic) > energy_agreement && !dispersion) {
    throw InputError{
        "the free energy is {} eV after the last electronic step and {} eV at the end, without a dispersion correction "
        "(IVDW): "
        "which one the forces belong to is not known",
        electronic, total};
  }
  return total;
}

void require_one_converged_step(const pugi::xml_node& top) {
  const auto steps = top.children("calculation");
  const auto n_steps = std::distance(steps.begin(), steps.end());
  if (n_steps == 0) throw InputError{"no <calculation> in it: the run stopped before its end; run it again"};
  if (n_steps > 1) {
    throw InputError{
        "{} ionic steps: a relaxation or a trajectory has a label for each of them. Run this structure with NSW = 0",
        n_steps};
  }
  const auto scf = steps.begin()->children("scstep");
  const auto n_scf = std::distance(scf.begin(), scf.end());
  if (n_scf == 0) throw InputError{"no electronic step (<scstep>) in it: forces of a force field, or a damaged file"};
  const double limit = parameter(top, "NELM", 0);
  if (!(limit >= 1)) throw InputError{"NELM is not told in <parameters>: whether the run converged cannot be known"};
  if (static_cast<double>(n_scf) >= limit) {
    throw InputError{
        "{} electronic steps, as many as NELM allows: not converged. Run it again with a larger NELM or another ALGO",
        n_scf};
  }
}

}  // namespace

LabelledStructure read_vasp_xml(const FileContent& file) {
  pugi::xml_document document;
  xml::parse(document, file.text());
  const pugi::xml_node top = document.document_element();
  require_one_converged_step(top);
  const pugi::xml_node calculation = top.child("calculation");

  LabelledStructure found;
  found.species = species_of(top);
  const pugi::xml_node crystal = calculation.child("structure");
  const Vectors cell = rows_of(named(crystal.child("crystal"), "varray", "basis"), "cell vectors");
  if (cell.rows() != 3) throw InputError{"{} cell vectors, 3 expected: the file is damaged", cell.rows()};
  found.cell = cell;
  const Vectors fractional = rows_of(named(crystal, "varray", "positions"), "positions");
  found.positions = fractional * found.cell;
  pugi::xml_node last;
  for (const pugi::xml_node& step : calculation.children("scstep")) last = step;
  found.energy = free_energy(top, calculation, last);
  found.forces = rows_of(named(calculation, "varray", "forces"), "forces");
  if (const pugi::xml_node kbar = named(calculation, "varray", "stress")) {
    const Vectors stress = rows_of(kbar, "stress");
    if (stress.rows() != 3) throw InputError{"{} rows of the stress, 3 expected: the file is damaged", stress.rows()};
    found.stress = stress / (-kbar_per_gpa * units::gpa_per_ev_angstrom3);
  }
  return found;
}

LabelledFormat vasp_xml_format() {
  return {
      .name = "vasprun",
      .description = "vasprun.xml",
      .recognises = [](const FileContent& file) { return file.first_line().starts_with("<") && file.has("<modeling"); },
      .read = one_structure(read_vasp_xml)};
}

}  // namespace zeropoint
