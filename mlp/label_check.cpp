#include "mlp/label_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/units.hpp"

namespace zeropoint::mlp {
namespace {

constexpr double largest_strain = 0.1;
constexpr std::size_t most_pairs = 500;
constexpr int fewest_pairs = 8;
constexpr double explained_enough = 0.85;  // anharmonic crystals reach more than this
constexpr double tolerated = 1.3;          // factor; anharmonic ones are within a few per cent

/// Work of forces and stress between two structures, and the change of the energy.
struct Comparison {
  double force_work, stress_work, energy;
};

std::optional<Comparison> compare(const LabelledStructure& a, const LabelledStructure& b) {
  const Eigen::Matrix3d map = a.cell.inverse() * b.cell;  // r_b = r_a map, for rows
  if ((map - Eigen::Matrix3d::Identity()).cwiseAbs().maxCoeff() > largest_strain) return std::nullopt;
  const Eigen::Matrix3d strain = (map + map.transpose()) / 2 - Eigen::Matrix3d::Identity(),
                        middle = (a.cell + b.cell) / 2;
  Vectors moved = b.positions * b.cell.inverse() - a.positions * a.cell.inverse();
  moved = ((moved.array() - moved.array().round()).matrix() * middle).eval();
  const double force_work = -0.5 * ((a.forces + b.forces).array() * moved.array()).sum();
  double stress_work = 0;
  if (a.stress && b.stress) {
    const double va = std::abs(a.cell.determinant()), vb = std::abs(b.cell.determinant());
    stress_work = 0.5 * ((va * *a.stress + vb * *b.stress).array() * strain.array()).sum();
  }
  return Comparison{force_work, stress_work, b.energy - a.energy};
}

/// Names of factors by which units differ.
std::string explanation(double factor) {
  const double bohr = units::codata2022.bohr, rydberg = units::codata2022.rydberg;
  const std::array<std::pair<double, const char*>, 8> known{
      {{1 / bohr, "forces per bohr where angstrom was said, or positions in bohr"},
       {bohr, "forces are too large by angstrom/bohr: Ry/bohr was converted twice, or Ry/angstrom was read as Ry/bohr"},
       {rydberg, "forces in Ry/angstrom where eV/angstrom was said"},
       {1 / rydberg, "energies in Ry where eV was said"},
       {rydberg / bohr, "forces in Ry/bohr where eV/angstrom was said"},
       {2 * rydberg, "forces in Ha/angstrom where eV/angstrom was said"},
       {2 * rydberg / bohr, "forces in Ha/bohr where eV/angstrom was said"},
       {1 / (2 * rydberg), "energies in Ha where eV was said"}}};
  for (const auto& [value, meaning] : known) {
    if (std::abs(std::log(factor / value)) < 0.1) return meaning;
  }
  return "the energies may be of single atoms or of other structures, or a unit is wrong";
}

}  // namespace

LabelConsistency check_consistency(const std::vector<LabelledStructure>& structures) {
  std::map<std::vector<std::string>, std::vector<const LabelledStructure*>> same_atoms;
  for (const LabelledStructure& structure : structures) same_atoms[structure.species].push_back(&structure);
  std::vector<Comparison> all;
  for (const auto& [species, members] : same_atoms) {
    // Neighbours in a file are often antithetic partners, whose energies differ little: compare across the set.
    const std::size_t half = members.size() / 2, step = std::max<std::size_t>(1, half / most_pairs);
    for (std::size_t k = 0; k < half; k += step) {
      if (const auto found = compare(*members[k], *members[half + (k + half / 3 + 1) % half])) all.push_back(*found);
    }
  }
  LabelConsistency result{
      .n_pairs = static_cast<int>(all.size()), .explained = 0, .force_factor = {}, .stress_factor = {}};
  if (result.n_pairs < fewest_pairs) return result;
  double ff = 0, fs = 0, ss = 0, fe = 0, se = 0, ee = 0;
  for (const auto& [f, s, e] : all) {
    ff += f * f;
    fs += f * s;
    ss += s * s;
    fe += f * e;
    se += s * e;
    ee += e * e;
  }
  if (!(ee > 0) || !(ff > 0)) return result;
  const double determinant = ff * ss - fs * fs;
  constexpr double enough =
      0.03;  // of the squared energies: a stress that matters, and not in proportion to the forces' work
  if (ss > enough * ee && determinant > 0.05 * ff * ss) {
    result.force_factor = (fe * ss - se * fs) / determinant;
    result.stress_factor = (se * ff - fe * fs) / determinant;
    result.explained = (*result.force_factor * fe + *result.stress_factor * se) / ee;
  } else {
    result.force_factor = fe / ff;
    result.explained = *result.force_factor * fe / ee;
  }
  return result;
}

std::vector<std::string> complaints(const LabelConsistency& consistency) {
  std::vector<std::string> texts;
  if (!consistency.force_factor || consistency.explained < explained_enough) return texts;
  const double force = *consistency.force_factor;
  const bool force_is_wrong = !(force > 1 / tolerated && force < tolerated);
  if (force < 0) {
    texts.push_back(fmt::format(
        "the energies change by {:.2f} times the work of the forces: gradients were given instead of forces", force));
  } else if (force_is_wrong) {
    texts.push_back(
        fmt::format("the energies change by {:.3g} times the work of the forces: {}", force, explanation(force)));
  }
  if (consistency.stress_factor && !force_is_wrong && *consistency.stress_factor < -1 / tolerated) {
    texts.push_back(fmt::format(
        "the energies change by {:.2f} times the work of the stress: its sign is turned (here positive = tensile; a "
        "virial is -volume x stress)",
        *consistency.stress_factor));
  } else if (consistency.stress_factor && !force_is_wrong &&
             (*consistency.stress_factor > 2 * tolerated || *consistency.stress_factor < 0.5 / tolerated)) {
    texts.push_back(fmt::format("the energies change by {:.3g} times the work of the stress: its unit may be wrong",
                                *consistency.stress_factor));
  }
  return texts;
}

}  // namespace zeropoint::mlp
