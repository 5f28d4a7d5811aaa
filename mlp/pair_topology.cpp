#include "mlp/pair_topology.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace zeropoint::mlp {

PairTopology::PairTopology(const Eigen::Matrix3d& cell, const Eigen::Ref<const Vectors>& positions, double cutoff,
                           double margin)
    : cutoff_(cutoff), margin_(margin), cell_(cell) {
  const Neighbours at_rest = find_neighbours(cell, positions, cutoff + margin);
  const Eigen::Matrix3d to_fractional = cell.inverse();
  struct Known {
    int atom;
    std::array<int, 3> image;
  };
  first_ = at_rest.first;
  images_.resize(at_rest.n_pairs(), 3);
  std::vector<Known> known;
  for (Eigen::Index i = 0; i < positions.rows(); ++i) {
    known.clear();
    for (std::int64_t e = first_[i]; e < first_[i + 1]; ++e) {
      const int j = at_rest.atom[e];
      const Eigen::RowVector3d image = (at_rest.vectors.row(e) - (positions.row(j) - positions.row(i))) * to_fractional;
      known.push_back({j,
                       {static_cast<int>(std::lround(image[0])), static_cast<int>(std::lround(image[1])),
                        static_cast<int>(std::lround(image[2]))}});
    }
    // An order that does not depend on the margin, so that sums do not either.
    std::sort(known.begin(), known.end(),
              [](const Known& a, const Known& b) { return a.atom != b.atom ? a.atom < b.atom : a.image < b.image; });
    for (const Known& pair : known) {
      images_.row(static_cast<Eigen::Index>(atom_.size())) << pair.image[0], pair.image[1], pair.image[2];
      atom_.push_back(pair.atom);
    }
  }
}

bool PairTopology::holds(const Eigen::Ref<const Vectors>& displacements) const {
  double longest = 0, second = 0;  // squared
  for (Eigen::Index i = 0; i < displacements.rows(); ++i) {
    const double length = displacements.row(i).squaredNorm();
    second = std::max(second, std::min(longest, length));
    longest = std::max(longest, length);
  }
  return std::sqrt(longest) + std::sqrt(second) <= margin_;
}

Neighbours PairTopology::neighbours(const Eigen::Ref<const Vectors>& positions) const {
  const double cutoff2 = cutoff_ * cutoff_;
  Neighbours found;
  found.first.reserve(first_.size());
  found.first.push_back(0);
  found.atom.reserve(atom_.size());
  std::vector<double> vectors;
  vectors.reserve(3 * atom_.size());
  std::vector<NeighbourPair> pairs;
  for (Eigen::Index i = 0; i < positions.rows(); ++i) {
    pairs.clear();
    for (std::int64_t e = first_[i]; e < first_[i + 1]; ++e) {
      const Eigen::RowVector3d image = images_.row(e);
      const Eigen::RowVector3d vector = positions.row(atom_[e]) - positions.row(i) + image * cell_;
      const double distance2 = vector.squaredNorm();
      if (distance2 < cutoff2) pairs.push_back({distance2, atom_[e], vector});
    }
    sort_by_distance(i, pairs);
    for (const NeighbourPair& pair : pairs) {
      found.atom.push_back(pair.atom);
      vectors.insert(vectors.end(), pair.vector.data(), pair.vector.data() + 3);
    }
    found.first.push_back(found.n_pairs());
  }
  found.vectors = Eigen::Map<const Vectors>(vectors.data(), found.n_pairs(), 3);
  return found;
}

}  // namespace zeropoint::mlp
