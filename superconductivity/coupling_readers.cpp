#include "superconductivity/coupling_readers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/text_scanner.hpp"
#include "phonons/quantum_espresso/cell_blocks.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double widest = 1;  // Ry: no broadening of electrons is wider

/// 'degauss Ef N(Ef)' at the head of the files of ph.x and q2r.x.
Smearing read_head(TextScanner& scan, const UnitSet& units) {
  scan.require_filled("broadening, Fermi energy and density of states");
  scan.require_words(3, "broadening, Fermi energy and density of states");
  const double width = scan.number(0), states = scan.number(2);
  if (width < 0 || width > widest) {
    scan.fail("a broadening of {} Ry: the first line should hold broadening, Fermi energy and density of states",
              scan.words()[0]);
  }
  if (!(states > 0)) {
    scan.fail("a density of states of {} at the Fermi level: it must be positive, as in a metal", scan.words()[2]);
  }
  return {width * units.rydberg, scan.number(1) * units.rydberg, states / units.rydberg};
}

/// "(re,im)" as Fortran writes complex numbers.
std::complex<double> complex_in(const TextScanner& scan) {
  const std::string_view line = trimmed(scan.line());
  const std::size_t comma = line.find(',');
  if (line.size() < 5 || line.front() != '(' || line.back() != ')' || comma == std::string_view::npos) {
    scan.fail("'{}' where a complex number (re,im) is expected", line.substr(0, 60));
  }
  const std::vector<double> re = scan.numbers_in(line.substr(1, comma - 1)),
                            im = scan.numbers_in(line.substr(comma + 1, line.size() - comma - 2));
  if (re.size() != 1 || im.size() != 1) scan.fail("'{}' is no complex number (re,im)", line.substr(0, 60));
  return {re[0], im[0]};
}

Eigen::MatrixXcd hermitian(const Eigen::MatrixXcd& matrix) { return (matrix + matrix.adjoint()) / 2; }

}  // namespace

bool is_overflow(std::string_view word) { return word.find_first_not_of('*') == std::string_view::npos; }

StarCoupling read_star_coupling(const std::string& path, int n_atoms, const UnitSet& units) {
  TextScanner scan(path);
  StarCoupling file{read_head(scan, units), {}};
  scan.require_filled("the number of points of the star");
  const int n_points = scan.integer(0);
  if (scan.words().size() != 1 || n_points < 1 || n_points > 96)
    scan.fail("'{}' where the number of points of a star is expected", trimmed(scan.line()).substr(0, 40));
  while (scan.next_filled()) {
    if (!phonons::opens_matrix_block(scan.line()))
      scan.fail(
          "'{}' where a matrix 'Dynamical  Matrix' is expected: the file is of another number of atoms than {}, or "
          "damaged",
          trimmed(scan.line()).substr(0, 60), n_atoms);
    phonons::QeMatrixBlock block = phonons::read_matrix_block(scan, n_atoms);
    block.matrix = hermitian(block.matrix) / (units.bohr * units.bohr);
    file.blocks.push_back(std::move(block));
  }
  if (std::ssize(file.blocks) < n_points) {
    scan.fail("{} of the {} points of the star are there: the file is truncated, make it again", file.blocks.size(),
              n_points);
  }
  return file;
}

PointCoupling read_point_coupling(const std::string& path, int n_modes, const UnitSet& units) {
  TextScanner scan(path);
  PointCoupling file;
  while (scan.next_filled()) {
    if (scan.words().size() != 1 || scan.line().find('(') != std::string_view::npos) {
      scan.fail("'{}' where a broadening (Ry) is expected: the matrix before it is not of {} modes",
                trimmed(scan.line()), n_modes);
    }
    const double width = scan.number(0);
    if (width < 0 || width > widest) scan.fail("a broadening of {} Ry", scan.words()[0]);
    scan.require_filled("the density of states");
    // Newer programs write the Fermi energy before it.
    if (scan.words().size() > 2) scan.fail("'{}' where the density of states is expected", trimmed(scan.line()));
    const double states = scan.number(scan.words().size() - 1);
    const double fermi = scan.words().size() == 2 ? scan.number(0) : 0;
    if (!(states > 0)) scan.fail("a density of states of {} at the Fermi level: it must be positive", states);
    file.smearings.push_back({width * units.rydberg, fermi * units.rydberg, states / units.rydberg});
    Eigen::MatrixXcd gamma(n_modes, n_modes);
    for (int i = 0; i < n_modes * n_modes; ++i) {
      scan.require_filled(fmt::format("element {} of the {} x {} matrix", i + 1, n_modes, n_modes));
      gamma(i / n_modes, i % n_modes) = complex_in(scan);
    }
    file.gamma.push_back(hermitian(gamma) / (units.bohr * units.bohr));
  }
  if (file.gamma.empty()) throw InputError{"{}: the file is empty: make it again", path};
  return file;
}

CellCoupling read_cell_coupling(const std::string& path, const Crystal& crystal, const UnitSet& units) {
  TextScanner scan(path);
  CellCoupling file;
  file.smearing = read_head(scan, units);
  file.divisions = phonons::read_cell_divisions(scan);
  file.gamma = phonons::read_cell_blocks(scan, crystal, file.divisions);
  for (Eigen::MatrixXd& block : file.gamma) block /= units.bohr * units.bohr;
  return file;
}

std::string cell_coupling_text(const CellCoupling& coupling, const Crystal& crystal, const UnitSet& units) {
  std::vector<Eigen::MatrixXd> blocks = coupling.gamma;
  for (Eigen::MatrixXd& block : blocks) block *= units.bohr * units.bohr;
  return fmt::format("   {:.16E}  {:.16E}  {:.16E}\n", coupling.smearing.width / units.rydberg,
                     coupling.smearing.fermi_energy / units.rydberg,
                     coupling.smearing.density_of_states * units.rydberg) +
         phonons::cell_blocks_text({crystal, coupling.divisions}, blocks);
}

}  // namespace zeropoint::superconductivity
