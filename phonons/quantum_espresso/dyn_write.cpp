#include "phonons/quantum_espresso/dyn_write.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/atomic_file.hpp"
#include "phonons/modes.hpp"
#include "phonons/quantum_espresso/header.hpp"

namespace zeropoint::phonons {
namespace {

/// The text of one set of files, in the units of the format.
struct Writer {
  const DynamicalMatrices& matrices;
  const UnitSet& units;
  std::vector<Modes> all_modes;  // [n_q]
  double alat;                   // angstrom
  bool strict;                   // columns of ph.x

  Writer(const DynamicalMatrices& all, const UnitSet& set, bool as_ph)
      : matrices(all),
        units(set),
        all_modes(diagonalise(all)),
        alat(all.alat > 0 ? all.alat : all.crystal.cell.row(0).norm()),
        strict(as_ph) {}

  std::string star_file(int first, int count) const;

 private:
  template <class... Args>
  static void put(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
  }
  /// A real number in so many columns: ours, or those of ph.x.
  void number(std::string& text, double value, int width, int decimals, int width_of_ph, int decimals_of_ph) const {
    put(text, "{:{}.{}f}", value, strict ? width_of_ph : width, strict ? decimals_of_ph : decimals);
  }
  void header(std::string& text) const;
  void matrix(std::string& text, int iq) const;
  void polar(std::string& text) const;
  void diagonalisation(std::string& text, int iq) const;
  /// Cartesian, 2 pi/alat.
  Eigen::Vector3d cartesian(int iq) const {
    return alat * matrices.crystal.reciprocal().transpose() * matrices.grid.points()[iq];
  }
  const Eigen::MatrixXcd& block(int iq) const { return matrices.blocks[iq]; }
};

void Writer::header(std::string& text) const {
  const Crystal& crystal = matrices.crystal;
  const QeTypes types = qe_types(crystal);
  const std::vector<int>&first_atom = types.first_atom, &type_of = types.type_of;
  put(text, "Dynamical matrix file\n{}\n", matrices.title);
  put(text, "{:3d}{:5d}{:4d}", first_atom.size(), crystal.n_atoms(), 0);
  for (int i = 0; i < 6; ++i) number(text, i == 0 ? alat / units.bohr : 0.0, 22, 16, 12, 7);
  put(text, "\nBasis vectors\n");
  for (int k = 0; k < 3; ++k) {
    text += "  ";
    for (int i = 0; i < 3; ++i) number(text, crystal.cell(k, i) / alat, 22, 16, 15, 9);
    text += '\n';
  }
  for (std::size_t type = 0; type < first_atom.size(); ++type) {
    const int s = first_atom[type];
    put(text, "{:12d}  '{:<3s} '  {:22.16f}\n", type + 1, crystal.species[s], crystal.masses[s] / units.rydberg_mass);
  }
  for (int s = 0; s < crystal.n_atoms(); ++s) {
    const Eigen::RowVector3d x = crystal.positions.row(s) / alat;
    put(text, "{:5d}{:5d}", s + 1, type_of[s]);
    for (int i = 0; i < 3; ++i) number(text, x[i], 22, 16, 18, 10);
    text += '\n';
  }
}

void Writer::matrix(std::string& text, int iq) const {
  const Eigen::Vector3d q = cartesian(iq);
  text += "\n     Dynamical  Matrix in cartesian axes\n\n     q = (";
  for (int i = 0; i < 3; ++i) number(text, q[i], 18, 12, i == 0 ? 15 : 14, 9);
  text += " )\n\n";
  const int n_atoms = matrices.crystal.n_atoms();
  const double unit = units.rydberg_per_bohr2();
  for (int a = 0; a < n_atoms; ++a) {
    for (int b = 0; b < n_atoms; ++b) {
      put(text, "{:5d}{:5d}\n", a + 1, b + 1);
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
          const std::complex<double> value = block(iq)(3 * a + i, 3 * b + j) / unit;
          if (j > 0) text += "   ";
          number(text, value.real(), 23, 16, 12, 8);
          number(text, value.imag(), 23, 16, 13, 8);
        }
        text += '\n';
      }
    }
  }
}

