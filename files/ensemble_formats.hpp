#pragma once

#include <string>
#include <vector>

#include "files/ensemble_format.hpp"

namespace zeropoint {

/// Every format of ensembles; the first that recognises a source opens it.
///
///   npy     folder: python-sscha's binary files (Ry, angstrom, Ry/angstrom, Ry/bohr^3), or repacked ones (Ry, bohr)
///   text    folder: python-sscha's text files, Ry and bohr
///   extxyz  one file, eV and angstrom
///   h5      one file, eV and angstrom, with the crystal: our own
const std::vector<EnsembleFormat>& ensemble_formats();

/// The format that is written under this name. @throws ConfigError for a word that is none of npy, text, extxyz, h5.
const EnsembleFormat& ensemble_format(const std::string& name);

/// Writes all configurations, with all digits, in pieces of 1024: no more are in memory at once. Each file appears
/// whole or not at all; a text folder counts as written when its energies file, the last, is there.
/// @throws InputError when `path` is a folder that has this population already (two sets would mix), or when the atoms
/// disagree; IoError.
void write_ensemble(const Ensemble& ensemble, const Supercell& reference, const EnsembleFormat& format,
                    const std::string& path, const EnsembleMetadata& metadata = {},
                    const UnitSet& units = units::codata2022);

}  // namespace zeropoint
