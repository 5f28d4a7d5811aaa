#pragma once

#include "files/labelled_format.hpp"

namespace zeropoint {

/// Our own HDF5 file of structures: a group 1, 2, ... for each list of atoms, with and without stress apart, holding
/// species, cells, positions, energies, forces, stresses (positive = tensile), sources, and places in the list.
LabelledFormat structures_hdf5_format();
/// @throws IoError.
void write_structures_hdf5(const std::vector<LabelledStructure>& structures, const std::string& path);
constexpr const char* structures_filetype = "zeropoint structures";

}  // namespace zeropoint
