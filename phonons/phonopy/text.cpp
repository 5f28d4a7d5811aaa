#include "phonons/phonopy/text.hpp"

#include <algorithm>
#include <iterator>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint::phonons {
namespace {

void require_whole_line(const TextScanner& scan, std::size_t count, std::string_view expected) {
  scan.require_words(count, expected);
  if (scan.words().size() != count)
    scan.fail("{} numbers where {} are expected: {}", scan.words().size(), count, expected);
}

Eigen::RowVector3d read_vector(TextScanner& scan, std::string_view what, double unit) {
  scan.require_filled(what);
  require_whole_line(scan, 3, what);
  return unit * Eigen::RowVector3d(scan.number(0), scan.number(1), scan.number(2));
}

void refuse_more(TextScanner& scan, std::string_view what) {
  if (scan.next_filled())
    scan.fail("'{}' behind the last {}: the file does not belong to this supercell", trimmed(scan.line()), what);
}

/// Each configuration displaces one atom.
void read_single_displacements(TextScanner& scan, int n_atoms, const PhonopyUnits& units, DisplacedForces& result) {
  if (scan.integer(0) != n_atoms) {
    scan.fail("{} atoms, the supercell has {}: the file belongs to another calculation", scan.integer(0), n_atoms);
  }
  scan.require_filled("the number of displacements");
  const int n = scan.integer(0);
  if (n < 1) scan.fail("{} displacements: at least one is needed", n);
  for (int i = 0; i < n; ++i) {
    const std::string name = fmt::format("displacement {} of {}", i + 1, n);
    scan.require_filled("the displaced atom of " + name);
    require_whole_line(scan, 1, "the displaced atom of " + name);
    const int atom = scan.integer(0);
    if (atom < 1 || atom > n_atoms) scan.fail("atom {} is displaced: the supercell has atoms 1 to {}", atom, n_atoms);
    Vectors u = Vectors::Zero(n_atoms, 3), f(n_atoms, 3);
    u.row(atom - 1) = read_vector(scan, "the vector of " + name, units.length);
    for (int j = 0; j < n_atoms; ++j)
      f.row(j) = read_vector(scan, fmt::format("the force on atom {} of {}", j + 1, name), units.force);
    result.displacements.push_back(std::move(u));
    result.forces.push_back(std::move(f));
  }
  refuse_more(scan, "force");
}

/// Rows ux uy uz fx fy fz of all atoms, one configuration behind the other; the scanner stands at the first.
void read_all_displacements(TextScanner& scan, int n_atoms, const PhonopyUnits& units, DisplacedForces& result) {
  int row = 0;
  do {
    require_whole_line(scan, 6, "a displacement and a force");
    if (row % n_atoms == 0) {
      result.displacements.emplace_back(n_atoms, 3);
      result.forces.emplace_back(n_atoms, 3);
    }
    for (int k = 0; k < 3; ++k) {
      const auto word = static_cast<std::size_t>(k);
      result.displacements.back()(row % n_atoms, k) = units.length * scan.number(word);
      result.forces.back()(row % n_atoms, k) = units.force * scan.number(word + 3);
    }
    ++row;
  } while (scan.next_filled());
  if (row % n_atoms != 0) {
    scan.fail("{} rows are no multiple of the {} atoms of the supercell: the file is cut or belongs to another one",
              row, n_atoms);
  }
}

}  // namespace

PhonopyForceConstants read_force_constants_text(const std::string& path, const PhonopyCells& cells, double unit) {
  TextScanner scan(path);
  scan.require_filled("the numbers of rows and of atoms");
  const int n_atoms = cells.supercell.n_atoms(), n_primitive = cells.primitive.n_atoms();
  const int n_rows = scan.integer(0), n_columns = scan.words().size() > 1 ? scan.integer(1) : n_rows;
  if (n_columns != n_atoms || (n_rows != n_atoms && n_rows != n_primitive)) {
    scan.fail(
        "{} x {} force constants, the supercell has {} atoms and the primitive cell {}: the file belongs to another "
        "calculation",
        n_rows, n_columns, n_atoms, n_primitive);
  }
  PhonopyForceConstants result;
  for (int row = 0; row < n_rows; ++row) {
    const int atom = n_rows == n_atoms ? row : cells.p2s[row];
    for (int column = 0; column < n_atoms; ++column) {
      const std::string pair = fmt::format("{} {}", atom + 1, column + 1);
      scan.require_filled("the pair of atoms " + pair);
      require_whole_line(scan, 2, "the pair of atoms " + pair);
      if (scan.integer(0) != atom + 1 || scan.integer(1) != column + 1) {
        scan.fail(
            "pair {} {} where {} is expected: rows are numbered by the atoms of the supercell (for this one {}), "
            "columns from 1; the "
            "file is in another order or of another calculation",
            scan.integer(0), scan.integer(1), pair,
            fmt::join(
                [&] {
                  std::vector<int> all;
                  for (const int p : cells.p2s) all.push_back(p + 1);
                  return all;
                }(),
                ", "));
      }
      if (column == 0) result.rows.push_back(atom);
      Eigen::Matrix3d element;
      for (int i = 0; i < 3; ++i)
        element.row(i) = read_vector(scan, fmt::format("row {} of pair {}", i + 1, pair), unit);
      result.elements.push_back(element);
    }
  }
  refuse_more(scan, "pair");
  return result;
}

void write_force_constants_text(const std::string& path, const PhonopyForceConstants& constants, double unit) {
  const std::size_t n_atoms = constants.elements.size() / constants.rows.size();
  std::string text = fmt::format("{:4d} {:4d}\n", constants.rows.size(), n_atoms);
  for (std::size_t k = 0; k < constants.elements.size(); ++k) {
    fmt::format_to(std::back_inserter(text), "{} {}\n", constants.rows[k / n_atoms] + 1, k % n_atoms + 1);
    const Eigen::Matrix3d element = constants.elements[k] / unit;
    for (int i = 0; i < 3; ++i) {
      fmt::format_to(std::back_inserter(text), "{:22.15f}{:22.15f}{:22.15f}\n", element(i, 0), element(i, 1),
                     element(i, 2));
    }
  }
  write_file(path, text);
}

DisplacedForces read_force_sets(const std::string& path, const PhonopyCells& cells, const PhonopyUnits& units) {
  TextScanner scan(path);
  scan.require_filled("the number of atoms, or a displacement and a force");
  DisplacedForces result;
  const int n_atoms = cells.supercell.n_atoms();
  if (scan.words().size() == 1) {
    read_single_displacements(scan, n_atoms, units, result);
  } else if (scan.words().size() == 6) {
    read_all_displacements(scan, n_atoms, units, result);
  } else {
    scan.fail("{} words in the first line: FORCE_SETS begins with the number of atoms, or with a row ux uy uz fx fy fz",
              scan.words().size());
  }
  return result;
}

}  // namespace zeropoint::phonons
