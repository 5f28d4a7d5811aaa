#pragma once

#include <string>

#include "files/ensemble.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::bench {

/// A crystal of springs at 300 K, to have ensembles of any size without published data.
///
/// Rocksalt NaCl: 2 atoms a cell, 48 operations. @param divisions of the supercell, the same along all axes.
sscha::TrialDensity rocksalt(int divisions);
/// 14 atoms of three elements at general positions in a cube: no symmetry but the identity. 2x2x2: all q are real.
sscha::TrialDensity general_14(int divisions);
/// A boron-carbon clathrate with two metals, Pm-3: 14 atoms a cell, 24 operations. 2x2x2: all q are real.
sscha::TrialDensity clathrate(int divisions);

/// `n` configurations in antithetic pairs 2k, 2k+1 drawn from `density`, labelled with softer springs and noise, so
/// that the gradient is not zero; stresses are noise. The same numbers for the same seed.
Configurations draw(const sscha::TrialDensity& density, std::int64_t n, unsigned seed);

}  // namespace zeropoint::bench
