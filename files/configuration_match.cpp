#include "files/configuration_match.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/elements.hpp"
#include "core/error.hpp"
#include "core/units.hpp"

namespace zeropoint {
namespace {

constexpr double cell_tolerance = 1e-4;    // angstrom, an element of a cell vector
constexpr double farthest_crystal = 1e6;   // positions beyond so many cells are no positions
constexpr std::size_t most_evidence = 8;   // configurations compared in full to explain a failure
constexpr int n_compared_for_nearest = 4;  // atoms that decide which configuration is called the nearest

std::map<std::string, int> counted(const std::vector<std::string>& labels) {
  std::map<std::string, int> counts;
  for (const std::string& label : labels) ++counts[label];
  return counts;
}

std::vector<std::string> element_symbols(std::vector<std::string> labels) {
  for (std::string& label : labels) label = element_symbol(label);
  return labels;
}

/// Labels distinguish atoms only where both sides use the same ones.
bool same_labels(const std::map<std::string, int>& a, const std::map<std::string, int>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

std::string formula(const std::map<std::string, int>& counts) {
  std::string text;
  for (const auto& [species, n] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, species);
  return text;
}

/// What else the cell may be.
std::string hint(const Eigen::Matrix3d& cell, const Eigen::Matrix3d& expected) {
  const double scale = std::cbrt(std::abs(cell.determinant() / expected.determinant()));
  const bool uniform = ((cell - scale * expected).cwiseAbs().maxCoeff() < 1e-3 * expected.cwiseAbs().maxCoeff());
  const double bohr = units::codata2022.bohr;
  if (uniform && std::abs(scale * bohr - 1) < 1e-3)
    return "all vectors are 1/0.529 times as long: bohr instead of angstrom?";
  if (uniform && std::abs(scale / bohr - 1) < 1e-3)
    return "all vectors are 0.529 times as long: taken for bohr, but angstrom?";
  if (uniform) return fmt::format("all vectors are {:.6f} times as long: another volume", scale);
  if ((cell * cell.transpose() - expected * expected.transpose()).cwiseAbs().maxCoeff() < 1e-2) {
    return "lengths and angles are the same: the crystal is rotated, and rotated structures are not matched";
  }
  const Eigen::Matrix3d change = cell * expected.inverse(), integers = change.array().round();
  if ((change - integers).cwiseAbs().maxCoeff() < 1e-3 && std::abs(std::abs(integers.determinant()) - 1) < 0.1) {
    return "other vectors of the same lattice: write the structures with the vectors of the supercell";
  }
  return "another volume, grid or strain";
}

std::string other_cell(const Eigen::Matrix3d& cell, const Eigen::Matrix3d& expected) {
  Eigen::Index row, column;
  const double off = (cell - expected).cwiseAbs().maxCoeff(&row, &column);
  if (off <= cell_tolerance) return {};
  return fmt::format(
      "another cell: a{} is ({:.6f}, {:.6f}, {:.6f}) angstrom, that of the supercell ({:.6f}, {:.6f}, {:.6f}), {:.2g} "
      "off; {}",
      row + 1, cell(row, 0), cell(row, 1), cell(row, 2), expected(row, 0), expected(row, 1), expected(row, 2), off,
      hint(cell, expected));
}

/// The two atoms with the largest mean square displacements.
std::pair<int, int> most_moving(const double* u, std::int64_t n_configurations, int n_atoms) {
  std::vector<double> squares(static_cast<std::size_t>(n_atoms), 0.0);
  const std::int64_t stride = std::max<std::int64_t>(1, n_configurations / 1000);
  for (std::int64_t c = 0; c < n_configurations; c += stride) {
    for (int atom = 0; atom < n_atoms; ++atom) {
      squares[atom] += Eigen::Map<const Eigen::RowVector3d>(u + 3 * (c * n_atoms + atom)).squaredNorm();
    }
  }
  std::vector<int> atoms(squares.size());
  std::iota(atoms.begin(), atoms.end(), 0);
  std::stable_sort(atoms.begin(), atoms.end(), [&](int a, int b) { return squares[a] > squares[b]; });
  return {atoms[0], atoms[atoms.size() > 1 ? 1 : 0]};
}

}  // namespace

/// A structure that is looked for.
struct ConfigurationIndex::Query {
  const LabelledStructure& structure;
  std::vector<std::string> species;    // of the structure, as far as they distinguish atoms
  std::vector<std::string> expected;   // of the supercell
  Eigen::RowVector3d cell_difference;  // length of the difference of each cell vector, angstrom
  bool identity_species;               // the same species in the same order
  PeriodicPoints points;               // atoms of the structure

