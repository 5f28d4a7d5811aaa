#include "phonons/phonopy/born.hpp"

#include <algorithm>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/space_group.hpp"
#include "files/text_scanner.hpp"
#include "phonons/dipole.hpp"
#include "phonons/polar_symmetry.hpp"

namespace zeropoint::phonons {
namespace {

/// The first atom of the orbit of each atom, and an operation that leads from there.
struct Orbit {
  int first;
  const SymmetryOperation* operation;
};

std::vector<Orbit> orbits_of(const SpaceGroup& group, int n_atoms) {
  std::vector<Orbit> orbits(static_cast<std::size_t>(n_atoms), Orbit{-1, nullptr});
  for (int s = 0; s < n_atoms; ++s) {
    if (orbits[s].first >= 0) continue;
    for (const SymmetryOperation& operation : group.operations) {
      Orbit& image = orbits[operation.permutation[static_cast<std::size_t>(s)]];
      if (image.first < 0) image = {s, &operation};
    }
  }
  return orbits;
}

Eigen::Matrix3d tensor_in_line(TextScanner& scan, const std::string& what) {
  scan.require_filled(what);
  scan.require_words(9, what);
  if (scan.words().size() != 9) scan.fail("{} numbers where the 9 of {} are expected", scan.words().size(), what);
  Eigen::Matrix3d tensor;
  for (int k = 0; k < 9; ++k) tensor(k / 3, k % 3) = scan.number(static_cast<std::size_t>(k));
  return tensor;
}

std::string line_of(const Eigen::Matrix3d& tensor) {
  std::string line;
  for (int k = 0; k < 9; ++k) line += fmt::format("{:18.12f}", tensor(k / 3, k % 3));
  return line + '\n';
}

}  // namespace

Polar read_born(const std::string& path, const Crystal& primitive) {
  TextScanner scan(path);
  scan.require_next("the factor of the dipole term, or a comment");
  Polar polar{tensor_in_line(scan, "the dielectric tensor"), {}};
  const SpaceGroup group = chemical_group(primitive);
  const std::vector<Orbit> orbits = orbits_of(group, primitive.n_atoms());
  int n_independent = 0;
  for (int s = 0; s < primitive.n_atoms(); ++s) n_independent += orbits[s].first == s ? 1 : 0;
  int line = 0;
  for (int s = 0; s < primitive.n_atoms(); ++s) {
    const Orbit& orbit = orbits[s];
    if (orbit.first == s) {
      polar.born_charges.push_back(
          tensor_in_line(scan, fmt::format("the Born charge of atom {}, number {} of {} that are independent in {}",
                                           s + 1, ++line, n_independent, group.symbol)));
    } else {
      const Eigen::Matrix3d& turn = orbit.operation->cartesian;
      polar.born_charges.emplace_back(turn * polar.born_charges[orbit.first] * turn.transpose());
    }
  }
  if (scan.next_filled()) {
    scan.fail(
        "a line behind the Born charges of the {} independent atoms of the primitive cell ({}): only the first atom of "
        "each orbit has "
        "one",
        n_independent, group.symbol);
  }
  check(polar, primitive.n_atoms());
  check_charge_symmetry(primitive, polar, path);
  return polar;
}

void write_born(const std::string& path, const Crystal& primitive, const Polar& polar, double factor) {
  check(polar, primitive.n_atoms());
  check_charge_symmetry(primitive, polar, path + " is not written");
  const SpaceGroup group = chemical_group(primitive);
  const std::vector<Orbit> orbits = orbits_of(group, primitive.n_atoms());
  std::string text = fmt::format("{:.12f}\n", factor) + line_of(polar.dielectric);
  for (int s = 0; s < primitive.n_atoms(); ++s) {
    if (orbits[s].first == s) text += line_of(polar.born_charges[s]);
  }
  write_file(path, text);
}

}  // namespace zeropoint::phonons
