#include "phonons/polar_symmetry.hpp"

#include <cmath>
#include <string>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double largest_violation = 0.05;  // |e|: linear response leaves less, another atom's charges more

/// "-y, x-y, z+0.5".
std::string text_of(const SymmetryOperation& operation) {
  std::string text;
  for (int i = 0; i < 3; ++i) {
    if (i > 0) text += ", ";
    std::string row;
    for (int k = 0; k < 3; ++k) {
      const int factor = operation.rotation(i, k);
      if (factor == 0) continue;
      if (factor < 0) row += '-';
      if (factor > 0 && !row.empty()) row += '+';
      if (std::abs(factor) > 1) row += std::to_string(std::abs(factor));
      row += "xyz"[k];
    }
    const double shift = operation.translation[i] - std::floor(operation.translation[i] + 1e-6);
    if (shift > 1e-4) row += fmt::format("+{:.4g}", shift);
    text += row;
  }
  return text;
}

void refuse_wrong_count(const Polar& polar, const Crystal& crystal) {
  if (static_cast<int>(polar.born_charges.size()) == crystal.n_atoms()) return;
  throw InputError{"{} Born effective charges for {} atoms: give one for every atom of the unit cell",
                   polar.born_charges.size(), crystal.n_atoms()};
}

/// The first atom whose charge is not that of its image.
std::optional<std::string> violation_of(const Polar& polar, const Crystal& crystal, const SpaceGroup& group) {
  refuse_wrong_count(polar, crystal);
  for (const SymmetryOperation& operation : group.operations) {
    const Eigen::Matrix3d& turn = operation.cartesian;
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      const int image = operation.permutation[s];
      const Eigen::Matrix3d turned = turn * polar.born_charges[s] * turn.transpose();
      const double violation = (turned - polar.born_charges[image]).cwiseAbs().maxCoeff();
      if (violation <= largest_violation) continue;
      return fmt::format(
          "the Born effective charges of atom {} ({}) and of its image under {}, atom {}, differ by {:.3f} |e| (at "
          "most {} is noise): they are of another structure, of atoms in another order, or of an atom that is not "
          "first in its orbit; compute them for this one",
          s + 1, crystal.species[s], text_of(operation), image + 1, violation, largest_violation);
    }
  }
  return {};
}

}  // namespace

Polar symmetrized(const Polar& polar, const Crystal& crystal, const SpaceGroup& group) {
  if (const auto violation = violation_of(polar, crystal, group)) throw InputError{"{}", *violation};
  const std::size_t n = polar.born_charges.size();
  Polar result{Eigen::Matrix3d::Zero(), std::vector<Eigen::Matrix3d>(n, Eigen::Matrix3d::Zero())};
  for (const SymmetryOperation& operation : group.operations) {
    const Eigen::Matrix3d& turn = operation.cartesian;
    result.dielectric += turn * polar.dielectric * turn.transpose();
    for (std::size_t s = 0; s < n; ++s) {
      result.born_charges[operation.permutation[s]] += turn * polar.born_charges[s] * turn.transpose();
    }
  }
  const auto count = static_cast<double>(group.operations.size());
  result.dielectric /= count;
  for (Eigen::Matrix3d& charge : result.born_charges) charge /= count;
  return result;
}

SpaceGroup chemical_group(Crystal crystal) {
  const std::vector<int> index = crystal.species_index();
  for (Eigen::Index s = 0; s < crystal.masses.size(); ++s) crystal.masses[s] = 1 + index[s];
  return find_space_group(crystal);
}

std::optional<std::string> broken_charge_symmetry(const Crystal& crystal, const Polar& polar) {
  return violation_of(polar, crystal, chemical_group(crystal));
}

void check_charge_symmetry(const Crystal& crystal, const Polar& polar, const std::string& source) {
  if (const auto violation = broken_charge_symmetry(crystal, polar)) throw InputError{"{}: {}", source, *violation};
}

}  // namespace zeropoint::phonons
