#include "phonons/quantum_espresso/cell_blocks.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace zeropoint::phonons {
namespace {

constexpr double many_lines = 1e6;   // below that what is missing is named when it is missed
constexpr double shortest_line = 8;  // bytes: three cell indices and a digit

/// Before memory is asked for: a number that is damaged may be any.
void refuse_short_file(const TextScanner& scan, const Crystal& crystal, const Eigen::Vector3i& divisions) {
  const double lines = 9 * std::pow(crystal.n_atoms(), 2) * divisions.cast<double>().prod();
  if (lines > many_lines && lines * shortest_line > static_cast<double>(scan.n_bytes())) {
    scan.fail(
        "a grid of {} x {} x {} for {} atoms needs {:.0f} lines, more than the file holds: it is cut or damaged; make "
        "it again",
        divisions[0], divisions[1], divisions[2], crystal.n_atoms(), lines);
  }
}

}  // namespace

Eigen::Vector3i read_cell_divisions(TextScanner& scan) {
  scan.require_filled("the grid N1 N2 N3");
  scan.require_words(3, "N1 N2 N3");
  const Eigen::Vector3i divisions(scan.integer(0), scan.integer(1), scan.integer(2));
  if ((divisions.array() < 1).any() || (divisions.array() > 999).any()) {
    scan.fail("a grid of {} x {} x {}: three divisions of at least 1 are needed", divisions[0], divisions[1],
              divisions[2]);
  }
  return divisions;
}

std::vector<Eigen::MatrixXd> read_cell_blocks(TextScanner& scan, const Crystal& crystal,
                                              const Eigen::Vector3i& divisions) {
  refuse_short_file(scan, crystal, divisions);
  const Supercell supercell(crystal, divisions);
  const int n_atoms = supercell.unit_cell().n_atoms(), n_modes = 3 * n_atoms;
  const Eigen::Vector3i n = supercell.divisions();
  std::vector<Eigen::MatrixXd> all(static_cast<std::size_t>(supercell.n_cells()), Eigen::MatrixXd(n_modes, n_modes));
  for (int block = 0; block < n_modes * n_modes; ++block) {
    const int b = block % n_atoms, a = block / n_atoms % n_atoms, j2 = block / n_atoms / n_atoms % 3,
              j1 = block / n_atoms / n_atoms / 3;
    const std::string name = fmt::format("{} {} {} {}", j1 + 1, j2 + 1, a + 1, b + 1);
    scan.require_filled("the head of block " + name + " (directions and atoms)");
    scan.require_words(4, "two directions and two atoms");
    if (scan.words().size() != 4 || scan.integer(0) != j1 + 1 || scan.integer(1) != j2 + 1 ||
        scan.integer(2) != a + 1 || scan.integer(3) != b + 1) {
      scan.fail(
          "'{}' where block {} should begin: lines are missing or in another order; make the file again with q2r.x",
          trimmed(scan.line()), name);
    }
    for (int cell = 0; cell < supercell.n_cells(); ++cell) {
      const Eigen::Vector3i m(cell % n[0], cell / n[0] % n[1], cell / n[0] / n[1]);
      scan.require_filled(fmt::format("cell {} {} {} of block {}", m[0] + 1, m[1] + 1, m[2] + 1, name));
      scan.require_words(4, "three cell indices and a number");
      if (scan.integer(0) != m[0] + 1 || scan.integer(1) != m[1] + 1 || scan.integer(2) != m[2] + 1) {
        scan.fail("cell {} {} {} where {} {} {} is expected: the first index runs fastest", scan.words()[0],
                  scan.words()[1], scan.words()[2], m[0] + 1, m[1] + 1, m[2] + 1);
      }
      if (scan.words().size() > 4) {
        scan.fail("{} columns where 4 are expected: write_lr of q2r.x has added the long-range part; run it without",
                  scan.words().size());
      }
      all[supercell.cell_index(m)](3 * a + j1, 3 * b + j2) = scan.number(3);
    }
  }
  if (scan.next_filled())
    scan.fail("'{}' behind the last block: the file is of another grid or holds two sets", trimmed(scan.line()));
  return all;
}

std::string cell_blocks_text(const Supercell& supercell, const std::vector<Eigen::MatrixXd>& blocks) {
  std::string text;
  const auto put = [&](auto format, const auto&... arguments) {
    fmt::format_to(std::back_inserter(text), format, arguments...);
  };
  const Eigen::Vector3i& n = supercell.divisions();
  put(FMT_STRING("{:4d}{:4d}{:4d}\n"), n[0], n[1], n[2]);
  const int n_atoms = supercell.unit_cell().n_atoms();
  for (int block = 0; block < 9 * n_atoms * n_atoms; ++block) {
    const int b = block % n_atoms, a = block / n_atoms % n_atoms, j2 = block / n_atoms / n_atoms % 3,
              j1 = block / n_atoms / n_atoms / 3;
    put(FMT_STRING("{:4d}{:4d}{:4d}{:4d}\n"), j1 + 1, j2 + 1, a + 1, b + 1);
    for (int cell = 0; cell < supercell.n_cells(); ++cell) {
      const Eigen::Vector3i m(cell % n[0], cell / n[0] % n[1], cell / n[0] / n[1]);
      double value = blocks[supercell.cell_index(m)](3 * a + j1, 3 * b + j2);
      if (std::abs(value) < 1e-90) value = 0;  // Fortran would leave the letter of a longer exponent out
      put(FMT_STRING("{:4d}{:4d}{:4d}  {:18.11E}\n"), m[0] + 1, m[1] + 1, m[2] + 1, value);
    }
  }
  return text;
}

}  // namespace zeropoint::phonons
