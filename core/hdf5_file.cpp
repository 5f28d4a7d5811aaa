#include "core/hdf5_file.hpp"

#include <ATen/ops/empty.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <type_traits>

#include "core/atomic_file.hpp"
#include "core/build_info.hpp"
#include "core/error.hpp"
#include "core/hdf5_handle.hpp"
#include "core/kill_point.hpp"

namespace zeropoint {
namespace {

static_assert(std::is_same_v<hid_t, std::int64_t> || sizeof(hid_t) == sizeof(std::int64_t));

// Not every build of the library may be entered from two threads.
std::recursive_mutex library;
// A file that the disk has no room for stays open inside the library, which then ends the program with a crash at exit.
const bool keeps_silent_at_exit = H5dont_atexit() >= 0;
using Lock = std::lock_guard<std::recursive_mutex>;

constexpr std::size_t piece_bytes = std::size_t{1} << 20;  // of an array that grows

hid_t checked(hid_t id, const std::string& path, const std::string& what) {
  if (id < 0) throw IoError{"{}: cannot {}: {}", path, what, hdf5_reason()};
  return id;
}

void check_status(herr_t status, const std::string& path, const std::string& what) { checked(status, path, what); }

Hdf5Handle complex_type() {
  Hdf5Handle type{H5Tcreate(H5T_COMPOUND, 2 * sizeof(double)), H5Tclose};
  H5Tinsert(type.get(), "r", 0, H5T_NATIVE_DOUBLE);
  H5Tinsert(type.get(), "i", sizeof(double), H5T_NATIVE_DOUBLE);
  return type;
}

Hdf5Handle string_type() {
  Hdf5Handle type{H5Tcopy(H5T_C_S1), H5Tclose};
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

Hdf5Handle type_of(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return {H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose};
    case at::kFloat:
      return {H5Tcopy(H5T_NATIVE_FLOAT), H5Tclose};
    case at::kLong:
      return {H5Tcopy(H5T_NATIVE_INT64), H5Tclose};
    case at::kInt:
      return {H5Tcopy(H5T_NATIVE_INT32), H5Tclose};
    case at::kByte:
      return {H5Tcopy(H5T_NATIVE_UINT8), H5Tclose};
    case at::kComplexDouble:
      return complex_type();
    default:
      throw InternalError{"tensors of type {} are not stored in HDF5 files", c10::toString(type)};
  }
}

at::ScalarType scalar_type(hid_t type, const std::string& where) {
  const std::size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return size == 4 ? at::kFloat : at::kDouble;
    case H5T_INTEGER:
      return size == 1 ? at::kByte : size <= 4 ? at::kInt : at::kLong;
    case H5T_COMPOUND:
      if (H5Tget_nmembers(type) == 2 && H5Tget_member_index(type, "r") == 0) return at::kComplexDouble;
      [[fallthrough]];
    default:
      throw InputError{"{}: neither real, integer nor complex numbers", where};
  }
}

std::vector<hsize_t> lengths(const at::Tensor& values) { return {values.sizes().begin(), values.sizes().end()}; }

Hdf5Handle space_of(const std::vector<hsize_t>& shape, const hsize_t* most = nullptr) {
  if (shape.empty()) return {H5Screate(H5S_SCALAR), H5Sclose};
  return {H5Screate_simple(static_cast<int>(shape.size()), shape.data(), most), H5Sclose};
}

Hdf5Handle with_groups() {
  Hdf5Handle list{H5Pcreate(H5P_LINK_CREATE), H5Pclose};
  H5Pset_create_intermediate_group(list.get(), 1);
  return list;
}

bool exists(hid_t file, const std::string& name) {
  // H5Lexists wants every group on the way to be there.
  for (std::size_t slash = name.find('/', 1); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    if (H5Lexists(file, name.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return name == "/" || H5Lexists(file, name.c_str(), H5P_DEFAULT) > 0;
}

Hdf5Handle open_dataset(hid_t file, const std::string& path, const std::string& name) {
  if (!exists(file, name)) throw InputError{"{}: there is no '{}' in it", path, name};
  return {checked(H5Dopen2(file, name.c_str(), H5P_DEFAULT), path, "read " + name), H5Dclose};
}

std::vector<std::int64_t> shape_of(hid_t dataset) {
  const Hdf5Handle space{H5Dget_space(dataset), H5Sclose};
  std::vector<hsize_t> shape(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.get()))));
  H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr);
  return {shape.begin(), shape.end()};
}