void Writer::polar(std::string& text) const {
  const auto rows = [&](const Eigen::Matrix3d& tensor) {
    for (int i = 0; i < 3; ++i) put(text, "{:24.12f}{:24.12f}{:24.12f}\n", tensor(i, 0), tensor(i, 1), tensor(i, 2));
  };
  text += "\n     Dielectric Tensor:\n\n";
  rows(matrices.polar->dielectric);
  text += "\n     Effective Charges E-U: Z_{alpha}{s,beta}\n\n";
  for (std::size_t s = 0; s < matrices.polar->born_charges.size(); ++s) {
    put(text, "     atom # {:4d}\n", s + 1);
    rows(matrices.polar->born_charges[s]);
  }
}

void Writer::diagonalisation(std::string& text, int iq) const {
  const Eigen::Vector3d q = cartesian(iq);
  put(text, "\n     Diagonalizing the dynamical matrix\n\n     q = ({:18.12f}{:18.12f}{:18.12f} )\n\n", q[0], q[1],
      q[2]);
  text += qe_modes_text(all_modes[iq], matrices.crystal, units);
}

std::string Writer::star_file(int first, int count) const {
  std::string text;
  header(text);
  for (int iq = first; iq < first + count; ++iq) matrix(text, iq);
  const int gamma = matrices.grid.gamma();
  if (matrices.polar && gamma >= first && gamma < first + count) polar(text);
  diagonalisation(text, first);
  return text;
}

}  // namespace

std::string qe_modes_text(const Modes& modes, const Crystal& crystal, const UnitSet& units) {
  const std::string ruler(" **************************************************************************\n");
  std::string text = ruler;
  const Eigen::MatrixXcd patterns = displacement_patterns(modes, crystal).colwise().normalized();
  for (Eigen::Index mode = 0; mode < patterns.cols(); ++mode) {
    const double frequency = units.inverse_cm(modes.frequencies[mode]);
    text += fmt::format("     freq ({:5d}) ={:15.6f} [THz] ={:15.6f} [cm-1]\n", mode + 1,
                        frequency * units::thz_per_inverse_cm, frequency);
    for (Eigen::Index s = 0; s < patterns.rows(); s += 3) {
      text += " (";
      for (int i = 0; i < 3; ++i)
        text += fmt::format("{:10.6f}{:10.6f}", patterns(s + i, mode).real(), patterns(s + i, mode).imag());
      text += " )\n";
    }
  }
  return text + ruler;
}

std::string qe_grid_text(const DynamicalMatrices& matrices) {
  const QGrid& grid = matrices.grid;
  const double alat = matrices.alat > 0 ? matrices.alat : matrices.crystal.cell.row(0).norm();
  std::string text = fmt::format("{:4d}{:4d}{:4d}\n{:4d}\n", grid.divisions()[0], grid.divisions()[1],
                                 grid.divisions()[2], grid.stars().size());
  for (const int iq : grid.representatives()) {
    const Eigen::Vector3d q = alat * matrices.crystal.reciprocal().transpose() * grid.points()[iq];
    text += fmt::format("{:24.15E}{:24.15E}{:24.15E}\n", q[0], q[1], q[2]);
  }
  return text;
}

void write_qe_dyn(const DynamicalMatrices& matrices, const std::string& prefix, const UnitSet& units, bool strict) {
  refuse_unwritable(matrices, prefix);
  const Writer writer(matrices, units, strict);
  const std::vector<int> firsts = matrices.grid.representatives();
  for (std::size_t star = 0; star < firsts.size(); ++star) {
    write_file(prefix + std::to_string(star + 1), writer.star_file(firsts[star], matrices.grid.stars()[star]));
  }
  // Last, because it announces the others.
  write_file(prefix + "0", qe_grid_text(matrices));
}

}  // namespace zeropoint::phonons
