#include "core/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "core/kill_point.hpp"

namespace zeropoint {
namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 20;

std::string parent_folder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// fsync of a file or folder by name.
void sync_name(const std::string& name, int flags) {
  const int descriptor = ::open(name.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) throw IoError{"{}: cannot be opened to flush it: {}", name, std::strerror(errno)};
  const bool failed = ::fsync(descriptor) != 0 && errno != EINVAL;  // EINVAL: a file system without fsync for folders
  const int reason = errno;
  ::close(descriptor);
  if (failed) throw IoError{"{}: cannot be flushed to the disk: {}", name, std::strerror(reason)};
}

void rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    throw IoError{"{}: cannot be given its name: {}. The finished file is {}", to, std::strerror(errno), from};
  }
}

}  // namespace

std::string temporary_name(const std::string& path) { return path + ".tmp"; }

void make_parent_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(parent_folder(path), error);
  if (error) throw IoError{"{}: the folder cannot be made: {}", parent_folder(path), error.message()};
}

void move_into_place(const std::string& path) {
  sync_name(temporary_name(path), O_RDONLY);
  kill_point(path, "written");
  rename_file(temporary_name(path), path);
  sync_name(parent_folder(path), O_RDONLY | O_DIRECTORY);
  kill_point(path, "in place");
}

void sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw IoError{"{}: cannot be opened to flush it: {}", folder, std::strerror(errno)};
  const bool failed = ::syncfs(descriptor) != 0;
  const int reason = errno;
  ::close(descriptor);
  if (failed) throw IoError{"{}: cannot be flushed to the disk: {}", folder, std::strerror(reason)};
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const std::string name = temporary_name(path_);
  descriptor_ = ::open(name.c_str(), flags, 0666);
  if (descriptor_ < 0 && errno == ENOENT) {
    make_parent_folder(path_);
    descriptor_ = ::open(name.c_str(), flags, 0666);
  }
  if (descriptor_ < 0) throw IoError{"{}: cannot be written: {}", path_, std::strerror(errno)};
  kill_point(path_, "begun");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_name(path_).c_str());
}

void AtomicFile::write(std::string_view bytes) {
  buffer_.append(bytes);
  if (buffer_.size() >= buffer_size) flush();
}

void AtomicFile::flush() {
  const char* bytes = buffer_.data();
  std::size_t left = buffer_.size();
  while (left > 0) {
    const ssize_t written = ::write(descriptor_, bytes, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw IoError{"{}: cannot be written: {}", path_, std::strerror(errno)};
    bytes += written;
    left -= static_cast<std::size_t>(written);
  }
  buffer_.clear();
  kill_point(path_, "partly written");
}

void AtomicFile::commit(bool durable) {
  flush();
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) {
    const int reason = errno;
    ::unlink(temporary_name(path_).c_str());
    throw IoError{"{}: cannot be written: {}", path_, std::strerror(reason)};
  }
  if (durable) {
    move_into_place(path_);
  } else {
    rename_file(temporary_name(path_), path_);
  }
}

void write_file(const std::string& path, std::string_view content) {
  AtomicFile file{path};
  file.write(content);
  file.commit();
}

std::string read_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw IoError{"{}: cannot be opened: {}", path, std::strerror(errno)};
  struct stat status{};
  std::string content;
  if (::fstat(descriptor, &status) == 0 && status.st_size > 0) content.resize(static_cast<std::size_t>(status.st_size));
  std::size_t filled = 0;
  for (;;) {
    if (filled == content.size()) content.resize(content.size() + 4096);
    const ssize_t n = ::read(descriptor, content.data() + filled, content.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int reason = errno;
      ::close(descriptor);
      throw IoError{"{}: cannot be read: {}", path, std::strerror(reason)};
    }
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  ::close(descriptor);
  content.resize(filled);
  return content;
}

}  // namespace zeropoint
