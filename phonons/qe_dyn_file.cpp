#include "phonons/qe_dyn_file.hpp"

#include "core/error.hpp"
#include "core/text_scanner.hpp"
#include "phonons/qe_dyn.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double lightest_rydberg_mass = 400;  // hydrogen is 918.7, 400 amu is heavier than any element

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
  void header();
  void species(int n_types, std::vector<std::string>& labels, std::vector<double>& masses);
  void atoms(int n_types, int n_atoms);
  void matrix();
  Eigen::Vector3d q_point() const;
  Eigen::Matrix3d rows_of_three(std::string_view what);
  std::vector<Eigen::Matrix3d> charges();
};

void Reader::first_lines() {
  if (!scan.next_filled()) throw InputError{"{}: the file is empty: make it again", scan.path()};
  if (has(scan.line(), "<?xml") || has(scan.line(), "<Root")) {
    scan.fail(
        "an XML dynamical matrix where the text form is expected: run ph.x with a fildyn that does not end in .xml");
  }
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

void Reader::header() {
  scan.require_filled("'ntyp nat ibrav celldm'");
  scan.require_words(4, "ntyp nat ibrav celldm");
  const int n_types = scan.integer(0), n_atoms = scan.integer(1), ibrav = scan.integer(2);
  if (n_types < 1 || n_atoms < n_types || n_atoms > 100000) {
    scan.fail("{} atoms of {} types: at least one atom of each type is needed", n_atoms, n_types);
  }
  std::vector<double> celldm;
  for (std::size_t i = 3; i < scan.words().size() && i < 9; ++i) celldm.push_back(scan.number(i));
  if (!(celldm[0] > 0)) scan.fail("celldm(1) = {} must be positive: it is the unit of length in bohr", celldm[0]);
  file.alat = celldm[0] * units.bohr;
  if (has(scan.peek(), "Basis vectors")) {
    scan.require_next("Basis vectors");
    cell_in_alat = rows_of_three("3 cell vectors");
  } else if (ibrav == 0) {
    scan.fail("ibrav = 0 without 'Basis vectors' in the next line: the cell is missing");
  } else {
    try {
      cell_in_alat = bravais_cell(ibrav, celldm) / celldm[0];
    } catch (const InputError& error) {
      scan.fail("{}", error.what());
    }
  }
  file.crystal.cell = file.alat * cell_in_alat;
  atoms(n_types, n_atoms);
}

/// Lines such as  1  'Sn  '    108197.545983522  ; labels may hold blanks.
void Reader::species(int n_types, std::vector<std::string>& labels, std::vector<double>& masses) {
  for (int type = 1; type <= n_types; ++type) {
    scan.require_filled("a line with type, label and mass");
    const std::string_view line = scan.line();
    const std::size_t open = line.find('\''), close = line.rfind('\'');
    if (scan.integer(0) != type || open == std::string_view::npos || close == open) {
      scan.fail("'{}' where the type {} 'label' mass is expected", trimmed(line), type);
    }
    const std::vector<double> mass = scan.numbers_in(line.substr(close + 1));
    if (mass.empty()) scan.fail("the mass of type {} is missing", type);
    labels.emplace_back(trimmed(line.substr(open + 1, close - open - 1)));
    if (labels.back().empty()) scan.fail("type {} has an empty label: write the chemical symbol", type);
    const double amu = units.rydberg_mass;
    if (!(mass[0] > 0)) scan.fail("mass of '{}' = {} must be positive", labels.back(), mass[0]);
    if (mass[0] < lightest_rydberg_mass) {
      scan.fail(
          "mass of '{}' = {}: this looks like amu, but the file counts in Rydberg units, where hydrogen weighs 918.7 "
          "(all "
          "frequencies would be wrong); multiply the masses by {:.6f}",
          labels.back(), mass[0], 1 / amu);
    }
    masses.push_back(mass[0] * amu);
  }
}

void Reader::atoms(int n_types, int n_atoms) {
  std::vector<std::string> labels;
  std::vector<double> masses;
  species(n_types, labels, masses);
  Crystal& crystal = file.crystal;
  crystal.positions.resize(n_atoms, 3);
  crystal.masses.resize(n_atoms);
  for (int s = 0; s < n_atoms; ++s) {
    scan.require_filled("a line with atom, type and position");
    scan.require_words(5, "atom, type, x, y, z");
    if (scan.integer(0) != s + 1) scan.fail("atom {} where atom {} is expected", scan.integer(0), s + 1);
    const int type = scan.integer(1);
    if (type < 1 || type > n_types)
      scan.fail("type {} of atom {}: the file defines types 1 to {}", type, s + 1, n_types);
    crystal.species.push_back(labels[static_cast<std::size_t>(type - 1)]);
    crystal.masses[s] = masses[static_cast<std::size_t>(type - 1)];
    for (int i = 0; i < 3; ++i) crystal.positions(s, i) = file.alat * scan.number(static_cast<std::size_t>(i + 2));
  }
  check(crystal, file.path);
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
    if (seen[static_cast<std::size_t>(a * n_atoms + b)]) scan.fail("atom pair {} {} is given twice", a + 1, b + 1);
    seen[static_cast<std::size_t>(a * n_atoms + b)] = true;
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

Eigen::Matrix3d Reader::rows_of_three(std::string_view what) {
  Eigen::Matrix3d rows;
  for (int i = 0; i < 3; ++i) {
    scan.require_filled(what);
    scan.require_words(3, what);
    for (int j = 0; j < 3; ++j) rows(i, j) = scan.number(static_cast<std::size_t>(j));
  }
  return rows;
}

std::vector<Eigen::Matrix3d> Reader::charges() {
  std::vector<Eigen::Matrix3d> all;
  for (int s = 0; s < file.crystal.n_atoms(); ++s) {
    scan.require_filled(fmt::format("the effective charges of atom {}", s + 1));
    if (!has(scan.line(), "atom")) {
      scan.fail("'{}' where the effective charges of atom {} are expected", trimmed(scan.line()), s + 1);
    }
    all.push_back(rows_of_three("3 rows of an effective charge"));
  }
  return all;
}

void Reader::read() {
  first_lines();
  header();
  while (scan.next()) {
    const std::string_view line = scan.line();
    if (has(line, "Diagonalizing")) break;
    if (opens_matrix(line)) {
      matrix();
    } else if (has(line, "Dielectric Tensor")) {
      dielectric = rows_of_three("3 rows of the dielectric tensor");
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
  Reader reader{scan, units, {}, Eigen::Matrix3d::Zero(), {}, {}};
  reader.file.path = path;
  reader.read();
  return std::move(reader.file);
}

}  // namespace zeropoint::phonons
