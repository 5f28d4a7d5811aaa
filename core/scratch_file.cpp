#include "core/scratch_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "core/error.hpp"

namespace zeropoint {
namespace {

std::string folder() {
  const char* variable = std::getenv("TMPDIR");
  return variable && *variable ? variable : "/tmp";
}

/// Calls `transfer(pointer, bytes, offset)` until all bytes are through.
template <class Pointer, class Transfer>
void transfer_all(Pointer data, std::size_t bytes, std::int64_t offset, const char* verb, Transfer transfer) {
  while (bytes > 0) {
    const ssize_t done = transfer(data, bytes, offset);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      throw IoError{"cannot {} the scratch file in {} ({}): free some space, or point TMPDIR to a larger disk", verb,
                    folder(), done < 0 ? std::strerror(errno) : "unexpected end"};
    }
    data += done;
    bytes -= static_cast<std::size_t>(done);
    offset += done;
  }
}

}  // namespace

ScratchFile::ScratchFile() {
  std::string path = folder() + "/zeropoint-XXXXXX";
  descriptor_ = ::mkstemp(path.data());
  if (descriptor_ < 0)
    throw IoError{"cannot create a scratch file in {} ({}): set TMPDIR", folder(), std::strerror(errno)};
  ::unlink(path.c_str());
}

ScratchFile::~ScratchFile() { ::close(descriptor_); }

void ScratchFile::write(std::int64_t offset, const void* data, std::size_t bytes) {
  transfer_all(static_cast<const char*>(data), bytes, offset, "write",
               [&](const char* from, std::size_t n, std::int64_t at) { return ::pwrite(descriptor_, from, n, at); });
}

void ScratchFile::read(std::int64_t offset, void* data, std::size_t bytes) const {
  transfer_all(static_cast<char*>(data), bytes, offset, "read",
               [&](char* to, std::size_t n, std::int64_t at) { return ::pread(descriptor_, to, n, at); });
}

std::int64_t available_memory() {
  std::int64_t available = std::int64_t{1} << 62;
  std::ifstream meminfo("/proc/meminfo");
  for (std::string key; meminfo >> key;) {
    std::int64_t kilobytes = 0;
    if (key == "MemAvailable:" && meminfo >> kilobytes) available = kilobytes * 1024;
    meminfo.ignore(1 << 10, '\n');
  }
  std::int64_t limit = 0, used = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit && std::ifstream("/sys/fs/cgroup/memory.current") >> used) {
    available = std::min(available, std::max<std::int64_t>(limit - used, 0));
  }
  return available;
}

}  // namespace zeropoint
