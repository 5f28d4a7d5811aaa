#include "files/npy.hpp"

#include <ATen/ops/empty.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/error.hpp"

namespace zeropoint {
namespace {

static_assert(std::endian::native == std::endian::little, "npy files are read and written on little-endian machines");

constexpr std::string_view magic = "\x93NUMPY";

/// False when the file ends before `size` bytes.
bool read_bytes(int descriptor, const std::string& path, std::int64_t offset, void* bytes, std::int64_t size) {
  char* to = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t n = ::pread(descriptor, to, static_cast<std::size_t>(size), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError{"{}: cannot be read: {}", path, std::strerror(errno)};
    if (n == 0) return false;
    to += n;
    offset += n;
    size -= n;
  }
  return true;
}

/// What follows 'key': in the header's dictionary, up to the end of the header.
std::optional<std::string_view> entry(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + std::string(key) + quote;
    std::size_t at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    at = header.find_first_not_of(" \t:", at + quoted.size());
    if (at != std::string_view::npos) return header.substr(at);
  }
  return std::nullopt;
}

template <class Item, class Bits>
void convert(const char* bytes, std::int64_t count, bool swapped, double* values, std::int64_t stride) {
  for (std::int64_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, bytes + i * static_cast<std::int64_t>(sizeof bits), sizeof bits);
    if (swapped) {
      Bits reversed = 0;
      for (std::size_t b = 0; b < sizeof bits; ++b) {
        reversed = static_cast<Bits>(reversed | ((bits >> (8 * b) & 0xff) << (8 * (sizeof bits - 1 - b))));
      }
      bits = reversed;
    }
    values[i * stride] = static_cast<double>(std::bit_cast<Item>(bits));
  }
}

}  // namespace

