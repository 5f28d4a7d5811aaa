#pragma once

#include <memory>
#include <vector>

#include "files/ensemble.hpp"

namespace zeropoint {

/// Several ensembles of one supercell, one after another. `shifts[k]` [n_atoms of the unit cell, 3] (angstrom) is added
/// to the displacements of ensemble k: its reference positions less those that all are to count from. Stresses are
/// there when all ensembles have them. The ensembles must outlive the result. @throws InputError when there are none.
std::unique_ptr<Ensemble> merged_ensemble(std::vector<const Ensemble*> ensembles, std::vector<Vectors> shifts);

}  // namespace zeropoint
