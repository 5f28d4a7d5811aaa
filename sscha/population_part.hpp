#pragma once

#include <string>

#include "files/ensemble.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::sscha {

/// What one density drew.
struct PopulationPart {
  const Ensemble* ensemble;  ///< displacements count from the centroids of `generating`
  TrialDensity generating;
};

/// Parts can be merged that are of one crystal in one cell on one grid. @throws InputError, beginning with `where`,
/// when `other` is not of the crystal, cell or grid of `first`.
void check_same_crystal(const TrialDensity& first, const TrialDensity& other, const std::string& where);

/// The same density with its q points in the order of those of `first`, a density on the same grid: frames are indexed
/// by them.
TrialDensity with_points_of(TrialDensity density, const TrialDensity& first);

}  // namespace zeropoint::sscha
