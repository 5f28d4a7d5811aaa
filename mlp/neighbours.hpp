#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <vector>

#include "core/crystal.hpp"

namespace zeropoint::mlp {

/// All pairs i -> j of a periodic structure nearer than a cutoff, each from both ends. In a small cell an atom has
/// several images of one neighbour, and images of itself.
struct Neighbours {
  std::vector<std::int64_t> first;  ///< [n_atoms + 1] the pairs of atom i are first[i] <= e < first[i + 1], by distance
  std::vector<int> atom;            ///< [n_pairs] j
  Vectors vectors;                  ///< [n_pairs, 3] angstrom, r_j + lattice vector - r_i

  std::int64_t n_pairs() const { return static_cast<std::int64_t>(atom.size()); }
};

/// Cell list: a time of order n_atoms. `cell` has the cell vectors in rows; positions need not lie inside.
/// @throws ConfigurationError when two atoms are at the same place.
Neighbours find_neighbours(const Eigen::Matrix3d& cell, const Eigen::Ref<const Vectors>& positions, double cutoff);

}  // namespace zeropoint::mlp