Hdf5Handle create_dataset(hid_t file, const std::string& path, const std::string& name, hid_t type,
                          const Hdf5Handle& space, hid_t layout = H5P_DEFAULT) {
  if (exists(file, name)) throw InternalError{"{}: '{}' is in the file already", path, name};
  return {checked(H5Dcreate2(file, name.c_str(), type, space.get(), with_groups().get(), layout, H5P_DEFAULT), path,
                  "write " + name),
          H5Dclose};
}

void set_attribute(hid_t file, const std::string& path, const std::string& object, const std::string& name, hid_t type,
                   const void* value) {
  const Hdf5Handle owner{checked(H5Oopen(file, object.c_str(), H5P_DEFAULT), path, "open " + object), H5Oclose};
  if (H5Aexists(owner.get(), name.c_str()) > 0) H5Adelete(owner.get(), name.c_str());
  const Hdf5Handle attribute{
      checked(H5Acreate2(owner.get(), name.c_str(), type, space_of({}).get(), H5P_DEFAULT, H5P_DEFAULT), path,
              "write the attribute " + name),
      H5Aclose};
  check_status(H5Awrite(attribute.get(), type, value), path, "write the attribute " + name);
}

/// "file write failed: time = .., error message = 'No space left on device', ..": what failed, and why.
std::string in_short(const std::string& description) {
  const std::size_t details = description.find(": time ="), quoted = description.find("error message = '");
  if (details == std::string::npos || quoted == std::string::npos) return description;
  const std::size_t begin = description.find('\'', quoted) + 1;
  return fmt::format("{} ({})", description.substr(0, details),
                     description.substr(begin, description.find('\'', begin) - begin));
}

}  // namespace

std::string hdf5_reason() {
  std::string reason;
  const auto collect = [](unsigned, const H5E_error2_t* error, void* text) -> herr_t {
    if (error->desc && *error->desc) {
      auto& all = *static_cast<std::string*>(text);
      all += (all.empty() ? "" : "; ") + in_short(error->desc);
    }
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &reason);
  return reason.empty() ? "unknown reason" : reason.substr(0, 300);
}

bool is_hdf5(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char start[8] = {};
  return file.read(start, 8) && std::memcmp(start, "\x89HDF\r\n\x1a\n", 8) == 0;
}

Hdf5File::Hdf5File(std::string path, std::int64_t file, bool unfinished)
    : path_(std::move(path)), file_(file), unfinished_(unfinished) {}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      unfinished_(std::exchange(other.unfinished_, false)) {}

Hdf5File Hdf5File::create(const std::string& path, const Hdf5Info& info) {
  const Lock lock{library};
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  make_parent_folder(path);
  const std::string name = temporary_name(path);
  Hdf5File file{path, checked(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), path, "make the file"),
                true};
  kill_point(path, "begun");
  file.write_attribute("/", "filetype", info.filetype);
  file.write_attribute("/", "version", std::int64_t{info.version});
  file.write_attribute("/", "code_version", build_info().version);
  file.write_attribute("/", "git_sha", build_info().commit);
  file.write_attribute("/", "configuration", info.configuration);
  if (info.seed) file.write_attribute("/", "seed", *info.seed);
  return file;
}

Hdf5File Hdf5File::open(const std::string& path, const std::string& filetype) {
  const Lock lock{library};
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) throw IoError{"{}: cannot be opened: {}", path, error.message()};
  if (size == 0) throw InputError{"{}: the file is empty: write it again", path};
  if (!is_hdf5(path)) throw InputError{"{}: not an HDF5 file", path};
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (id < 0)
    throw InputError{"{}: cannot be read as HDF5 (truncated?): {}. Write or copy it again", path, hdf5_reason()};
  Hdf5File file{path, id, false};
  file.check_type(filetype);
  return file;
}

