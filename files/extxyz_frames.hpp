#pragma once

#include "files/labelled_format.hpp"

namespace zeropoint {

/// Extended XYZ: any number of frames, each by itself, a damaged one costs only itself. `free_energy` is preferred to
/// `energy`.
LabelledFormat extxyz_frames_format();
/// The frames of a text; `file` names it.
std::vector<LabelledEntry> read_extxyz_frames(const FileContent& file);
/// One file: energy, forces, and stress where there is one, all digits. @throws IoError.
void write_labelled_structures(const std::vector<LabelledStructure>& structures, const std::string& path);

}  // namespace zeropoint
