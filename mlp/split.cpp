#include "mlp/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/periodic_points.hpp"

namespace zeropoint::mlp {
namespace {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double same_cell = 1e-4;        // angstrom
constexpr double same_positions = 1e-4;   // angstrom, every coordinate
constexpr double almost_opposite = -0.9;  // while the reference is a guess
constexpr double opposite = -0.999;

/// Structures of the same cell and order of atoms.
std::vector<std::vector<std::size_t>> alike(const std::vector<LabelledStructure>& structures) {
  std::map<std::vector<std::string>, std::vector<std::vector<std::size_t>>> by_species;
  for (std::size_t i = 0; i < structures.size(); ++i) {
    auto& candidates = by_species[structures[i].species];
    const auto fits = std::find_if(candidates.begin(), candidates.end(), [&](const auto& members) {
      return (structures[members[0]].cell - structures[i].cell).cwiseAbs().maxCoeff() < same_cell;
    });
    if (fits != candidates.end()) {
      fits->push_back(i);
    } else {
      candidates.push_back({i});
    }
  }
  std::vector<std::vector<std::size_t>> result;
  for (auto& [species, buckets] : by_species) {
    for (auto& bucket : buckets) result.push_back(std::move(bucket));
  }
  return result;
}

/// Positions less those of the first, shortest images: [n, 3 n_atoms].
Rows displacements(const std::vector<LabelledStructure>& structures, const std::vector<std::size_t>& of) {
  const LabelledStructure& first = structures[of[0]];
  const Eigen::Matrix3d to_fractional = first.cell.inverse();
  Rows result(static_cast<Eigen::Index>(of.size()), 3 * first.n_atoms());
  for (std::size_t k = 0; k < of.size(); ++k) {
    for (Eigen::Index atom = 0; atom < first.n_atoms(); ++atom) {
      const Eigen::RowVector3d difference = structures[of[k]].positions.row(atom) - first.positions.row(atom);
      Eigen::RowVector3d shift;
      result.block<1, 3>(static_cast<Eigen::Index>(k), 3 * atom) =
          nearest_image(difference, first.cell, to_fractional, shift);
    }
  }
  return result;
}

/// For each row of `u` the row that is most opposite to it, and its cosine.
struct Opposite {
  std::vector<Eigen::Index> row;
  std::vector<double> cosine;
};

Opposite find_opposite(const Rows& u) {
  const Eigen::Index n = u.rows();
  Opposite found{std::vector<Eigen::Index>(static_cast<std::size_t>(n), 0),
                 std::vector<double>(static_cast<std::size_t>(n), 1)};
  const Rows directions = u.rowwise().normalized();
  constexpr Eigen::Index block = 64;
  parallel_for((n + block - 1) / block, [&](std::int64_t b) {
    const Eigen::Index begin = b * block, count = std::min(block, n - begin);
    const Rows cosines = directions.middleRows(begin, count) * directions.transpose();
    for (Eigen::Index k = 0; k < count; ++k) {
      const std::size_t i = static_cast<std::size_t>(begin + k);
      found.cosine[i] = cosines.row(k).minCoeff(&found.row[i]);
    }
  });
  return found;
}

/// Partners among rows of x: the row of each one's partner, or its own.
std::vector<Eigen::Index> partners(const Rows& x) {
  std::vector<Eigen::Index> partner(static_cast<std::size_t>(x.rows()));
  std::iota(partner.begin(), partner.end(), Eigen::Index{0});
  const Eigen::RowVectorXd mean = x.colwise().mean();
  const Opposite guess = find_opposite(x.rowwise() - mean);
  // The median of the middles of what looks like partners is the reference, even when some have lost theirs.
  std::vector<Eigen::Index> from, to;
  for (std::size_t i = 0; i < partner.size(); ++i) {
    if (guess.cosine[i] < almost_opposite && static_cast<Eigen::Index>(i) < guess.row[i]) {
      from.push_back(static_cast<Eigen::Index>(i));
      to.push_back(guess.row[i]);
    }
  }
  if (from.empty()) return partner;
  Rows middles = (x(from, Eigen::all) + x(to, Eigen::all)) / 2;
  Eigen::RowVectorXd reference(x.cols());
  for (Eigen::Index c = 0; c < x.cols(); ++c) {
    std::vector<double> column(middles.col(c).begin(), middles.col(c).end());
    std::nth_element(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(column.size() / 2), column.end());
    reference[c] = column[column.size() / 2];
  }
  const Rows u = x.rowwise() - reference;
  const Opposite found = find_opposite(u);
  for (std::size_t i = 0; i < partner.size(); ++i) {
    const std::size_t j = static_cast<std::size_t>(found.row[i]);
    const double ratio = u.row(static_cast<Eigen::Index>(i)).norm() / u.row(found.row[i]).norm();
    if (found.cosine[i] < opposite && std::abs(ratio - 1) < 0.05 && found.row[j] == static_cast<Eigen::Index>(i))
      partner[i] = found.row[i];
  }
  return partner;
}

/// The earlier structure that each one repeats, or its own number: sorted by one coordinate, equal ones are neighbours.
std::vector<Eigen::Index> duplicates(const Rows& x) {
  std::vector<Eigen::Index> original(static_cast<std::size_t>(x.rows())), order(original.size());
  std::iota(original.begin(), original.end(), Eigen::Index{0});
  order = original;
  Eigen::VectorXd key = x * Eigen::VectorXd::LinSpaced(x.cols(), 0.3, 1.7);
  std::sort(order.begin(), order.end(),
            [&](Eigen::Index a, Eigen::Index b) { return key[a] != key[b] ? key[a] < key[b] : a < b; });
  const double near = same_positions * 1.7 * static_cast<double>(x.cols());
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t k = i + 1; k < order.size() && key[order[k]] - key[order[i]] < near; ++k) {
      if ((x.row(order[i]) - x.row(order[k])).cwiseAbs().maxCoeff() > same_positions) continue;
      const Eigen::Index later = std::max(order[i], order[k]), earlier = std::min(order[i], order[k]);
      Eigen::Index& of_later = original[later];
      of_later = std::min(of_later, earlier);
    }
  }
  return original;
}

}  // namespace

