#include "phonons/hdf5_heap.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/atomic_file.hpp"
#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

using namespace std::string_view_literals;

constexpr std::uintmax_t largest = std::uintmax_t{16} << 20;
constexpr std::string_view signature = "GCOL\1\0\0\0"sv;  // of a global heap, version 1
constexpr std::uint64_t header = 16;  // of the heap: signature, size; of an object: number, count, size

std::uint64_t number_at(std::string_view bytes, std::uint64_t at, std::size_t width) {
  std::uint64_t value = 0;  // little-endian, as the library writes on every machine
  for (std::size_t i = 0; i < width; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

/// Objects behind one another, each padded to 8 bytes; number 0 is the free space at the end.
bool is_whole(std::string_view heap) {
  if (heap.size() < header) return false;
  const std::uint64_t size = number_at(heap, 8, 8);
  if (size < header || size > heap.size()) return false;
  std::uint64_t at = header;
  while (at + header <= size) {
    const std::uint64_t length = number_at(heap, at + 8, 8);
    if (length > size) return false;
    const std::uint64_t step = number_at(heap, at, 2) == 0 ? length : header + (length + 7) / 8 * 8;
    if (step == 0 || step > size - at) return false;
    at += step;
  }
  return true;
}

}  // namespace

void check_hdf5_heaps(const std::string& path) {
  std::error_code code;
  const std::uintmax_t size = std::filesystem::file_size(path, code);
  if (code || size > largest) return;
  const std::string bytes = read_file(path);
  const std::string_view all(bytes);
  for (std::size_t at = all.find(signature); at != std::string_view::npos; at = all.find(signature, at + 1)) {
    if (!is_whole(all.substr(at)))
      throw IoError{"{}: the file is damaged (the strings at byte {}): make it again", path, at};
  }
}

}  // namespace zeropoint::phonons
