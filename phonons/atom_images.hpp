#pragma once

#include <optional>
#include <vector>

#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// The same force constants for atoms that stand `shifts`[s] cells further: cells R are counted anew, D_st(q) turns by
/// exp(2 pi i q.(shifts[s] - shifts[t])).
DynamicalMatrices with_atoms_moved(DynamicalMatrices matrices, const std::vector<Eigen::Vector3i>& shifts);

/// By how many cells each atom of `from` has to be moved to stand nearest to that of `to`, which has the same cell and
/// order.
std::vector<Eigen::Vector3i> image_shifts(const Crystal& from, const Crystal& to);

/// Two atoms whose nearest images have little of the largest force constants between them.
struct StrangePair {
  int s, t;  ///< from 0
  double nearest,
      largest;  ///< angstrom, distance of the nearest images, and of those beyond with the largest force constants
};
/// The first such pair: one of its atoms was moved by a lattice vector behind the back of its force constants.
std::optional<StrangePair> strange_pair(const DynamicalMatrices& matrices);

}  // namespace zeropoint::phonons
