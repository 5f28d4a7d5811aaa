#include "phonons/quantum_espresso/force_constants_xml.hpp"

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "phonons/dipole.hpp"
#include "phonons/quantum_espresso/xml.hpp"

namespace zeropoint::phonons {
namespace {

constexpr const char* holder = "INTERATOMIC_FORCE_CONSTANTS";

std::string block_name(int a, int b, const Eigen::Vector3i& cell) {
  return fmt::format("s_s1_m1_m2_m3.{}.{}.{}.{}.{}", a + 1, b + 1, cell[0] + 1, cell[1] + 1, cell[2] + 1);
}

/// In the order of the file: the first axis runs fastest.
Eigen::Vector3i cell_of(int i, const Eigen::Vector3i& n) { return {i % n[0], i / n[0] % n[1], i / n[0] / n[1]}; }

}  // namespace

bool is_qe_force_constants_xml(const std::string& path) {
  const std::string text = read_file(path);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '<' && text.find(holder) != std::string::npos;
}

QeForceConstants read_qe_force_constants_xml(const std::string& path, const UnitSet& units) {
  const QeXmlFile file(path);
  QeXmlHeader header = read_qe_xml_header(file, units);
  const int n_atoms = header.crystal.n_atoms();
  const pugi::xml_node blocks = file.child(file.root(), holder);
  const std::vector<double> mesh = file.numbers(blocks, "MESH_NQ1_NQ2_NQ3", 3);
  QeForceConstants result{std::move(header.crystal), header.alat, {}, std::move(header.polar), {}, {}};
  for (int i = 0; i < 3; ++i) {
    const double n = mesh[i];
    if (n != std::round(n) || n < 1 || n > 999) {
      file.fail(blocks, "a grid of {} x {} x {}: three divisions of at least 1 are needed", mesh[0], mesh[1], mesh[2]);
    }
    result.divisions[i] = static_cast<int>(n);
  }
  if (blocks.child("alpha_ewald")) result.alpha = file.numbers(blocks, "alpha_ewald", 1)[0];
  if (result.polar) check(*result.polar, n_atoms);

  // Missing blocks are found before memory for them is asked for.
  const std::string last = block_name(n_atoms - 1, n_atoms - 1, result.divisions - Eigen::Vector3i::Ones());
  file.child(blocks, last);
  const Supercell supercell = result.supercell();
  result.constants.assign(static_cast<std::size_t>(supercell.n_cells()), Eigen::MatrixXd(3 * n_atoms, 3 * n_atoms));
  pugi::xml_node next = blocks.child(block_name(0, 0, {0, 0, 0}).c_str());
  for (int a = 0; a < n_atoms; ++a) {
    for (int b = 0; b < n_atoms; ++b) {
      for (int i = 0; i < supercell.n_cells(); ++i) {
        const Eigen::Vector3i cell = cell_of(i, result.divisions);
        const std::string name = block_name(a, b, cell);
        const pugi::xml_node block = name == next.name() ? next : file.child(blocks, name);
        if (block.child("IFC_LR")) {
          file.fail(block, "<{}> holds IFC_LR: write_lr of q2r.x has added the long-range part; run it without", name);
        }
        result.constants[supercell.cell_index(cell)].block<3, 3>(3 * a, 3 * b) =
            units.rydberg_per_bohr2() * qe_xml_tensor(file.numbers(block, "IFC", 9));
        next = block.next_sibling();
      }
    }
  }
  return result;
}

void write_qe_force_constants_xml(const QeForceConstants& file, const std::string& path, const UnitSet& units) {
  QeXmlText text;
  text.geometry(file.crystal, file.alat, 1, units);
  if (file.polar) text.polar(*file.polar);
  const Supercell supercell = file.supercell();
  const Eigen::Vector3i& n = file.divisions;
  text.put("  <{}>\n    <MESH_NQ1_NQ2_NQ3>\n{} {} {}\n    </MESH_NQ1_NQ2_NQ3>\n", holder, n[0], n[1], n[2]);
  if (file.alpha) text.put("    <alpha_ewald>{:.15E}</alpha_ewald>\n", *file.alpha);
  for (int a = 0; a < file.crystal.n_atoms(); ++a) {
    for (int b = 0; b < file.crystal.n_atoms(); ++b) {
      for (int i = 0; i < supercell.n_cells(); ++i) {
        const Eigen::Vector3i cell = cell_of(i, n);
        const std::string name = block_name(a, b, cell);
        text.put("    <{}>\n", name);
        text.array("IFC",
                   file.constants[supercell.cell_index(cell)].block<3, 3>(3 * a, 3 * b) / units.rydberg_per_bohr2());
        text.put("    </{}>\n", name);
      }
    }
  }
  text.put("  </{}>\n", holder);
  write_file(path, text.closed());
}

}  // namespace zeropoint::phonons
