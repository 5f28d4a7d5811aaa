#pragma once

#include <string>
#include <string_view>

namespace zeropoint {

/// A file that appears whole or not at all: written as PATH.tmp in the same folder, moved to PATH by commit().
/// A process killed at any moment leaves the old file or the new one, and perhaps a PATH.tmp that the next writer
/// replaces.
class AtomicFile {
 public:
  /// Makes missing folders. @throws IoError when the file cannot be made.
  explicit AtomicFile(std::string path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Without commit() nothing stays.
  ~AtomicFile();

  /// Appends. @throws IoError (disk full, ...).
  void write(std::string_view bytes);

  /// Moves the file to its name. `durable`: safe on the disk first; false only where thousands of small files are
  /// followed by one sync_folder(). @throws IoError.
  void commit(bool durable = true);

 private:
  void flush();

  std::string path_;
  std::string buffer_;
  int descriptor_ = -1;
};

/// Writes `content` as the whole file. @throws IoError.
void write_file(const std::string& path, std::string_view content);

/// The whole file. @throws IoError when it cannot be read.
std::string read_file(const std::string& path);

/// PATH.tmp: where a file is written before it gets its name.
std::string temporary_name(const std::string& path);

/// Puts a finished temporary_name(path) on the disk and gives it its name. @throws IoError.
void move_into_place(const std::string& path);

/// Makes the folder of `path` where it is missing. @throws IoError.
void make_parent_folder(const std::string& path);

/// Puts all that was written to the file system of `folder` on the disk. @throws IoError.
void sync_folder(const std::string& folder);

}  // namespace zeropoint