Groups find_groups(const std::vector<LabelledStructure>& structures) {
  // Two structures always have a middle: partners are believed where a third one has the same.
  constexpr std::size_t fewest = 3;
  Groups groups{.of = std::vector<std::int64_t>(structures.size(), -1)};
  for (const auto& bucket : alike(structures)) {
    const Rows x = displacements(structures, bucket);
    const std::vector<Eigen::Index> original = duplicates(x);
    std::vector<Eigen::Index> partner = bucket.size() >= fewest ? partners(x) : original;
    for (std::size_t k = 0; k < bucket.size(); ++k) {
      const Eigen::Index first = std::min({static_cast<Eigen::Index>(k), original[k], partner[k]});
      const bool repeats = original[k] < static_cast<Eigen::Index>(k);
      groups.n_duplicates += repeats;
      groups.n_pairs += !repeats && bucket.size() >= fewest && partner[k] < static_cast<Eigen::Index>(k);
      std::int64_t& mine = groups.of[bucket[k]];
      mine = first < static_cast<Eigen::Index>(k) ? groups.of[bucket[first]] : groups.n_groups++;
    }
  }
  return groups;
}

std::vector<Part> draw_split(const Groups& groups, const SplitOptions& options, std::uint64_t seed) {
  if (options.validation < 0 || options.test < 0 || options.validation + options.test >= 1) {
    throw InputError{"fractions of {} for validation and {} for the test leave nothing to train on", options.validation,
                     options.test};
  }
  if (options.fold > 0 && (options.fold + 1) * options.test > 1 + 1e-9) {
    throw InputError{"fold {} is beyond the last: tests of {} of the structures make {} folds, from 0", options.fold,
                     options.test, std::floor(1 / options.test + 1e-9)};
  }
  std::vector<std::vector<std::size_t>> members(static_cast<std::size_t>(groups.n_groups));
  for (std::size_t i = 0; i < groups.of.size(); ++i) members[groups.of[i]].push_back(i);
  std::mt19937_64 generator{seed};
  for (std::size_t i = members.size(); i > 1; --i) std::swap(members[i - 1], members[generator() % i]);
  const double n = static_cast<double>(groups.of.size());
  const auto share = [&](double fraction) { return static_cast<std::size_t>(std::lround(fraction * n)); };
  // Folds begin where the tests of those before them end.
  std::size_t begin = 0;
  for (std::size_t passed = 0; passed < share(options.fold * options.test);) passed += members[begin++].size();
  std::rotate(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(begin), members.end());

  std::vector<Part> split(groups.of.size(), options.n_training > 0 ? Part::left_out : Part::training);
  std::size_t next = 0;
  for (const auto& [part, size] :
       {std::pair{Part::test, share((options.fold + 1) * options.test) - share(options.fold * options.test)},
        std::pair{Part::validation, share(options.validation)}, std::pair{Part::training, options.n_training}}) {
    std::size_t wanted = size;
    while (wanted > 0 && next < members.size()) {
      for (const std::size_t i : members[next]) split[i] = part;
      wanted -= std::min(wanted, members[next++].size());
    }
  }
  return split;
}

std::vector<std::size_t> members_of(const std::vector<Part>& split, Part part) {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < split.size(); ++i) {
    if (split[i] == part) result.push_back(i);
  }
  return result;
}

}  // namespace zeropoint::mlp
