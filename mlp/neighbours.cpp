#include "mlp/neighbours.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace zeropoint::mlp {
namespace {

using Integers = Eigen::Matrix<int, 1, 3>;

struct NeighbourPair {
  double distance2;
  int atom;
  Eigen::RowVector3d vector;
};

/// Atoms sorted into boxes that fill the cell, edges along the cell vectors.
class Boxes {
 public:
  Boxes(const Eigen::Matrix3d& cell, const Eigen::Ref<const Vectors>& positions, double cutoff)
      : cell_(cell), positions_(positions), cutoff2_(cutoff * cutoff) {
    const Eigen::Matrix3d to_fractional = cell.inverse();
    const double most = std::cbrt(static_cast<double>(positions.rows())) + 1;  // more boxes than atoms help nobody
    for (int k = 0; k < 3; ++k) {
      const double height = 1 / to_fractional.col(k).norm();
      count_[k] = std::max(1, static_cast<int>(std::min(height / cutoff, most)));
      reach_[k] = static_cast<int>(std::ceil(cutoff * count_[k] / height));
    }
    atoms_.resize(static_cast<std::size_t>(count_.prod()));
    wraps_.resize(positions.rows(), 3);
    places_.resize(positions.rows(), 3);
    for (Eigen::Index i = 0; i < positions.rows(); ++i) {
      const Eigen::RowVector3d f = positions.row(i) * to_fractional;
      for (int k = 0; k < 3; ++k) {
        wraps_(i, k) = std::floor(f[k]);
        places_(i, k) = std::clamp(static_cast<int>((f[k] - wraps_(i, k)) * count_[k]), 0, count_[k] - 1);
      }
      atoms_[box(places_.row(i))].push_back(static_cast<int>(i));
    }
  }

  void find(Eigen::Index centre, std::vector<NeighbourPair>& pairs) const {
    Integers offset;
    for (offset[0] = -reach_[0]; offset[0] <= reach_[0]; ++offset[0]) {
      for (offset[1] = -reach_[1]; offset[1] <= reach_[1]; ++offset[1]) {
        for (offset[2] = -reach_[2]; offset[2] <= reach_[2]; ++offset[2]) search(centre, offset, pairs);
      }
    }
  }

 private:
  std::size_t box(const Integers& place) const {
    return static_cast<std::size_t>((place[0] * count_[1] + place[1]) * count_[2] + place[2]);
  }

  void search(Eigen::Index centre, const Integers& offset, std::vector<NeighbourPair>& pairs) const {
    Integers place = places_.row(centre) + offset;
    Eigen::RowVector3d shift;  // lattice vector that brings the box there
    for (int k = 0; k < 3; ++k) {
      const int image = place[k] >= 0 ? place[k] / count_[k] : -((count_[k] - 1 - place[k]) / count_[k]);
      place[k] -= image * count_[k];
      shift[k] = image;
    }
    const bool own_cell = shift.isZero(0);
    for (const int j : atoms_[box(place)]) {
      if (own_cell && j == centre) continue;
      const Eigen::RowVector3d lattice = shift - wraps_.row(j) + wraps_.row(centre);
      const Eigen::RowVector3d vector = positions_.row(j) - positions_.row(centre) + lattice * cell_;
      const double distance2 = vector.squaredNorm();
      if (distance2 < cutoff2_) pairs.push_back({distance2, j, vector});
    }
  }

  Eigen::Matrix3d cell_;
  Eigen::Ref<const Vectors> positions_;
  double cutoff2_;
  Integers count_, reach_;
  std::vector<std::vector<int>> atoms_;
  Vectors wraps_;  // lattice vectors that were taken from each atom
  Eigen::Matrix<int, Eigen::Dynamic, 3, Eigen::RowMajor> places_;
};

void sort_by_distance(Eigen::Index centre, std::vector<NeighbourPair>& pairs) {
  constexpr double same_place = 1e-6;  // angstrom^2
  std::sort(pairs.begin(), pairs.end(), [](const NeighbourPair& a, const NeighbourPair& b) {
    return a.distance2 != b.distance2 ? a.distance2 < b.distance2 : a.atom < b.atom;
  });
  if (!pairs.empty() && pairs[0].distance2 < same_place) {
    throw ConfigurationError{"atoms {} and {} are {:.2g} angstrom apart: at the same place", centre + 1,
                             pairs[0].atom + 1, std::sqrt(pairs[0].distance2)};
  }
}

}  // namespace

Neighbours find_neighbours(const Eigen::Matrix3d& cell, const Eigen::Ref<const Vectors>& positions, double cutoff) {
  const Boxes boxes(cell, positions, cutoff);
  const Eigen::Index n_atoms = positions.rows();
  std::vector<std::vector<NeighbourPair>> of_atom(static_cast<std::size_t>(n_atoms));
  constexpr Eigen::Index block = 64;
  parallel_for((n_atoms + block - 1) / block, [&](std::int64_t b) {
    for (Eigen::Index i = b * block; i < std::min((b + 1) * block, n_atoms); ++i) {
      std::vector<NeighbourPair>& pairs = of_atom[i];
      boxes.find(i, pairs);
      sort_by_distance(i, pairs);
    }
  });
  Neighbours found;
  found.first.push_back(0);
  for (const auto& pairs : of_atom) found.first.push_back(found.first.back() + static_cast<std::int64_t>(pairs.size()));
  found.atom.reserve(static_cast<std::size_t>(found.first.back()));
  found.vectors.resize(found.first.back(), 3);
  for (const auto& pairs : of_atom) {
    for (const NeighbourPair& pair : pairs) {
      found.vectors.row(static_cast<Eigen::Index>(found.atom.size())) = pair.vector;
      found.atom.push_back(pair.atom);
    }
  }
  return found;
}

}  // namespace zeropoint::mlp
