#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/hdf5_file.hpp"

namespace zeropoint {

/// An array of a file, as a list of its contents shows it.
struct Hdf5Array {
  std::string name;  ///< with its groups, "final/cell"
  std::vector<std::int64_t> shape;
  std::string units;  ///< empty where the file says none
};

/// All arrays of a file, groups followed, in alphabetical order. @throws IoError.
std::vector<Hdf5Array> arrays_of(const Hdf5File& file);

}  // namespace zeropoint
