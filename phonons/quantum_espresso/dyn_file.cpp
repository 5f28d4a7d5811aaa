#include "phonons/quantum_espresso/dyn_file.hpp"
#include "phonons/quantum_espresso/dyn_xml_read.hpp"

#include "core/error.hpp"
#include "files/text_scanner.hpp"
#include "phonons/quantum_espresso/header.hpp"

namespace zeropoint::phonons {
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool opens_matrix(std::string_view line) {
  const std::vector<std::string_view> words = split_words(line);
  return words.size() >= 2 && words[0] == "Dynamical" && words[1] == "Matrix";
}

bool opens_section(std::string_view line) {
  return opens_matrix(line) || has(line, "Diagonalizing") || has(line, "Dielectric Tensor") ||
         has(line, "Effective Charges") || has(line, "Raman");
}

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
  void matrix();
  Eigen::Vector3d q_point() const;
  std::vector<Eigen::Matrix3d> charges();
};

void Reader::first_lines() {
  if (!scan.next_filled()) throw InputError{"{}: the file is empty: make it again", scan.path()};
  if (opens_matrix(scan.line()) && has(scan.line(), "cartesian axes")) {
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

Eigen::Vector3d Reader::q_point() const {
  const std::string_view line = scan.line();
  const std::size_t open = line.find('('), close = line.find(')');
  if (!has(line, "q =") || open == std::string_view::npos || close == std::string_view::npos || close < open) {
    scan.fail("'{}' where 'q = ( qx qy qz )' is expected", trimmed(line));
  }
  const std::vector<double> q = scan.numbers_in(line.substr(open + 1, close - open - 1));
  if (q.size() != 3) scan.fail("q has {} components instead of 3", q.size());
  return cell_in_alat * Eigen::Vector3d(q[0], q[1], q[2]);
}

void Reader::matrix() {
  scan.require_filled("'q = ( qx qy qz )'");
  const int n_atoms = file.crystal.n_atoms();
  QeDynBlock block{q_point(), Eigen::MatrixXcd(3 * n_atoms, 3 * n_atoms), scan.where()};
  std::vector<bool> seen(static_cast<std::size_t>(n_atoms * n_atoms), false);
  for (int pair = 0; pair < n_atoms * n_atoms; ++pair) {
    const std::string expected = fmt::format("pair {} of the {} atom pairs of this q", pair + 1, n_atoms * n_atoms);
    scan.require_filled(expected);
    if (opens_section(scan.line()))
      scan.fail("the matrix ends here, but {} should follow: lines are missing", expected);
    scan.require_words(2, "two atom indices");
    const int a = scan.integer(0) - 1, b = scan.integer(1) - 1;
    if (a < 0 || b < 0 || a >= n_atoms || b >= n_atoms) {
      scan.fail("atom pair {} {}: the crystal has {} atoms", a + 1, b + 1, n_atoms);
    }
    if (seen[a * n_atoms + b]) scan.fail("atom pair {} {} is given twice", a + 1, b + 1);
    seen[a * n_atoms + b] = true;
    for (int i = 0; i < 3; ++i) {
      scan.require_filled(fmt::format("row {} of atom pair {} {}", i + 1, a + 1, b + 1));
      scan.require_words(6, "three complex numbers");
      for (int j = 0; j < 3; ++j) {
        const auto word = static_cast<std::size_t>(2 * j);
        block.matrix(3 * a + i, 3 * b + j) = {scan.number(word), scan.number(word + 1)};
      }
    }
  }
  block.matrix *= units.rydberg_per_bohr2();
  file.blocks.push_back(std::move(block));
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
    if (opens_matrix(line)) {
      matrix();
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
