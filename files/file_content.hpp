#pragma once

#include <string>
#include <string_view>

namespace zeropoint {

/// A file or folder of which nobody has said what it is: what formats look at to recognise their own.
class FileContent {
 public:
  /// Reads a text whole; of a folder or an HDF5 file only that it is one. @throws IoError.
  explicit FileContent(std::string path);
  /// What came from elsewhere; `name` names it in complaints.
  FileContent(std::string name, std::string text);

  const std::string& path() const { return path_; }
  bool is_folder() const { return is_folder_; }
  bool is_hdf5() const { return is_hdf5_; }
  /// Where the first zero byte stands, from 1: such a file is no text. 0: there is none.
  std::size_t zero_byte() const { return zero_byte_; }
  /// Without a byte-order mark; empty unless the file is a text.
  const std::string& text() const { return text_; }

  /// Of the text: the first line that holds more than blanks; whether a piece stands in it; whether a line, blanks
  /// aside, begins with it.
  std::string_view first_line() const;
  bool has(std::string_view mark) const { return text_.find(mark) != std::string::npos; }
  bool has_line(std::string_view mark) const;

 private:
  void keep_if_text(std::string bytes);
  std::string path_, text_;
  bool is_folder_ = false, is_hdf5_ = false;
  std::size_t zero_byte_ = 0;
};

}  // namespace zeropoint
