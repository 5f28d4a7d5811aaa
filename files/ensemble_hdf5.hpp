#pragma once

#include "core/hdf5_file.hpp"
#include "files/ensemble_format.hpp"

namespace zeropoint {

/// Our own layout, one file or population.h5 in a folder: displacements, energies, forces, stresses (as in
/// `Configurations`); cell [3, 3], positions [n, 3], species [n], masses [n] of the unit cell, supercell [3];
/// attributes population and temperature. Where `labelled` [N] (1 or 0) is there, only labelled rows are read.
EnsembleFormat hdf5_ensemble_format();
/// A folder with a population.h5 that has no labels yet: opening it says so.
EnsembleFormat unlabelled_population_format();
inline const char* const ensemble_filetype = "zeropoint ensemble";

/// The crystal of such a file: cell, positions, species, masses and supercell.
void write_crystal(const Supercell& reference, Hdf5File& file);

}  // namespace zeropoint
