#pragma once

#include "files/labelled_format.hpp"

namespace zeropoint {

/// Folders of DeePMD: type.raw, type_map.raw and set.*/*.npy, mixed types, too.
LabelledFormat deepmd_format();
/// Writes type.raw, type_map.raw and set.000/*.npy in float64 (virial = -volume stress), one folder for each list of
/// atoms, with and without stress apart: `path` itself where one is enough, else path/1, path/2, ... All have the same
/// type_map.raw. @returns the folders. @throws InputError when one of them holds a type.raw already; IoError.
std::vector<std::string> write_deepmd(const std::vector<LabelledStructure>& structures, const std::string& path);

}  // namespace zeropoint
