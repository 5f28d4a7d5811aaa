#include "phonons/quantum_espresso/matrix_block.hpp"

#include <fmt/format.h>

#include <vector>

namespace zeropoint::phonons {

bool opens_matrix_block(std::string_view line) {
  const std::vector<std::string_view> words = split_words(line);
  return words.size() >= 2 && words[0] == "Dynamical" && words[1] == "Matrix";
}

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool opens_section(std::string_view line) {
  return opens_matrix_block(line) || has(line, "Diagonalizing") || has(line, "Dielectric Tensor") ||
         has(line, "Effective Charges") || has(line, "Raman");
}

Eigen::Vector3d q_point(const TextScanner& scan) {
  const std::string_view line = scan.line();
  const std::size_t open = line.find('('), close = line.find(')');
  if (!has(line, "q =") || open == std::string_view::npos || close == std::string_view::npos || close < open) {
    scan.fail("'{}' where 'q = ( qx qy qz )' is expected", trimmed(line));
  }
  const std::vector<double> q = scan.numbers_in(line.substr(open + 1, close - open - 1));
  if (q.size() != 3) scan.fail("q has {} components instead of 3", q.size());
  return {q[0], q[1], q[2]};
}

}  // namespace

QeMatrixBlock read_matrix_block(TextScanner& scan, int n_atoms) {
  scan.require_filled("'q = ( qx qy qz )'");
  QeMatrixBlock block{q_point(scan), Eigen::MatrixXcd(3 * n_atoms, 3 * n_atoms), scan.where()};
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
  return block;
}

}  // namespace zeropoint::phonons