Hdf5File Hdf5File::modify(const std::string& path, const std::string& filetype) {
  const Lock lock{library};
  open(path, filetype);
  std::error_code error;
  const std::string name = temporary_name(path);
  std::filesystem::copy_file(path, name, std::filesystem::copy_options::overwrite_existing, error);
  if (error) throw IoError{"{}: cannot be written: {}", name, error.message()};
  return {path, checked(H5Fopen(name.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), path, "open the file for writing"), true};
}

void Hdf5File::check_type(const std::string& filetype) const {
  const std::string found = text_attribute("/", "filetype").value_or("");
  if (!filetype.empty() && found != filetype) {
    throw InputError{"{}: filetype is '{}', '{}' expected: another file of the program, or of another program", path_,
                     found, filetype};
  }
}

Hdf5File::~Hdf5File() {
  if (file_ < 0) return;
  const Lock lock{library};
  H5Fclose(file_);
  if (unfinished_) ::unlink(temporary_name(path_).c_str());
}

void Hdf5File::close() {
  const Lock lock{library};
  if (file_ < 0) return;
  if (unfinished_) check_status(H5Fflush(file_, H5F_SCOPE_GLOBAL), path_, "write the file");
  check_status(H5Fclose(std::exchange(file_, -1)), path_, "close the file");
  if (unfinished_) move_into_place(path_);
  unfinished_ = false;
}

void Hdf5File::write(const std::string& name, const at::Tensor& values, const std::string& units,
                     const std::string& axes) {
  const Lock lock{library};
  const at::Tensor numbers = values.cpu().contiguous();
  const Hdf5Handle type = type_of(numbers.scalar_type());
  {
    const Hdf5Handle dataset = create_dataset(file_, path_, name, type.get(), space_of(lengths(numbers)));
    check_status(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.const_data_ptr()), path_,
                 "write " + name);
  }
  write_labels(name, units, axes);
}

void Hdf5File::overwrite(const std::string& name, const at::Tensor& values) {
  const Lock lock{library};
  const at::Tensor numbers = values.cpu().contiguous();
  const Hdf5Handle dataset = open_dataset(file_, path_, name);
  if (shape_of(dataset.get()) != numbers.sizes().vec()) throw InputError{"{}: '{}' has another shape", path_, name};
  check_status(H5Dwrite(dataset.get(), type_of(numbers.scalar_type()).get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                        numbers.const_data_ptr()),
               path_, "write " + name);
}

void Hdf5File::write_matrix(const std::string& name, const Eigen::Ref<const Eigen::MatrixXd>& values, bool one_axis,
                            const std::string& units, const std::string& axes) {
  at::Tensor rows = at::empty({values.rows(), values.cols()}, at::kDouble);
  Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
      rows.mutable_data_ptr<double>(), values.rows(), values.cols()) = values;
  write(name, one_axis ? rows.reshape({-1}) : rows, units, axes);
}

void Hdf5File::write(const std::string& name, const std::vector<std::string>& values, const std::string& axes) {
  const Lock lock{library};
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  const Hdf5Handle type = string_type();
  {
    const Hdf5Handle dataset = create_dataset(file_, path_, name, type.get(), space_of({values.size()}));
    check_status(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), path_,
                 "write " + name);
  }
  write_labels(name, "", axes);
}

