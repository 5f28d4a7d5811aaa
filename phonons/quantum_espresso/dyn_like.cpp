#include "phonons/quantum_espresso/dyn_like.hpp"

#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/text_scanner.hpp"
#include "phonons/quantum_espresso/dyn_file.hpp"
#include "phonons/quantum_espresso/dyn_read.hpp"
#include "phonons/quantum_espresso/dyn_write.hpp"

namespace zeropoint::phonons {
namespace {

/// Copies one file line by line, with other matrices and modes.
class Copy {
 public:
  Copy(const DynamicalMatrices& matrices, const std::vector<Modes>& modes, const std::string& path,
       const UnitSet& units)
      : matrices_(matrices), modes_(modes), units_(units), scan_(path), cell_in_alat_(cell_of(path)) {}

  std::string operator()() {
    while (next()) {
      if (scan_.words().size() >= 2 && scan_.words()[0] == "Dynamical" && scan_.words()[1] == "Matrix") block();
      if (scan_.line().find("Diagonalizing") != std::string_view::npos) diagonalisation();
    }
    return std::move(text_);
  }

 private:
  Eigen::Matrix3d cell_of(const std::string& path) const {
    const QeDynFile file = read_qe_dyn_file(path, units_);  // refuses what is damaged
    const Crystal& ours = matrices_.crystal;
    if (trimmed(scan_.peek()).starts_with('<')) {
      throw InputError{"{} is XML: only headers of text files are kept", path};
    }
    const double strain =
        file.crystal.n_atoms() == ours.n_atoms() && file.crystal.species == ours.species
            ? (file.crystal.cell - ours.cell).cwiseAbs().maxCoeff() / ours.cell.rowwise().norm().maxCoeff()
            : 1;
    if (!(strain < 1e-5)) {
      throw InputError{"{} is of {} in another cell or order than the matrices, {}: its header does not describe them",
                       path, file.crystal.formula(), ours.formula()};
    }
    return file.crystal.cell / file.alat;
  }

  bool next() {
    if (!scan_.next()) return false;
    text_.append(scan_.line()).append("\n");
    return true;
  }

  /// Moves to the next filled line, which is copied when `keep`. The file has been read before: nothing is missing.
  void filled(bool keep) {
    do {
      if (!scan_.next()) scan_.fail("the file changed while it was read: try again");
      if (keep || scan_.words().empty()) text_.append(scan_.line()).append("\n");
    } while (scan_.words().empty());
  }

  int q_index() {
    const std::string_view line = scan_.line();
    const std::size_t open = line.find('(') + 1;
    const std::vector<double> q = scan_.numbers_in(line.substr(open, line.find(')') - open));
    const int iq = matrices_.grid.find(cell_in_alat_ * Eigen::Vector3d(q.at(0), q.at(1), q.at(2)));
    if (iq < 0) {
      scan_.fail("this q point is not among the {} of the matrices: originals on the same grid are needed",
                 matrices_.grid.size());
    }
    return iq;
  }

  void block() {
    filled(true);
    const Eigen::MatrixXcd values = matrices_.blocks[q_index()] / units_.rydberg_per_bohr2();
    for (int pair = 0; pair < matrices_.crystal.n_atoms() * matrices_.crystal.n_atoms(); ++pair) {
      filled(true);
      const int a = scan_.integer(0) - 1, b = scan_.integer(1) - 1;
      for (int i = 0; i < 3; ++i) {
        filled(false);
        for (int j = 0; j < 3; ++j) {
          const std::complex<double> value = values(3 * a + i, 3 * b + j);
          text_ += fmt::format("{}{:18.14f}{:18.14f}", j > 0 ? "  " : "", value.real(), value.imag());
        }
        text_ += '\n';
      }
    }
  }

  void diagonalisation() {
    filled(true);
    const int iq = q_index();
    for (int rulers = 0; rulers < 2 && scan_.next();) {
      if (trimmed(scan_.line()).starts_with("****")) {
        if (++rulers == 2) text_ += qe_modes_text(modes_[iq], matrices_.crystal, units_);
      } else if (rulers == 0) {
        text_.append(scan_.line()).append("\n");
      }
    }
  }

  const DynamicalMatrices& matrices_;
  const std::vector<Modes>& modes_;
  const UnitSet& units_;
  TextScanner scan_;
  Eigen::Matrix3d cell_in_alat_;
  std::string text_;
};

}  // namespace

void write_qe_dyn_like(const DynamicalMatrices& matrices, const std::string& original, const std::string& prefix,
                       const UnitSet& units) {
  refuse_unwritable(matrices, prefix);
  const std::vector<Modes> modes = diagonalise(matrices);
  // The whole set is made before the first file is written: an original may lie at `prefix` itself.
  const DynamicalMatrices theirs = read_qe_dyn(original, units);
  if (theirs.grid.divisions() != matrices.grid.divisions()) {
    const Eigen::Vector3i a = theirs.grid.divisions(), b = matrices.grid.divisions();
    throw InputError{
        "{} is on a {} x {} x {} grid, the matrices are on {} x {} x {}: originals on the same grid are needed",
        original,
        a[0],
        a[1],
        a[2],
        b[0],
        b[1],
        b[2]};
  }
  std::vector<std::string> texts;
  for (const std::string& path : qe_dyn_paths(original)) texts.push_back(Copy(matrices, modes, path, units)());
  const std::string grid = original + "0";
  const std::string grid_text = std::filesystem::is_regular_file(grid) ? read_file(grid) : qe_grid_text(theirs);
  for (std::size_t i = 0; i < texts.size(); ++i) write_file(prefix + std::to_string(i + 1), texts[i]);
  write_file(prefix + "0", grid_text);
}

}  // namespace zeropoint::phonons