  int n_atoms() const { return structure.n_atoms(); }
};

ConfigurationIndex::ConfigurationIndex(const Supercell& reference, at::Tensor displacements, double tolerance)
    : crystal_(reference.crystal()),
      displacements_(std::move(displacements)),
      to_fractional_(crystal_.cell.inverse()),
      tolerance_(tolerance) {
  if (displacements_.dim() != 3 || displacements_.size(1) != crystal_.n_atoms() || displacements_.size(2) != 3 ||
      displacements_.scalar_type() != at::kDouble || !displacements_.is_cpu()) {
    throw InputError{"displacements must be float64 [n, {}, 3] on the CPU, one row for each atom of the supercell",
                     crystal_.n_atoms()};
  }
  displacements_ = displacements_.contiguous();
  u_ = displacements_.const_data_ptr<double>();
  n_configurations_ = displacements_.size(0);
  if (n_configurations_ == 0) return;
  std::tie(probe_, second_probe_) = most_moving(u_, n_configurations_, crystal_.n_atoms());
  const double reach = tolerance_ + 3 * std::sqrt(3.0) * cell_tolerance;
  const auto points_of = [&](int atom) {
    Vectors positions(n_configurations_, 3);
    for (std::int64_t c = 0; c < n_configurations_; ++c) positions.row(c) = position(c, atom);
    return PeriodicPoints{crystal_.cell, reach, positions};
  };
  probe_points_ = points_of(probe_);
  second_probe_points_ = points_of(second_probe_);
}

Eigen::RowVector3d ConfigurationIndex::position(std::int64_t configuration, int atom) const {
  return crystal_.positions.row(atom) +
         Eigen::Map<const Eigen::RowVector3d>(u_ + 3 * (configuration * crystal_.n_atoms() + atom));
}

std::string ConfigurationIndex::other_atoms(const LabelledStructure& structure) const {
  if (structure.n_atoms() != crystal_.n_atoms()) {
    return fmt::format("{} atoms, the supercell has {}", structure.n_atoms(), crystal_.n_atoms());
  }
  const auto found = counted(element_symbols(structure.species)), expected = counted(element_symbols(crystal_.species));
  if (found != expected) return fmt::format("other atoms: {}; the supercell has {}", formula(found), formula(expected));
  return {};
}

/// Whether an atom of the structure is at the place of a supercell atom, whatever its species.
bool ConfigurationIndex::is_at(const Query& query, int structure_atom, std::int64_t configuration, int atom) const {
  Eigen::RowVector3d shift;
  const Eigen::RowVector3d off =
      nearest_image(query.structure.positions.row(structure_atom) - position(configuration, atom), crystal_.cell,
                    to_fractional_, shift);
  if (off.squaredNorm() <= tolerance_ * tolerance_) return true;
  return off.norm() <= tolerance_ + shift.cwiseAbs().cwiseMin(1.0).dot(query.cell_difference);
}

bool ConfigurationIndex::in_identity_order(const Query& query, std::int64_t configuration) const {
  if (!query.identity_species) return false;
  for (int atom = 0; atom < query.n_atoms(); ++atom) {
    if (!is_at(query, atom, configuration, atom)) return false;
  }
  return true;
}

/// Which atom of the structure is each supercell atom. `stop_early`: at the first that is none or of another species.
ConfigurationIndex::Comparison ConfigurationIndex::compare(const Query& query, std::int64_t configuration,
                                                           bool stop_early) const {
  Comparison found{configuration, std::vector<int>(static_cast<std::size_t>(query.n_atoms()), -1), {}, {}};
  std::vector<bool> taken(found.order.size(), false);
  for (int step = 0; step < query.n_atoms(); ++step) {
    const int atom = (step + second_probe_) % query.n_atoms();  // an atom that moves much settles most comparisons
    const auto a = static_cast<std::size_t>(atom);
    for (const std::int64_t near : query.points.near(position(configuration, atom))) {
      const auto j = static_cast<std::size_t>(near);
      if (taken[j] || !is_at(query, static_cast<int>(near), configuration, atom)) continue;
      const bool same = query.species[j] == query.expected[a];
      if (found.order[a] >= 0 && !same) continue;
      found.order[a] = static_cast<int>(near);
      if (same) break;
    }
    if (found.order[a] < 0) {
      found.unmatched.push_back(atom);
    } else {
      const auto j = static_cast<std::size_t>(found.order[a]);
      taken[j] = true;
      if (query.species[j] != query.expected[a]) found.exchanged.push_back(atom);
    }
    if (stop_early && found.n_wrong() > 0) return found;
  }
  std::sort(found.unmatched.begin(), found.unmatched.end());
  std::sort(found.exchanged.begin(), found.exchanged.end());
  return found;
}

/// The configurations that have `atom` where the structure has one of its atoms, ascending; `points` are its positions.
std::vector<std::int64_t> ConfigurationIndex::candidates(const Query& query, const PeriodicPoints& points,
                                                         int atom) const {
  std::vector<std::int64_t> all;
  for (int j = 0; j < query.n_atoms(); ++j) {
    for (const std::int64_t c : points.near(query.structure.positions.row(j))) {
      if (is_at(query, j, c, atom)) all.push_back(c);
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Match ConfigurationIndex::find(const LabelledStructure& structure) const {
  Match match;
  const int n_atoms = structure.n_atoms();
  if (n_configurations_ == 0) return {-1, {}, "the population is empty"};
  if (match.reason = other_atoms(structure); !match.reason.empty()) return match;
  if (match.reason = other_cell(structure.cell, crystal_.cell); !match.reason.empty()) return match;
  const double farthest = (structure.positions * to_fractional_).cwiseAbs().maxCoeff();
  if (!(farthest < farthest_crystal)) return {-1, {}, "an atom is far outside of the cell: the positions are damaged"};

  const bool by_label = same_labels(counted(structure.species), counted(crystal_.species));
  Query query{structure,
              by_label ? structure.species : element_symbols(structure.species),
              by_label ? crystal_.species : element_symbols(crystal_.species),
              (structure.cell - crystal_.cell).rowwise().norm().transpose(),
              false,
              {}};
  query.identity_species = query.species == query.expected;
  for (const std::int64_t c : probe_points_.near(structure.positions.row(probe_))) {
    if (!in_identity_order(query, c)) continue;
    match.configuration = c;
    match.order.resize(static_cast<std::size_t>(n_atoms));
    std::iota(match.order.begin(), match.order.end(), 0);
    return match;
  }
  query.points = PeriodicPoints{crystal_.cell, tolerance_ + query.cell_difference.sum(), structure.positions};
  for (const std::int64_t c : candidates(query, probe_points_, probe_)) {
    Comparison found = compare(query, c, true);
    if (found.n_wrong() == 0) return {c, std::move(found.order), {}};
  }
  match.reason = nearest_evidence(query);
  return match;
}

std::string ConfigurationIndex::nearest_evidence(const Query& query) const {
  auto near = candidates(query, probe_points_, probe_);
  if (near.size() < most_evidence) {
    const auto more = candidates(query, second_probe_points_, second_probe_);
    near.insert(near.end(), more.begin(), more.end());
  }
  if (near.size() > most_evidence) near.resize(most_evidence);
  Comparison best;
  for (const std::int64_t c : near) {
    Comparison found = compare(query, c, false);
    if (best.configuration < 0 || found.n_wrong() < best.n_wrong()) best = std::move(found);
  }
  const bool mostly_right =
      best.configuration >= 0 && 2 * best.unmatched.size() <= static_cast<std::size_t>(query.n_atoms());
  return mostly_right ? describe(query, best) : far_from_all(query);
}

std::string ConfigurationIndex::describe(const Query& query, const Comparison& comparison) const {
  const auto species_at = [&](int j) { return query.species[j]; };
  if (comparison.unmatched.empty()) {
    std::string list;
    for (std::size_t k = 0; k < std::min<std::size_t>(comparison.exchanged.size(), 4); ++k) {
      const auto a = static_cast<std::size_t>(comparison.exchanged[k]);
      list += fmt::format("{}atom {} is {} where atom {} of the supercell is {}", k > 0 ? ", " : "",
                          comparison.order[a] + 1, species_at(comparison.order[a]), a + 1, query.expected[a]);
    }
    return fmt::format(
        "the positions are those of configuration {}, but species are exchanged: {}{}. Run the calculation again with "
        "each species at its place",
        comparison.configuration + 1, list, comparison.exchanged.size() > 4 ? ", ..." : "");
  }
  // The atom that belongs to the first empty site: the nearest that has none.
  std::vector<bool> taken(comparison.order.size(), false);
  for (const int j : comparison.order) {
    if (j >= 0) taken[j] = true;
  }
  const int site = comparison.unmatched.front();
  int nearest = -1;
  double distance = std::numeric_limits<double>::infinity();
  for (int j = 0; j < query.n_atoms(); ++j) {
    if (taken[j]) continue;
    Eigen::RowVector3d shift;
    const double d = nearest_image(query.structure.positions.row(j) - position(comparison.configuration, site),
                                   crystal_.cell, to_fractional_, shift)
                         .norm();
    if (d < distance) std::tie(nearest, distance) = std::pair{j, d};
  }
  return fmt::format(
      "nearest is configuration {}, but {} of {} atoms are off, such as atom {} ({}): {:.3g} angstrom from atom {} of "
      "the "
      "supercell ({}), at most {:.2g} are allowed",
      comparison.configuration + 1, comparison.unmatched.size(), query.n_atoms(), nearest + 1, species_at(nearest),
      distance, site + 1, query.expected[site], tolerance_);
}

std::string ConfigurationIndex::far_from_all(const Query& query) const {
  const auto distance = [&](std::int64_t c, int atom) {
    Eigen::RowVector3d shift;
    return nearest_image(query.structure.positions.row(atom) - position(c, atom), crystal_.cell, to_fractional_, shift)
        .norm();
  };
  std::int64_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  const int n = std::min(n_compared_for_nearest, query.n_atoms());
  for (std::int64_t c = 0; c < n_configurations_; ++c) {
    double sum = 0;
    for (int k = 0; k < n && sum < least; ++k) sum += distance(c, k * query.n_atoms() / n);
    if (sum < least) std::tie(best, least) = std::pair{c, sum};
  }
  int worst = 0;
  for (int atom = 1; atom < query.n_atoms(); ++atom) {
    if (distance(best, atom) > distance(best, worst)) worst = atom;
  }
  return fmt::format(
      "no configuration is near: in the order of the supercell the nearest is configuration {}, where atom {} is "
      "{:.3g} "
      "angstrom off. Another population, or atoms that were relaxed, translated or rotated",
      best + 1, worst + 1, distance(best, worst));
}

Vectors in_supercell_order(const Vectors& vectors, const std::vector<int>& order) {
  Vectors sorted(static_cast<Eigen::Index>(order.size()), 3);
  for (std::size_t i = 0; i < order.size(); ++i) sorted.row(static_cast<Eigen::Index>(i)) = vectors.row(order[i]);
  return sorted;
}

}  // namespace zeropoint
