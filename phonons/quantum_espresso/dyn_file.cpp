#include "phonons/quantum_espresso/dyn_file.hpp"
#include "phonons/quantum_espresso/dyn_xml_read.hpp"

#include "core/error.hpp"
#include "files/text_scanner.hpp"
#include "phonons/quantum_espresso/header.hpp"
#include "phonons/quantum_espresso/matrix_block.hpp"

namespace zeropoint::phonons {
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

struct Reader {
  TextScanner& scan;
  const UnitSet& units;
  QeDynFile file;
  Eigen::Matrix3d cell_in_alat;
  std::optional<Eigen::Matrix3d> dielectric;
  std::optional<std::vector<Eigen::Matrix3d>> born_charges;

  void read();

 private:
  void first_lines();
  std::vector<Eigen::Matrix3d> charges();
};

void Reader::first_lines() {
  if (!scan.next_filled()) throw InputError{"{}: the file is empty: make it again", scan.path()};
  if (opens_matrix_block(scan.line()) && has(scan.line(), "cartesian axes")) {
    scan.fail(
        "matrices without a header, as matdyn.x writes them (fldyn): no cell, no masses, and at q = 0 they hold the "
        "direction-"
        "dependent long-range part; give the files of ph.x, or the force constants of q2r.x");
  }
  const std::vector<std::string_view>& words = scan.words();
  if (words.size() < 3 || words[0] != "Dynamical" || words[1] != "matrix" || words[2] != "file") {
    scan.fail(
        "'{}' where 'Dynamical matrix file' is expected: no dynamical-matrix file of Quantum ESPRESSO or python-sscha",
        trimmed(scan.line()).substr(0, 40));
  }
  scan.require_next("a title line");
  file.title = trimmed(scan.line());
}

std::vector<Eigen::Matrix3d> Reader::charges() {
  std::vector<Eigen::Matrix3d> all;
  for (int s = 0; s < file.crystal.n_atoms(); ++s) {
    scan.require_filled(fmt::format("the effective charges of atom {}", s + 1));
    if (!has(scan.line(), "atom")) {
      scan.fail("'{}' where the effective charges of atom {} are expected", trimmed(scan.line()), s + 1);
    }
    all.push_back(rows_of_three(scan, "3 rows of an effective charge"));
  }
  return all;
}

void Reader::read() {
  first_lines();
  QeHeader header = read_qe_header(scan, QeCellRows::titled, units);
  file.crystal = std::move(header.crystal);
  file.alat = header.alat;
  cell_in_alat = header.cell_in_alat;
  while (scan.next()) {
    const std::string_view line = scan.line();
    if (has(line, "Diagonalizing")) break;
    if (opens_matrix_block(line)) {
      QeMatrixBlock block = read_matrix_block(scan, file.crystal.n_atoms());
      file.blocks.push_back({cell_in_alat * block.q, units.rydberg_per_bohr2() * block.matrix, std::move(block.where)});
    } else if (has(line, "Dielectric Tensor")) {
      dielectric = rows_of_three(scan, "3 rows of the dielectric tensor");
    } else if (has(line, "Effective Charges E-U")) {
      born_charges = charges();
    }
  }
  if (file.blocks.empty()) scan.fail("the file ends without a dynamical matrix: it is truncated, make it again");
  if (dielectric.has_value() != born_charges.has_value()) {
    throw InputError{
        "{}: {} without {}: the electric field of the ions needs both; run ph.x with epsil and zeu, or remove the "
        "block",
        file.path, dielectric ? "a dielectric tensor" : "effective charges E-U",
        dielectric ? "effective charges E-U" : "a dielectric tensor"};
  }
  if (dielectric) file.polar = Polar{*dielectric, *born_charges};
}

}  // namespace

QeDynFile read_qe_dyn_file(const std::string& path, const UnitSet& units) {
  TextScanner scan(path);
  if (trimmed(scan.peek()).starts_with('<')) return read_qe_dyn_xml_file(path, units);
  Reader reader{scan, units, {}, Eigen::Matrix3d::Zero(), {}, {}};
  reader.file.path = path;
  reader.read();
  return std::move(reader.file);
}

}  // namespace zeropoint::phonons