NpyFile::NpyFile(std::string path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw IoError{"{}: cannot be opened: {}", path_, std::strerror(errno)};
  try {
    read_header();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

NpyFile::~NpyFile() { ::close(descriptor_); }

void NpyFile::read_header() {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) throw IoError{"{}: cannot be read: {}", path_, std::strerror(errno)};
  if (status.st_size == 0) throw InputError{"{}: the file is empty: write it again", path_};
  unsigned char start[12] = {};
  read_bytes(descriptor_, path_, 0, start, std::min<std::int64_t>(status.st_size, 12));
  if (std::memcmp(start, magic.data(), magic.size()) != 0) {
    throw InputError{"{}: not a .npy file (it does not begin with the bytes \\x93NUMPY): save it with numpy.save",
                     path_};
  }
  const int version = start[6];
  if (version < 1 || version > 3) throw InputError{"{}: .npy format {}: versions 1 to 3 are read", path_, version};
  const int length_bytes = version == 1 ? 2 : 4;
  std::int64_t header_size = 0;
  for (int b = 0; b < length_bytes; ++b) header_size |= static_cast<std::int64_t>(start[8 + b]) << (8 * b);
  data_offset_ = 8 + length_bytes + header_size;
  if (data_offset_ > status.st_size) throw InputError{"{}: truncated inside its header: write or copy it again", path_};
  std::string header(static_cast<std::size_t>(header_size), ' ');
  read_bytes(descriptor_, path_, 8 + length_bytes, header.data(), header_size);

  const auto type = entry(header, "descr"), order = entry(header, "fortran_order"), shape = entry(header, "shape");
  if (!type || !order || !shape) throw InputError{"{}: unreadable .npy header: {}", path_, header};
  const std::string_view code = type->substr(1, std::max<std::size_t>(type->find_first_of("'\"", 1), 1) - 1);
  kind_ = code.size() > 1 ? code[1] : '?';
  item_size_ = code.size() > 2 ? code[2] - '0' : 0;
  const bool real = kind_ == 'f' && (item_size_ == 4 || item_size_ == 8);
  const bool integer =
      (kind_ == 'i' || kind_ == 'u') && std::has_single_bit(static_cast<unsigned>(item_size_)) && item_size_ <= 8;
  if (code.size() != 3 || !(real || integer) || std::string_view("<>|=").find(code[0]) == std::string_view::npos) {
    throw InputError{"{}: array type {} is not read: save it as float64 (array.astype(float))", path_,
                     type->substr(0, type->find(','))};
  }
  swapped_ = code[0] == '>' && item_size_ > 1;
  fortran_order_ = order->starts_with("True");

  const std::string_view inside = shape->substr(0, shape->find(')'));
  std::int64_t n_items = 1;
  for (std::size_t at = inside.find_first_of("0123456789"); at != std::string_view::npos;
       at = inside.find_first_of("0123456789", at)) {
    std::int64_t length = 0;
    for (; at < inside.size() && inside[at] >= '0' && inside[at] <= '9'; ++at) {
      length = length * 10 + (inside[at] - '0');
      if (length > std::int64_t{1} << 40) throw InputError{"{}: unreadable .npy header: {}", path_, header};
    }
    shape_.push_back(length);
    if (length > 0 && n_items > (std::int64_t{1} << 50) / length) {
      throw InputError{"{}: shape {} is larger than any file", path_, shape_text()};
    }
    n_items *= length;
  }
  for (std::size_t k = 1; k < shape_.size(); ++k) row_size_ *= shape_[k];
  const std::int64_t expected = data_offset_ + n_items * item_size_;
  if (status.st_size < expected) {
    throw InputError{"{}: truncated: {} numbers ({}) need {} bytes, the file has {}: write or copy it again",
                     path_,
                     n_items,
                     shape_text(),
                     expected,
                     status.st_size};
  }
  if (status.st_size > expected) {
    throw InputError{"{}: {} bytes follow the array ({}): one array a file is expected", path_,
                     status.st_size - expected, shape_text()};
  }
}

std::string NpyFile::shape_text() const {
  return shape_.empty() ? "a single number" : fmt::format("{}", fmt::join(shape_, " x "));
}

at::Tensor NpyFile::read(std::int64_t begin, std::int64_t end) const {
  std::vector<std::int64_t> shape = shape_;
  if (!shape.empty()) shape.front() = end - begin;
  at::Tensor values = at::empty(shape, at::kDouble);
  read(begin, end, values.mutable_data_ptr<double>());
  return values;
}

void NpyFile::read(std::int64_t begin, std::int64_t end, double* values) const {
  if (begin < 0 || begin > end || end > n_rows()) {
    throw InternalError{"{}: rows {} to {} of {} asked for", path_, begin, end, n_rows()};
  }
  if (!fortran_order_ || shape_.size() < 2) {
    read_items(begin * row_size_, (end - begin) * row_size_, values, 1);
    return;
  }
  // Fortran order: the first axis is contiguous, so each of the row_size_ columns is one stretch of the file.
  std::vector<std::int64_t> index(shape_.size(), 0);  // of the column; [0] unused
  for (std::int64_t column = 0; column < row_size_; ++column) {
    std::int64_t offset = 0;
    for (std::size_t k = shape_.size() - 1; k > 0; --k) offset = offset * shape_[k] + index[k];
    read_items(offset * shape_[0] + begin, end - begin, values + column, row_size_);
    for (std::size_t k = shape_.size() - 1; k > 0 && ++index[k] == shape_[k]; --k) index[k] = 0;
  }
}

void NpyFile::read_items(std::int64_t first, std::int64_t count, double* values, std::int64_t stride) const {
  const auto fetch = [&](std::int64_t item, void* bytes, std::int64_t n) {
    if (!read_bytes(descriptor_, path_, data_offset_ + item * item_size_, bytes, n * item_size_)) {
      throw IoError{"{}: has become shorter while it was read", path_};
    }
  };
  if (stride == 1 && kind_ == 'f' && item_size_ == 8 && !swapped_) {
    fetch(first, values, count);
    return;
  }
  constexpr std::int64_t piece = 8192;
  char bytes[piece * 8];
  for (std::int64_t done = 0; done < count; done += piece) {
    const std::int64_t n = std::min(piece, count - done);
    double* to = values + done * stride;
    fetch(first + done, bytes, n);
    if (kind_ == 'f' && item_size_ == 8) convert<double, std::uint64_t>(bytes, n, swapped_, to, stride);
    if (kind_ == 'f' && item_size_ == 4) convert<float, std::uint32_t>(bytes, n, swapped_, to, stride);
    if (kind_ == 'i' && item_size_ == 8) convert<std::int64_t, std::uint64_t>(bytes, n, swapped_, to, stride);
    if (kind_ == 'i' && item_size_ == 4) convert<std::int32_t, std::uint32_t>(bytes, n, swapped_, to, stride);
    if (kind_ == 'i' && item_size_ == 2) convert<std::int16_t, std::uint16_t>(bytes, n, swapped_, to, stride);
    if (kind_ == 'i' && item_size_ == 1) convert<std::int8_t, std::uint8_t>(bytes, n, swapped_, to, stride);
    if (kind_ == 'u' && item_size_ == 8) convert<std::uint64_t, std::uint64_t>(bytes, n, swapped_, to, stride);
    if (kind_ == 'u' && item_size_ == 4) convert<std::uint32_t, std::uint32_t>(bytes, n, swapped_, to, stride);
    if (kind_ == 'u' && item_size_ == 2) convert<std::uint16_t, std::uint16_t>(bytes, n, swapped_, to, stride);
    if (kind_ == 'u' && item_size_ == 1) convert<std::uint8_t, std::uint8_t>(bytes, n, swapped_, to, stride);
  }
}

NpyWriter::NpyWriter(const std::string& path, const std::vector<std::int64_t>& shape) : file_(path) {
  for (const std::int64_t length : shape) left_ *= length;
  std::string header = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}{}), }}",
                                   fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  header.append(63 - (10 + header.size()) % 64, ' ');  // the numbers begin at a multiple of 64 bytes
  header += '\n';
  std::string start{magic};
  start += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  file_.write(start + header);
}

void NpyWriter::append(const double* values, std::int64_t count) {
  if (count > left_) throw InternalError{"{} numbers for the {} left in a .npy file", count, left_};
  left_ -= count;
  file_.write({reinterpret_cast<const char*>(values), static_cast<std::size_t>(count) * sizeof(double)});
}

void NpyWriter::finish() {
  if (left_ != 0) throw InternalError{"{} numbers are missing in a .npy file", left_};
  file_.commit();
}

void write_npy(const std::string& path, const at::Tensor& values) {
  const at::Tensor numbers = values.to(at::kDouble).contiguous().cpu();
  NpyWriter file{path, numbers.sizes().vec()};
  file.append(numbers.const_data_ptr<double>(), numbers.numel());
  file.finish();
}

}  // namespace zeropoint
