#pragma once

#include <cstdint>
#include <vector>

#include "core/crystal.hpp"
#include "mlp/atom_batch.hpp"
#include "mlp/kernels/aligned.hpp"

namespace zeropoint::mlp {

/// An atom with the place of its structure in a list.
struct CentreOf {
  std::size_t structure;
  int atom;
};

/// Centres of one species side by side, with a slot for each neighbour.
struct CentreGroup {
  int species;
  std::vector<CentreOf> centres;  ///< one a lane, not more than there are lanes
  std::vector<int> first_slot;    ///< [n_species + 1]
  /// [lane][species] pairs of the centre, by distance: they fill the slots of that species from the first on.
  std::vector<std::vector<std::vector<std::int64_t>>> pairs;

  int n_slots() const { return first_slot.back(); }
};

/// All atoms of `structures` in groups of at most `lanes`: species by species, in the order of structures and atoms.
std::vector<CentreGroup> centre_groups(const std::vector<const Geometry*>& structures, int n_species, int lanes);

/// Writes pair vectors to `to` [n_slots, 3, lanes] angstrom; what a lane does not need is longer than `cutoff`.
template <class Real>
void fill_vectors(const CentreGroup& group, const std::vector<const Geometry*>& structures, double cutoff, int lanes,
                  Real* to) {
  const Real beyond = static_cast<Real>(2 * cutoff);
  for (int slot = 0; slot < group.n_slots(); ++slot) {
    for (int lane = 0; lane < 3 * lanes; ++lane) to[3 * slot * lanes + lane] = lane < lanes ? beyond : Real{0};
  }
  for (std::size_t lane = 0; lane < group.centres.size(); ++lane) {
    const Vectors& from = structures[group.centres[lane].structure]->neighbours.vectors;
    for (std::size_t s = 0; s < group.pairs[lane].size(); ++s) {
      int slot = group.first_slot[s];
      for (const std::int64_t e : group.pairs[lane][s]) {
        for (int a = 0; a < 3; ++a) to[(3 * slot + a) * lanes + lane] = static_cast<Real>(from(e, a));
        ++slot;
      }
    }
  }
}

/// Calls take(e, f) for every pair e of a centre, in the order of the slots, with what `from` [n_slots, 3, lanes]
/// holds.
template <class Real, class Take>
void for_pairs(const CentreGroup& group, std::size_t lane, int lanes, const Real* from, const Take& take) {
  for (std::size_t s = 0; s < group.pairs[lane].size(); ++s) {
    int slot = group.first_slot[s];
    for (const std::int64_t e : group.pairs[lane][s]) {
      const Real* const f = from + 3 * slot * lanes + lane;
      take(e, Eigen::RowVector3d(static_cast<double>(f[0]), static_cast<double>(f[lanes]),
                                 static_cast<double>(f[2 * lanes])));
      ++slot;
    }
  }
}

}  // namespace zeropoint::mlp
