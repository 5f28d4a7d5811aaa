#pragma once

#include <cstddef>
#include <cstdint>

namespace zeropoint {

/// A nameless temporary file in $TMPDIR (or /tmp): it vanishes with the object or the process, however that ends.
class ScratchFile {
 public:
  /// @throws IoError when the folder cannot be written.
  ScratchFile();
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  /// Both may be called from several threads. @throws IoError (a full disk names the folder and the remedy).
  void write(std::int64_t offset, const void* data, std::size_t bytes);
  void read(std::int64_t offset, void* data, std::size_t bytes) const;

 private:
  int descriptor_;
};

/// Bytes of physical memory that are free for this process now (what the kernel calls available, cgroup limits
/// respected).
std::int64_t available_memory();

}  // namespace zeropoint
