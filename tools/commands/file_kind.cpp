#include "tools/commands/file_kind.hpp"

#include <filesystem>

#include "core/hdf5_file.hpp"
#include "phonons/matrix_file.hpp"
#include "sscha/result_folder.hpp"

namespace zeropoint {

namespace fs = std::filesystem;

FileKind file_kind(const std::string& path) {
  if (fs::is_directory(path)) {
    if (fs::exists(path + "/project.json") && fs::exists(path + "/tasks")) return FileKind::project_folder;
    using State = sscha::ResultFolder::State;
    const State state = sscha::find_result(path).state;
    if (state == State::finished) return FileKind::result_folder;
    if (state == State::unfinished) return FileKind::unfinished_folder;
    if (state == State::ladder) return FileKind::ladder_folder;
    return phonons::matrix_format_of(path) ? FileKind::matrices : FileKind::other_folder;
  }
  if (!fs::exists(path)) return FileKind::matrices;
  if (phonons::matrix_format_of(path)) return FileKind::matrices;
  if (is_hdf5(path)) return FileKind::hdf5;
  const std::string extension = fs::path{path}.extension().string();
  if (extension == ".json") return FileKind::summary;
  return extension == ".xyz" || extension == ".extxyz" ? FileKind::extxyz : FileKind::matrices;
}

std::string filetype(const std::string& path) {
  return Hdf5File::open(path).text_attribute("/", "filetype").value_or("");
}

}  // namespace zeropoint
