#pragma once

#include "files/ensemble_format.hpp"

namespace zeropoint {

/// Folders of arrays: xats_popP.npy, energies_popP.npy, forces_popP.npy, stresses_popP.npy of python-sscha (written,
/// too), or u.npy, energies.npy, forces.npy, stress.npy ("repacked").
EnsembleFormat npy_ensemble_format();

}  // namespace zeropoint
