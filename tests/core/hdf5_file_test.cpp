#include "core/hdf5_file.hpp"
#include "core/parallel.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "tests/support/killed_writer.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

using test::TemporaryFolder;

/// 100 i + 10 j + k.
at::Tensor counted(std::int64_t n) {
  at::Tensor values = at::empty({n, 2, 3}, at::kDouble);
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    values.mutable_data_ptr<double>()[i] = static_cast<double>(100 * (i / 6) + 10 * (i / 3 % 2) + i % 3);
  }
  return values;
}

Eigen::MatrixXd lopsided() {
  Eigen::MatrixXd matrix(2, 3);
  matrix << 1, 2, 3, 4, 5, 6;
  return matrix;
}

/// The first of ZEROPOINT_PYTHON, python3 and the system's python3 that has h5py, empty when none has.
std::string python_with_h5py() {
  const char* const chosen = std::getenv("ZEROPOINT_PYTHON");
  for (const std::string python : {chosen ? chosen : "python3", "/usr/bin/python3"}) {
    if (std::system((python + " -c 'import h5py' 2>/dev/null").c_str()) == 0) return python;
  }
  return "";
}

TEST(Hdf5File, ReadsWhatItWrites) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  Hdf5File file = Hdf5File::create(path, {.filetype = "test", .version = 3, .configuration = "a = 1", .seed = 42});
  file.write("group/tensor", counted(4), "eV", "i,j,k");
  file.write("matrix", lopsided(), "angstrom", "row,column");
  file.write("vector", Eigen::Vector3d(1, 2, 3), "K", "i");
  file.write("words", {"Te", "", "µ"}, "i");
  file.write("complex", at::full({2}, c10::complex<double>(1, -2), at::kComplexDouble), "1", "i");
  file.write("whole", at::full({2, 2}, 7, at::kLong), "1", "i,j");
  file.write_attribute("matrix", "temperature", 300.5);
  EXPECT_FALSE(std::filesystem::exists(path));
  file.close();

  const Hdf5File again = Hdf5File::open(path, "test");
  EXPECT_TRUE(again.read("group/tensor").equal(counted(4)));
  EXPECT_TRUE(again.read("group/tensor", 1, 3).equal(counted(4).slice(0, 1, 3)));
  EXPECT_EQ(again.read_matrix("matrix"), lopsided());
  EXPECT_EQ(again.read_vector("vector"), Eigen::VectorXd(Eigen::Vector3d(1, 2, 3)));
  EXPECT_EQ(again.read_strings("words"), (std::vector<std::string>{"Te", "", "µ"}));
  EXPECT_TRUE(again.read("complex").equal(at::full({2}, c10::complex<double>(1, -2), at::kComplexDouble)));
  EXPECT_TRUE(again.read("whole").equal(at::full({2, 2}, 7, at::kLong)));
  EXPECT_EQ(again.shape("group/tensor"), (std::vector<std::int64_t>{4, 2, 3}));
  EXPECT_EQ(again.names(), (std::vector<std::string>{"complex", "group", "matrix", "vector", "whole", "words"}));
  EXPECT_EQ(again.text_attribute("group/tensor", "units"), "eV");
  EXPECT_EQ(again.text_attribute("group/tensor", "axes"), "i,j,k");
  EXPECT_EQ(again.number_attribute("matrix", "temperature"), 300.5);
  EXPECT_EQ(again.text_attribute("/", "configuration"), "a = 1");
  EXPECT_EQ(again.number_attribute("/", "version"), 3);
  EXPECT_EQ(again.number_attribute("/", "seed"), 42);
  EXPECT_TRUE(again.text_attribute("/", "code_version").has_value());
  EXPECT_TRUE(again.text_attribute("/", "git_sha").has_value());
  EXPECT_EQ(again.number_attribute("/", "no such thing"), std::nullopt);
}

TEST(Hdf5File, GrowsAlongTheFirstAxis) {
  const TemporaryFolder folder;
  Hdf5File file = Hdf5File::create(folder / "a.h5", {.filetype = "test"});
  file.append("x", counted(7).slice(0, 0, 2), "eV", "i,j,k");
  file.append("x", counted(7).slice(0, 2, 3), "eV", "i,j,k");
  file.append("x", counted(7).slice(0, 3, 7), "eV", "i,j,k");
  EXPECT_COMPLAINT(file.append("x", at::full({1, 5}, 0.0, at::kDouble), "eV", "i,j"), "another shape");
  file.close();
  EXPECT_TRUE(Hdf5File::open(folder / "a.h5").read("x").equal(counted(7)));
}

TEST(Hdf5File, StoresRowsOneAfterAnother) {
  // No library between: the bytes of the file are searched for the rows of a matrix that is stored by columns in
  // memory.
  const TemporaryFolder folder;
  Hdf5File file = Hdf5File::create(folder / "a.h5", {.filetype = "test"});
  file.write("matrix", lopsided(), "1", "row,column");
  file.close();
  const double rows[] = {1, 2, 3, 4, 5, 6};
  EXPECT_NE(read_file(folder / "a.h5").find({reinterpret_cast<const char*>(rows), sizeof rows}), std::string::npos);
}

