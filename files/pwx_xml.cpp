#include "files/pwx_xml.hpp"

#include <cmath>
#include <pugixml.hpp>

#include "core/error.hpp"
#include "core/units.hpp"
#include "files/text_scanner.hpp"
#include "files/xml_text.hpp"

namespace zeropoint {
namespace {

constexpr double rydbergs_per_hartree = 2;

bool is_true(const pugi::xml_node& node) { return trimmed(node.text().get()) == "true"; }

void require_one_converged_scf(const pugi::xml_node& top) {
  const std::string_view status = top.child("exit_status") ? top.child_value("exit_status") : top.child_value("status");
  const pugi::xml_node output = top.child("output");
  if (!output) throw InputError{"no <output> in it: the run stopped before its end; run it again"};
  // After a relaxation the positions in <output> are not those that the forces belong to.
  const std::string_view calculation =
      trimmed(top.child("input").child("control_variables").child_value("calculation"));
  if (calculation != "scf") {
    throw InputError{
        "calculation = '{}', not 'scf': a label needs one SCF cycle for one structure. Run calculation = 'scf'",
        calculation};
  }
  const pugi::xml_node convergence = output.child("convergence_info").child("scf_conv");
  if (!convergence) throw InputError{"no <convergence_info>: this version of the file is not known"};
  if (!is_true(convergence.child("convergence_achieved"))) {
    throw InputError{
        "the SCF cycle did not converge (convergence_achieved is not true): run it again with a smaller mixing_beta or "
        "a larger "
        "electron_maxstep"};
  }
  const double accuracy = xml::number(convergence, "scf_error");
  const double threshold = xml::number(top.child("input").child("electron_control"), "conv_thr");
  if (!(accuracy <= threshold)) {
    throw InputError{
        "the SCF cycle ended with an accuracy of {:.2g} Ha, above the conv_thr of {:.2g} Ha (scf_must_converge = "
        ".false.?): run it "
        "again with a larger electron_maxstep",
        accuracy, threshold};
  }
  if (trimmed(status) != "0") throw InputError{"pw.x ended with the status '{}', not 0: run it again", trimmed(status)};
}

}  // namespace

LabelledStructure read_pwx_xml(const FileContent& file) {
  pugi::xml_document document;
  xml::parse(document, file.text());
  const pugi::xml_node top = document.document_element();
  require_one_converged_scf(top);
  const pugi::xml_node output = top.child("output"), crystal = output.child("atomic_structure");
  if (!crystal) throw InputError{"no <atomic_structure> in <output>: this version of the file is not known"};
  if (!output.child("forces")) throw InputError{"no forces: set tprnfor = .true. and run it again"};

  LabelledStructure found;
  const char* const vectors[] = {"a1", "a2", "a3"};
  for (int i = 0; i < 3; ++i) {
    const auto row = xml::numbers(crystal.child("cell").child_value(vectors[i]), 3, fmt::format("<{}>", vectors[i]));
    found.cell.row(i) = units::codata2022.bohr * Eigen::RowVector3d{row[0], row[1], row[2]};
  }
  std::vector<double> positions;
  for (const pugi::xml_node& atom : crystal.child("atomic_positions").children("atom")) {
    found.species.emplace_back(trimmed(atom.attribute("name").value()));
    const auto row = xml::numbers(atom.child_value(), 3, fmt::format("position of atom {}", found.species.size()));
    positions.insert(positions.end(), row.begin(), row.end());
  }
  const std::size_t n_atoms = found.species.size();
  if (crystal.attribute("nat").as_ullong() != n_atoms) {
    throw InputError{"{} positions, but nat = {}: the file is damaged", n_atoms, crystal.attribute("nat").value()};
  }
  found.positions =
      units::codata2022.bohr * Eigen::Map<const Vectors>(positions.data(), static_cast<Eigen::Index>(n_atoms), 3);
  found.energy = xml::number(output.child("total_energy"), "etot") * rydbergs_per_hartree * units::codata2022.rydberg;
  const auto forces = xml::numbers(output.child_value("forces"), 3 * n_atoms, "<forces>");
  found.forces = rydbergs_per_hartree * units::codata2022.rydberg_per_bohr() *
                 Eigen::Map<const Vectors>(forces.data(), static_cast<Eigen::Index>(n_atoms), 3);
  if (output.child("stress")) {
    const auto stress = xml::numbers(output.child_value("stress"), 9, "<stress>");
    found.stress = -rydbergs_per_hartree * units::codata2022.rydberg_per_bohr3() *
                   Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(stress.data());
  }
  return found;
}

LabelledFormat pwx_xml_format() {
  return {
      .name = "pwx-xml",
      .description = "XML of pw.x",
      .recognises = [](const FileContent& file) { return file.first_line().starts_with("<") && file.has("espresso"); },
      .read = one_structure(read_pwx_xml)};
}

}  // namespace zeropoint