void Hdf5File::append(const std::string& name, const at::Tensor& values, const std::string& units,
                      const std::string& axes) {
  const Lock lock{library};
  const at::Tensor numbers = values.cpu().contiguous();
  const Hdf5Handle type = type_of(numbers.scalar_type());
  std::vector<hsize_t> added = lengths(numbers);
  if (added.empty()) throw InternalError{"{}: a single number cannot be appended to '{}'", path_, name};
  if (!exists(file_, name)) {
    std::vector<hsize_t> shape = added, most = added, piece = added;
    shape[0] = 0;
    most[0] = H5S_UNLIMITED;
    std::size_t row_bytes = numbers.element_size();
    for (std::size_t k = 1; k < piece.size(); ++k) row_bytes *= std::max<hsize_t>(piece[k], 1);
    piece[0] = std::min<hsize_t>(piece_bytes / row_bytes, std::max<hsize_t>(added[0], 64));  // a small file stays small
    for (hsize_t& length : piece) length = std::max<hsize_t>(length, 1);
    const Hdf5Handle layout{H5Pcreate(H5P_DATASET_CREATE), H5Pclose};
    H5Pset_chunk(layout.get(), static_cast<int>(piece.size()), piece.data());
    create_dataset(file_, path_, name, type.get(), space_of(shape, most.data()), layout.get());
    write_labels(name, units, axes);
  }
  const Hdf5Handle dataset = open_dataset(file_, path_, name);
  const std::vector<std::int64_t> old = shape_of(dataset.get());
  std::vector<hsize_t> grown{old.begin(), old.end()};
  if (grown.size() != added.size() || !std::equal(grown.begin() + 1, grown.end(), added.begin() + 1)) {
    throw InternalError{"{}: rows of another shape cannot be appended to '{}'", path_, name};
  }
  std::vector<hsize_t> start(grown.size(), 0);
  start[0] = grown[0];
  grown[0] += added[0];
  check_status(H5Dset_extent(dataset.get(), grown.data()), path_, "extend " + name);
  const Hdf5Handle target{H5Dget_space(dataset.get()), H5Sclose};
  H5Sselect_hyperslab(target.get(), H5S_SELECT_SET, start.data(), nullptr, added.data(), nullptr);
  check_status(
      H5Dwrite(dataset.get(), type.get(), space_of(added).get(), target.get(), H5P_DEFAULT, numbers.const_data_ptr()),
      path_, "write " + name);
  kill_point(path_, "partly written");
}

void Hdf5File::write_labels(const std::string& name, const std::string& units, const std::string& axes) {
  write_attribute(name, "units", units);
  write_attribute(name, "axes", axes);
}

void Hdf5File::write_attribute(const std::string& object, const std::string& name, const std::string& value) {
  const Lock lock{library};
  const char* text = value.c_str();
  set_attribute(file_, path_, object, name, string_type().get(), &text);
}

void Hdf5File::write_attribute(const std::string& object, const std::string& name, double value) {
  const Lock lock{library};
  set_attribute(file_, path_, object, name, H5T_NATIVE_DOUBLE, &value);
}

void Hdf5File::write_attribute(const std::string& object, const std::string& name, std::int64_t value) {
  const Lock lock{library};
  set_attribute(file_, path_, object, name, H5T_NATIVE_INT64, &value);
}

void Hdf5File::remove(const std::string& name) {
  const Lock lock{library};
  check_status(H5Ldelete(file_, name.c_str(), H5P_DEFAULT), path_, "remove " + name);
}

bool Hdf5File::has(const std::string& name) const {
  const Lock lock{library};
  return exists(file_, name);
}

std::vector<std::string> Hdf5File::names(const std::string& group) const {
  const Lock lock{library};
  if (!exists(file_, group)) throw InputError{"{}: there is no '{}' in it", path_, group};
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->emplace_back(name);
    return 0;
  };
  std::vector<std::string> all;
  hsize_t first = 0;
  check_status(H5Literate_by_name(file_, group.c_str(), H5_INDEX_NAME, H5_ITER_INC, &first, collect, &all, H5P_DEFAULT),
               path_, "list " + group);
  return all;
}

std::vector<std::int64_t> Hdf5File::shape(const std::string& name) const {
  const Lock lock{library};
  return shape_of(open_dataset(file_, path_, name).get());
}

at::Tensor Hdf5File::read(const std::string& name) const {
  const Lock lock{library};
  const Hdf5Handle dataset = open_dataset(file_, path_, name);
  const Hdf5Handle stored{H5Dget_type(dataset.get()), H5Tclose};
  const Hdf5Handle type = type_of(scalar_type(stored.get(), path_ + ": " + name));
  at::Tensor values = at::empty(shape_of(dataset.get()), scalar_type(stored.get(), path_));
  check_status(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.mutable_data_ptr()), path_,
               "read " + name);
  return values;
}

