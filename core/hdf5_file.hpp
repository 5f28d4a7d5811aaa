#pragma once

#include <ATen/core/Tensor.h>

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zeropoint {

/// What every HDF5 file of the program says about itself, as attributes of its root; the code's version and commit are
/// added.
struct Hdf5Info {
  std::string filetype;                   ///< "zeropoint ensemble", ...
  int version = 1;                        ///< of the layout
  std::string configuration = {};         ///< the resolved run file, empty when there is none
  std::optional<std::int64_t> seed = {};  ///< of the random numbers, where there are any
};

/// An HDF5 file. Arrays are row-major as in NumPy; each has attributes `units` and `axes` (names, comma-separated,
/// first axis first). Names may be paths, "populations/1/forces": groups are made. Complex numbers are pairs (r, i), as
/// in h5py.
///
/// A file that is created or modified is PATH.tmp until close() gives it its name; without close() nothing stays.
/// Every function throws IoError, with HDF5's reason, when the file cannot be read or written; InputError when what is
/// asked for is not there or is something else.
class Hdf5File {
 public:
  static Hdf5File create(const std::string& path, const Hdf5Info& info);
  /// For reading. `filetype`: the type that is expected; empty: any.
  static Hdf5File open(const std::string& path, const std::string& filetype = "");
  /// For additions: works on a copy, close() replaces the file.
  static Hdf5File modify(const std::string& path, const std::string& filetype = "");

  Hdf5File(Hdf5File&& other) noexcept;
  Hdf5File& operator=(Hdf5File&&) = delete;
  ~Hdf5File();
  /// Flushes the file and gives it its name.
  void close();
  const std::string& path() const { return path_; }

  /// float64, float32, int64, int32, uint8 or complex128, any shape. @throws InternalError when the name is taken.
  void write(const std::string& name, const at::Tensor& values, const std::string& units, const std::string& axes);
  /// A column vector has one axis.
  template <class Derived>
  void write(const std::string& name, const Eigen::MatrixBase<Derived>& values, const std::string& units,
             const std::string& axes) {
    write_matrix(name, values.derived(), Derived::ColsAtCompileTime == 1, units, axes);
  }
  void write(const std::string& name, const std::vector<std::string>& values, const std::string& axes);
  /// Adds `values` at the end of the first axis; the first call makes the array (in pieces on disk, of unlimited
  /// length).
  void append(const std::string& name, const at::Tensor& values, const std::string& units, const std::string& axes);
  /// New values for an array that is there, of the same shape: the file does not grow. @throws InputError for another
  /// shape.
  void overwrite(const std::string& name, const at::Tensor& values);
  /// An attribute of an array or group; "/" is the file itself.
  void write_attribute(const std::string& object, const std::string& name, const std::string& value);
  void write_attribute(const std::string& object, const std::string& name, double value);
  void write_attribute(const std::string& object, const std::string& name, std::int64_t value);
  /// Takes an array or group out of the file.
  void remove(const std::string& name);

  bool has(const std::string& name) const;
  /// Names in a group, in alphabetical order.
  std::vector<std::string> names(const std::string& group = "/") const;
  std::vector<std::int64_t> shape(const std::string& name) const;
  at::Tensor read(const std::string& name) const;
  /// Rows begin <= i < end of the first axis; the rest of the array is not touched.
  at::Tensor read(const std::string& name, std::int64_t begin, std::int64_t end) const;
  Eigen::MatrixXd read_matrix(const std::string& name) const;
  Eigen::VectorXd read_vector(const std::string& name) const;
  std::vector<std::string> read_strings(const std::string& name) const;
  /// Empty when there is no such attribute.
  std::optional<std::string> text_attribute(const std::string& object, const std::string& name) const;
  std::optional<double> number_attribute(const std::string& object, const std::string& name) const;

 private:
  Hdf5File(std::string path, std::int64_t file, bool unfinished);
  void write_matrix(const std::string& name, const Eigen::Ref<const Eigen::MatrixXd>& values, bool one_axis,
                    const std::string& units, const std::string& axes);
  void check_type(const std::string& filetype) const;
  void write_labels(const std::string& name, const std::string& units, const std::string& axes);

  std::string path_;
  std::int64_t file_ = -1;   // hid_t
  bool unfinished_ = false;  // still under its temporary name
};

/// True when the file begins as HDF5 files do.
bool is_hdf5(const std::string& path);

}  // namespace zeropoint
