#include "files/dft_output.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/number_text.hpp"

namespace zeropoint {
namespace {

// Programs symmetrise the stress and print it with 1e-6 eV/angstrom^3 or better.
constexpr double asymmetry = 1e-5;           // eV/angstrom^3
constexpr double relative_asymmetry = 1e-3;  // of the largest element
constexpr double closest = 0.4;              // angstrom: nuclei of hydrogen at hundreds of GPa are further apart

/// Nearest images of rounded crystal coordinates: wrong ones are far, and only what is near matters.
void check_distances(const LabelledStructure& structure) {
  const Vectors fractional = structure.positions * structure.cell.inverse();
  double least = closest * closest;
  Eigen::Index first = -1, second = -1;
  for (Eigen::Index i = 0; i < fractional.rows(); ++i) {
    for (Eigen::Index j = i + 1; j < fractional.rows(); ++j) {
      Eigen::RowVector3d apart = fractional.row(j) - fractional.row(i);
      apart.array() -= apart.array().round();
      if (const double square = (apart * structure.cell).squaredNorm(); square < least) {
        least = square;
        first = i;
        second = j;
      }
    }
  }
  if (first < 0) return;
  throw InputError{
      "atoms {} and {} are {:.3g} angstrom apart (nearer than {} is not believed): crystal coordinates or another unit "
      "where angstrom is expected, or an atom twice",
      first + 1, second + 1, std::sqrt(least), closest};
}

void check_forces(const LabelledStructure& structure, const LabelLimits& limits) {
  const Vectors& forces = structure.forces;
  for (Eigen::Index atom = 0; atom < forces.rows(); ++atom) {
    if (!forces.row(atom).allFinite()) {
      throw InputError{"the force on atom {} is not finite: the calculation failed, run it again", atom + 1};
    }
    if (const double force = forces.row(atom).norm(); force >= limits.force) {
      throw InputError{
          "the force on atom {} is {:.4g} eV/angstrom (at most {} is believed): atoms on top of each other, or another "
          "unit",
          atom + 1, force, limits.force};
    }
  }
  const double net = forces.colwise().sum().norm();
  if (const double limit = limits.net_force_per_atom * static_cast<double>(forces.rows()); net >= limit) {
    throw InputError{
        "the forces do not add up to zero: their sum is {:.4g} eV/angstrom (below {:.4g} is expected): rows are "
        "missing, or "
        "the calculation is not converged",
        net, limit};
  }
}

void check_stress(const Eigen::Matrix3d& stress) {
  if (!stress.allFinite()) throw InputError{"the stress is not finite: the calculation failed, run it again"};
  const double off = (stress - stress.transpose()).cwiseAbs().maxCoeff();
  if (off > asymmetry + relative_asymmetry * stress.cwiseAbs().maxCoeff()) {
    throw InputError{
        "the stress is not symmetric: elements differ by {:.4g} eV/angstrom^3 from their transposes; the file is "
        "damaged",
        off};
  }
}

}  // namespace

void check(const LabelledStructure& structure, const LabelLimits& limits) {
  const Eigen::Index n_atoms = structure.n_atoms();
  if (n_atoms == 0) throw InputError{"there are no atoms in it"};
  if (structure.positions.rows() != n_atoms || structure.forces.rows() != n_atoms) {
    throw InputError{"{} atoms, but {} positions and {} forces: the file is damaged", n_atoms,
                     structure.positions.rows(), structure.forces.rows()};
  }
  if (!structure.cell.allFinite() || !(std::abs(structure.cell.determinant()) > 1e-3)) {
    throw InputError{"the cell vectors span a volume of {:.4g} angstrom^3: they are damaged or not those of a crystal",
                     std::abs(structure.cell.determinant())};
  }
  if (!structure.positions.allFinite()) throw InputError{"a position is not finite: the file is damaged"};
  check_distances(structure);
  if (!std::isfinite(structure.energy))
    throw InputError{"the energy is not finite: the calculation failed, run it again"};
  check_forces(structure, limits);
  if (structure.stress) check_stress(*structure.stress);
}

std::vector<double> finite_numbers(std::string_view text, std::size_t count, std::string_view what) {
  std::string flat{text};
  std::replace(flat.begin(), flat.end(), '\n', ' ');
  std::vector<double> numbers;
  for (const std::string_view word : split_words(flat)) {
    double value = 0;
    const char* const end = word.data() + word.size();
    if (parse_number(word.data(), end, value) != end || !std::isfinite(value)) {
      throw InputError{"{}: '{}' is not a finite number: the calculation failed or the file is damaged", what, word};
    }
    numbers.push_back(value);
  }
  if (numbers.size() != count) {
    throw InputError{"{}: {} numbers, {} expected: the file is damaged or of another version", what, numbers.size(),
                     count};
  }
  return numbers;
}

void fail_without_newline(const TextScanner& scan) {
  scan.fail(
      "the last line of the file has no end: it may be cut inside of a number. Write it again, or end the line when it "
      "is complete");
}

std::string reason_without_path(std::string_view message, const std::string& path) {
  if (!message.starts_with(path + ":")) return std::string{message};
  std::string_view rest = message.substr(path.size() + 1);
  const auto take_number = [&]() -> std::string_view {
    const std::size_t end = rest.find_first_not_of("0123456789");
    if (end == 0 || end == std::string_view::npos || rest[end] != ':') return {};
    const std::string_view number = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return number;
  };
  const std::string_view line = take_number(), column = line.empty() ? line : take_number();
  if (line.empty()) return std::string{trimmed(rest)};
  return column.empty() ? fmt::format("line {}: {}", line, trimmed(rest))
                        : fmt::format("line {}, column {}: {}", line, column, trimmed(rest));
}

}  // namespace zeropoint