at::Tensor Hdf5File::read(const std::string& name, std::int64_t begin, std::int64_t end) const {
  const Lock lock{library};
  const Hdf5Handle dataset = open_dataset(file_, path_, name);
  std::vector<std::int64_t> shape = shape_of(dataset.get());
  if (shape.empty() || begin < 0 || begin > end || end > shape[0]) {
    throw InputError{"{}: rows {} to {} of '{}' do not exist", path_, begin, end, name};
  }
  shape[0] = end - begin;
  const Hdf5Handle stored{H5Dget_type(dataset.get()), H5Tclose};
  const at::ScalarType kind = scalar_type(stored.get(), path_ + ": " + name);
  at::Tensor values = at::empty(shape, kind);
  if (values.numel() == 0) return values;
  const std::vector<hsize_t> count = lengths(values);
  std::vector<hsize_t> start(count.size(), 0);
  start[0] = static_cast<hsize_t>(begin);
  const Hdf5Handle source{H5Dget_space(dataset.get()), H5Sclose};
  H5Sselect_hyperslab(source.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
  check_status(H5Dread(dataset.get(), type_of(kind).get(), space_of(count).get(), source.get(), H5P_DEFAULT,
                       values.mutable_data_ptr()),
               path_, "read " + name);
  return values;
}

Eigen::MatrixXd Hdf5File::read_matrix(const std::string& name) const {
  const at::Tensor values = read(name).to(at::kDouble);
  if (values.dim() != 2) throw InputError{"{}: '{}' has {} axes, a matrix has 2", path_, name, values.dim()};
  return Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
      values.const_data_ptr<double>(), values.size(0), values.size(1));
}

Eigen::VectorXd Hdf5File::read_vector(const std::string& name) const {
  const at::Tensor values = read(name).to(at::kDouble);
  if (values.dim() != 1) throw InputError{"{}: '{}' has {} axes, a vector has 1", path_, name, values.dim()};
  return Eigen::Map<const Eigen::VectorXd>(values.const_data_ptr<double>(), values.size(0));
}

std::vector<std::string> Hdf5File::read_strings(const std::string& name) const {
  const Lock lock{library};
  const Hdf5Handle dataset = open_dataset(file_, path_, name);
  const Hdf5Handle stored{H5Dget_type(dataset.get()), H5Tclose};
  const std::vector<std::int64_t> shape = shape_of(dataset.get());
  if (H5Tis_variable_str(stored.get()) <= 0 || shape.size() != 1)
    throw InputError{"{}: '{}' is no list of words", path_, name};
  std::vector<char*> pointers(static_cast<std::size_t>(shape[0]), nullptr);
  const Hdf5Handle type = string_type();
  check_status(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), path_,
               "read " + name);
  std::vector<std::string> words;
  for (const char* word : pointers) words.emplace_back(word ? word : "");
  const Hdf5Handle space{H5Dget_space(dataset.get()), H5Sclose};
  H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data());
  return words;
}

std::optional<std::string> Hdf5File::text_attribute(const std::string& object, const std::string& name) const {
  const Lock lock{library};
  if (!exists(file_, object) || H5Aexists_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT) <= 0)
    return std::nullopt;
  const Hdf5Handle attribute{
      checked(H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), path_, "read " + name),
      H5Aclose};
  const Hdf5Handle stored{H5Aget_type(attribute.get()), H5Tclose};
  if (H5Tis_variable_str(stored.get()) <= 0) return std::nullopt;
  char* text = nullptr;
  check_status(H5Aread(attribute.get(), string_type().get(), static_cast<void*>(&text)), path_,
               "read the attribute " + name);
  const std::string value = text ? text : "";
  H5free_memory(text);
  return value;
}

std::optional<double> Hdf5File::number_attribute(const std::string& object, const std::string& name) const {
  const Lock lock{library};
  if (!exists(file_, object) || H5Aexists_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT) <= 0)
    return std::nullopt;
  const Hdf5Handle attribute{
      checked(H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), path_, "read " + name),
      H5Aclose};
  double value = 0;
  if (H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &value) < 0) return std::nullopt;
  return value;
}

}  // namespace zeropoint