TEST(Hdf5File, IsReadByPythonElementByElement) {
  const std::string python = python_with_h5py();
  if (python.empty()) GTEST_SKIP() << "no h5py: install python3-h5py, or set ZEROPOINT_PYTHON to a Python that has it";
  const TemporaryFolder folder;
  Hdf5File file = Hdf5File::create(folder / "a.h5", {.filetype = "test", .seed = 5});
  file.write("matrix", lopsided(), "angstrom", "row,column");
  file.write("tensor", counted(4), "eV", "i,j,k");
  file.append("grown", counted(4), "eV", "i,j,k");
  file.write("complex", at::full({2}, c10::complex<double>(1, -2), at::kComplexDouble), "1", "i");
  file.write("words", {"Te", "µ"}, "i");
  file.close();
  write_file(folder / "read.py", R"(import sys, h5py
f = h5py.File(sys.argv[1], 'r')
m = f['matrix']
assert m.shape == (2, 3) and all(m[i, j] == 3 * i + j + 1 for i in range(2) for j in range(3)), m[()]
assert m.attrs['units'] == 'angstrom' and m.attrs['axes'] == 'row,column'
for name in ('tensor', 'grown'):
    t = f[name]
    assert t.shape == (4, 2, 3)
    assert all(t[i, j, k] == 100 * i + 10 * j + k for i in range(4) for j in range(2) for k in range(3)), t[()]
assert f['complex'][1] == 1 - 2j
assert [w.decode() for w in f['words'][()]] == ['Te', 'µ']
assert f.attrs['filetype'] == 'test' and f.attrs['seed'] == 5
)");
  EXPECT_EQ(std::system((python + " " + folder.path() + "/read.py " + folder.path() + "/a.h5").c_str()), 0);
}

TEST(Hdf5File, LeavesNothingWithoutClose) {
  const TemporaryFolder folder;
  {
    Hdf5File::create(folder / "a.h5", {.filetype = "test"}).write("x", counted(3), "1", "i,j,k");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Hdf5File, ModifiesACopyUntilClose) {
  const TemporaryFolder folder;
  Hdf5File file = Hdf5File::create(folder / "a.h5", {.filetype = "test"});
  file.write("x", counted(3), "1", "i,j,k");
  EXPECT_COMPLAINT(file.write("x", counted(3), "1", "i,j,k"), "'x' is in the file already");
  file.close();
  {
    Hdf5File abandoned = Hdf5File::modify(folder / "a.h5", "test");
    abandoned.remove("x");
  }
  EXPECT_TRUE(Hdf5File::open(folder / "a.h5").has("x"));
  Hdf5File changed = Hdf5File::modify(folder / "a.h5", "test");
  changed.write("y", counted(1), "1", "i,j,k");
  changed.close();
  EXPECT_EQ(Hdf5File::open(folder / "a.h5").names(), (std::vector<std::string>{"x", "y"}));
}

TEST(Hdf5File, RefusesBrokenAndForeignFiles) {
  const TemporaryFolder folder;
  Hdf5File file = Hdf5File::create(folder / "a.h5", {.filetype = "test"});
  file.write("x", counted(1000), "1", "i,j,k");
  file.write("words", {"a"}, "i");
  file.close();
  const std::string bytes = read_file(folder / "a.h5");
  write_file(folder / "short.h5", bytes.substr(0, bytes.size() / 2));
  write_file(folder / "empty.h5", "");
  write_file(folder / "text.h5", "not at all");
  EXPECT_COMPLAINT(Hdf5File::open(folder / "none.h5"), "none.h5: cannot be opened");
  EXPECT_COMPLAINT(Hdf5File::open(folder / "empty.h5"), "the file is empty");
  EXPECT_COMPLAINT(Hdf5File::open(folder / "text.h5"), "not an HDF5 file");
  EXPECT_COMPLAINT(Hdf5File::open(folder / "short.h5"), "short.h5: cannot be read as HDF5 (truncated?)");
  EXPECT_COMPLAINT(Hdf5File::open(folder / "a.h5", "other"), "filetype is 'test', 'other' expected");
  const Hdf5File good = Hdf5File::open(folder / "a.h5");
  EXPECT_COMPLAINT(good.read("y"), "there is no 'y' in it");
  EXPECT_COMPLAINT(good.read("no/such/y"), "there is no 'no/such/y' in it");
  EXPECT_COMPLAINT(good.read("words"), "neither real, integer nor complex");
  EXPECT_COMPLAINT(good.read("x", 999, 1001), "rows 999 to 1001 of 'x' do not exist");
  EXPECT_COMPLAINT(good.read_matrix("x"), "a matrix has 2");
}

TEST(Hdf5File, KilledWriterLeavesTheOldOrTheNewFile) {
  set_threads(1);  // ATen's own threads do not survive a fork: the child would wait for them for ever
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  const auto write = [&](double value) {
    Hdf5File file = Hdf5File::create(path, {.filetype = "test"});
    for (int piece = 0; piece < 16; ++piece) file.append("x", at::full({65536}, value, at::kDouble), "1", "i");
    file.close();
  };
  test::kill_writers(
      "a.h5", [&] { write(1); }, [&] { write(2); },
      [&] {
        const at::Tensor x = Hdf5File::open(path, "test").read("x");
        const double value = x.const_data_ptr<double>()[0];
        EXPECT_TRUE(value == 1 || value == 2);
        EXPECT_TRUE(x.equal(at::full({16 * 65536}, value, at::kDouble)));
        return value == 2;
      });
}

}  // namespace
}  // namespace zeropoint
