#include "files/file_content.hpp"

#include <algorithm>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/hdf5_file.hpp"
#include "files/text_scanner.hpp"

namespace zeropoint {

FileContent::FileContent(std::string path) : path_(std::move(path)) {
  std::error_code ignored;
  is_folder_ = std::filesystem::is_directory(path_, ignored);
  is_hdf5_ = !is_folder_ && zeropoint::is_hdf5(path_);
  if (!is_folder_ && !is_hdf5_) keep_if_text(read_file(path_));
}

FileContent::FileContent(std::string name, std::string text) : path_(std::move(name)) { keep_if_text(std::move(text)); }

void FileContent::keep_if_text(std::string bytes) {
  zero_byte_ = bytes.find('\0') + 1;  // npos + 1 = 0
  if (zero_byte_ > 0) return;
  text_ = std::move(bytes);
  if (text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
}

std::string_view FileContent::first_line() const {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (const std::string_view line = trimmed(rest.substr(0, end)); !line.empty()) return line;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

bool FileContent::has_line(std::string_view mark) const {
  const std::string_view text = text_;
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    const std::size_t begin = at == 0 ? 0 : text.find_last_of('\n', at - 1) + 1;
    if (trimmed(text.substr(begin, at - begin)).empty()) return true;
  }
  return false;
}

}  // namespace zeropoint
