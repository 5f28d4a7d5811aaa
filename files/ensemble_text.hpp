#pragma once

#include "files/ensemble_format.hpp"

namespace zeropoint {

/// Folders of python-sscha's text files: u_populationP_I.dat, forces_populationP_I.dat, pressures_populationP_I.dat,
/// energies_supercell_populationP.dat.
EnsembleFormat text_ensemble_format();

/// Configurations without labels in that layout: u_populationP_I.dat (bohr) and scf_populationP_I.dat (angstrom) of
/// configurations first + 1 <= I <= first + n, `displacements` [n, n_atoms, 3] angstrom.
void write_text_configurations(const at::Tensor& displacements, std::int64_t first, const Supercell& reference,
                               const std::string& path, int population, const UnitSet& units = units::codata2022);

}  // namespace zeropoint
