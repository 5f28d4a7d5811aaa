#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace zeropoint {

/// Numbers of the populations of which a folder has energies, ascending: energies_popP.npy and
/// energies_supercell_populationP.dat of python-sscha; 1 for energies.npy, which has no number.
std::vector<int> populations_in(const std::string& folder);

/// Configurations whose energies a folder has as energies_popP.npy; -1 where they are stored otherwise.
/// @throws InputError for a damaged file.
std::int64_t n_stored_energies(const std::string& folder, int population);

/// What an extended XYZ file holds, found without reading its numbers.
struct FrameCount {
  std::int64_t n_frames = 0;
  std::int64_t n_atoms = 0;  ///< in the last
};
/// @throws InputError for a frame that does not begin with its number of atoms, or is cut short.
FrameCount count_frames(const std::string& path);

}  // namespace zeropoint
