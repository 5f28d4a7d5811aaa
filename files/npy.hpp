#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/atomic_file.hpp"

namespace zeropoint {

/// An array in a .npy file (formats 1 to 3), read in pieces of its first axis: any real or integer type, either byte
/// order, C or Fortran order. Reading is safe from several threads at once.
class NpyFile {
 public:
  /// @throws IoError when the file cannot be opened, InputError when it is no .npy file, is truncated, or holds another
  /// kind of array.
  explicit NpyFile(std::string path);
  NpyFile(const NpyFile&) = delete;
  NpyFile& operator=(const NpyFile&) = delete;
  ~NpyFile();

  const std::string& path() const { return path_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  bool fortran_order() const { return fortran_order_; }
  /// Length of the first axis; 1 for a single number.
  std::int64_t n_rows() const { return shape_.empty() ? 1 : shape_.front(); }
  /// Numbers in one row.
  std::int64_t row_size() const { return row_size_; }
  /// "10000 x 12 x 3".
  std::string shape_text() const;

  /// Rows begin <= i < end as float64 in C order, [end - begin, ...]. @throws IoError when the file cannot be read.
  at::Tensor read(std::int64_t begin, std::int64_t end) const;
  void read(std::int64_t begin, std::int64_t end, double* values) const;
  at::Tensor read() const { return read(0, n_rows()); }

 private:
  void read_header();
  void read_items(std::int64_t first, std::int64_t count, double* values, std::int64_t stride) const;

  std::string path_;
  int descriptor_ = -1;
  std::vector<std::int64_t> shape_;
  std::int64_t row_size_ = 1;
  std::int64_t data_offset_ = 0;
  char kind_ = 'f';       // f, i or u, as in the header
  int item_size_ = 8;     // bytes
  bool swapped_ = false;  // the other byte order
  bool fortran_order_ = false;
};

/// Writes a float64 .npy file in C order piece by piece; it appears under its name when finish() is called.
class NpyWriter {
 public:
  /// @throws IoError.
  NpyWriter(const std::string& path, const std::vector<std::int64_t>& shape);
  /// Appends numbers, in C order. @throws InternalError when there are more than the shape holds.
  void append(const double* values, std::int64_t count);
  /// @throws IoError; InternalError when numbers are missing.
  void finish();

 private:
  std::int64_t left_ = 1;
  AtomicFile file_;
};

/// Writes `values` (any shape) as float64. @throws IoError.
void write_npy(const std::string& path, const at::Tensor& values);

}  // namespace zeropoint
