#pragma once

#include <string>

namespace zeropoint {

/// What a path on the command line stands for.
enum class FileKind {
  result_folder,      ///< of a finished run: holds summary.json
  unfinished_folder,  ///< of a run, or one of its conditions, that was interrupted
  ladder_folder,      ///< of a run that has a result for each of several conditions
  project_folder,     ///< of `learn`, finished or not
  other_folder,       ///< perhaps an ensemble
  hdf5,
  summary,  ///< .json
  extxyz,
  matrices  ///< phonopy's files and folders, and anything else: force constants or a prefix of dynamical matrices
};

/// Looks at the path and at the first bytes of a file; nothing is read in full.
FileKind file_kind(const std::string& path);

/// What an HDF5 file of ours says it is: "zeropoint minimize"; empty for the file of another program.
/// @throws InputError when `path` cannot be read as HDF5.
std::string filetype(const std::string& path);

}  // namespace zeropoint
