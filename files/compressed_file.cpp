#include "files/compressed_file.hpp"

#include <lzma.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "core/error.hpp"

namespace zeropoint {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t memory_limit = std::uint64_t{1} << 30;  // xz -9 needs 65 MiB
constexpr std::size_t largest = std::size_t{4} << 30;

}  // namespace

std::string unpacked(std::string bytes, const std::string& path) {
  const std::string_view begin(bytes);
  if (begin.starts_with("\x1f\x8b"sv)) throw InputError{"{} is compressed: unpack it first (gunzip -k {})", path, path};
  if (begin.starts_with("\x28\xb5\x2f\xfd"sv))
    throw InputError{"{} is compressed: unpack it first (unzstd {})", path, path};
  if (!begin.starts_with("\xfd\x37zXZ\0"sv)) return bytes;

  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, memory_limit, LZMA_CONCATENATED) != LZMA_OK) {
    throw IoError{"{}: no memory to unpack it: unpack it first (unxz -k {})", path, path};
  }
  stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  std::string text;
  lzma_ret state = LZMA_OK;
  while (state == LZMA_OK && text.size() < largest) {
    const std::size_t filled = text.size();
    text.resize(std::max<std::size_t>(4 * bytes.size(), 2 * filled));
    stream.next_out = reinterpret_cast<std::uint8_t*>(text.data() + filled);
    stream.avail_out = text.size() - filled;
    state = lzma_code(&stream, LZMA_FINISH);
    text.resize(text.size() - stream.avail_out);
  }
  lzma_end(&stream);
  if (state == LZMA_OK) throw InputError{"{} holds more than 4 GiB: name the file that was meant", path};
  if (state != LZMA_STREAM_END)
    throw InputError{"{}: the compressed file is cut or damaged (error {} of liblzma); make it again", path,
                     static_cast<int>(state)};
  return text;
}

}  // namespace zeropoint
