#pragma once

#include <functional>
#include <string>
#include <vector>

#include "files/file_content.hpp"
#include "files/labelled_structure.hpp"

namespace zeropoint {

/// One way in which structures with energies and forces are stored. A new one is a source beside this header that
/// exports such a struct, and a line in labelled_formats.cpp.
struct LabelledFormat {
  std::string name;         ///< a word: "xsf"
  std::string description;  ///< for people, who are told what can be read: "XSF of aenet and ACNN"
  /// Whether the file is of this format, by its content, never by its name. The table is asked from its beginning.
  std::function<bool(const FileContent&)> recognises;
  /// What the file holds, in its order. Nothing is judged, but a calculation that says itself that it failed is
  /// refused.
  /// @throws InputError with the reason why the whole file cannot be read.
  std::function<std::vector<LabelledEntry>(const FileContent&)> read;
  /// Writes all structures with all digits; @returns the files or folders. Empty for what is only read.
  /// @throws InputError when other structures are there already; IoError.
  std::function<std::vector<std::string>(const std::vector<LabelledStructure>&, const std::string& path)> write = {};
};

/// `read` for a format of one structure a file.
template <class Read>
std::function<std::vector<LabelledEntry>(const FileContent&)> one_structure(Read read) {
  return [read](const FileContent& file) {
    return std::vector<LabelledEntry>{labelled_entry(file.path(), file.path(), [&] { return read(file); })};
  };
}

constexpr double kbar_per_gpa = 10;  ///< stresses of DFT programs

}  // namespace zeropoint
