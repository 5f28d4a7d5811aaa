#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <vector>

#include "mlp/neighbours.hpp"

namespace zeropoint::mlp {

/// The pairs of a crystal that its atoms can bring within a cutoff while they move no further than a margin allows:
/// found once for all displaced copies of it.
///
/// A pair i -> j is known when its atoms are nearer than cutoff + margin where they rest. Two atoms come nearer by
/// |u_i| + |u_j| at most, so that a copy has no other pairs than these while the two longest displacements add up to
/// no more than the margin: that is checked for each copy, by holds().
class PairTopology {
 public:
  /// `cell` has the cell vectors in rows, `positions` [n_atoms, 3] are those at rest; all lengths in angstrom.
  /// @throws ConfigurationError when two atoms are at the same place.
  PairTopology(const Eigen::Matrix3d& cell, const Eigen::Ref<const Vectors>& positions, double cutoff, double margin);

  double margin() const { return margin_; }
  std::int64_t n_atoms() const { return static_cast<std::int64_t>(first_.size()) - 1; }
  /// Directed pairs that are known.
  std::int64_t n_pairs() const { return static_cast<std::int64_t>(atom_.size()); }

  /// Whether all pairs of the crystal moved by `displacements` [n_atoms, 3] are known.
  bool holds(const Eigen::Ref<const Vectors>& displacements) const;

  /// What find_neighbours() finds for atoms at `positions` [n_atoms, 3], to the last bit and in its order (but for the
  /// order of images of one atom that are equally far), when it holds for the displacements that led there.
  /// @throws ConfigurationError when two atoms are at the same place.
  Neighbours neighbours(const Eigen::Ref<const Vectors>& positions) const;

 private:
  double cutoff_, margin_;
  std::vector<std::int64_t> first_;  // [n_atoms + 1]
  std::vector<int> atom_;            // [n_pairs] j
  Eigen::Matrix3d cell_;
  Vectors images_;  // [n_pairs, 3] r_j - r_i + image cell is the pair
};

}  // namespace zeropoint::mlp
