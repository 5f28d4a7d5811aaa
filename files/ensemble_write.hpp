#pragma once

#include <optional>
#include <string>

#include "core/hdf5_file.hpp"
#include "files/ensemble.hpp"

namespace zeropoint {

enum class EnsembleFormat {
  npy,     ///< folder: python-sscha's binary files, Ry, angstrom, Ry/angstrom, Ry/bohr^3
  text,    ///< folder: python-sscha's text files, Ry, bohr
  extxyz,  ///< one file, eV and angstrom
  h5,      ///< one file, eV and angstrom, with the crystal: filetype "zeropoint ensemble"
};

/// @throws ConfigError for a word that is none of npy, text, extxyz, h5.
EnsembleFormat ensemble_format(const std::string& word);

struct EnsembleMetadata {
  int population = 1;                      ///< number in file names
  std::optional<double> temperature = {};  ///< K, of the generating density; stored in h5
  std::string configuration = {};          ///< the resolved run file; stored in h5
  std::optional<std::int64_t> seed = {};   ///< stored in h5
};

/// Writes all configurations, with all digits, in pieces of 1024: no more are in memory at once. Each file appears
/// whole or not at all; a text folder counts as written when its energies file, the last, is there.
///
/// The h5 layout: displacements, energies, forces, stresses (as in `Configurations`); cell [3, 3], positions [n, 3],
/// species [n], masses [n] of the unit cell, supercell [3]; attributes population and temperature.
/// @throws InputError when `path` is a folder that has this population already (two sets would mix), or when the atoms
/// disagree; IoError.
void write_ensemble(const Ensemble& ensemble, const Supercell& reference, EnsembleFormat format,
                    const std::string& path, const EnsembleMetadata& metadata = {},
                    const UnitSet& units = units::codata2022);

/// The crystal of an h5 ensemble: cell [3, 3], positions [n, 3], species [n], masses [n] of the unit cell, supercell
/// [3].
void write_crystal(const Supercell& reference, Hdf5File& file);

/// Configurations without labels in python-sscha's text layout: u_populationP_I.dat (bohr) and scf_populationP_I.dat
/// (angstrom) of configurations first + 1 <= I <= first + n, `displacements` [n, n_atoms, 3].
void write_text_configurations(const at::Tensor& displacements, std::int64_t first, const Supercell& reference,
                               const std::string& path, int population, const UnitSet& units = units::codata2022);

/// One extxyz frame without labels a configuration, `displacements` [n, n_atoms, 3].
std::string extxyz_configurations(const at::Tensor& displacements, std::int64_t first, const Supercell& reference);

}  // namespace zeropoint
