#include "files/labelled_structure.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

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

LabelledStructures judged(std::vector<LabelledEntry> entries, const LabelLimits& limits) {
  LabelledStructures all;
  for (LabelledEntry& entry : entries) {
    if (const auto* refused = std::get_if<RefusedOutput>(&entry)) {
      all.refused.push_back(*refused);
      continue;
    }
    LabelledStructure& structure = std::get<LabelledStructure>(entry);
    try {
      check(structure, limits);
      all.accepted.push_back(std::move(structure));
    } catch (const InputError& error) {
      all.refused.push_back({structure.source, error.what()});
    }
  }
  return all;
}

std::string reason_of(const Error& error, const std::string& path) {
  const Place& place = error.place();
  if (place.file != path) return error.what();
  std::string reason = place.line == 0 ? error.problem()
                       : place.column == 0
                           ? fmt::format("line {}: {}", place.line, error.problem())
                           : fmt::format("line {}, column {}: {}", place.line, place.column, error.problem());
  return error.advice().empty() ? reason : reason + ": " + error.advice();
}

std::vector<std::vector<const LabelledStructure*>> by_atoms(const std::vector<LabelledStructure>& structures) {
  std::vector<std::vector<const LabelledStructure*>> groups;
  std::map<std::pair<std::vector<std::string>, bool>, std::size_t> known;
  for (const LabelledStructure& structure : structures) {
    const auto [place, is_new] = known.try_emplace({structure.species, structure.stress.has_value()}, groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(&structure);
  }
  return groups;
}

}  // namespace zeropoint
