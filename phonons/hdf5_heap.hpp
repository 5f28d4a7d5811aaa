#pragma once

#include <string>

namespace zeropoint::phonons {

/// Walks over the heaps that hold the strings of an HDF5 file. libhdf5 1.10 does not come back from a heap whose free
/// space is damaged. For files that were written at once, as phonopy does; files of more than 16 MiB are not looked at.
/// @throws IoError when one is damaged.
void check_hdf5_heaps(const std::string& path);

}  // namespace zeropoint::phonons
