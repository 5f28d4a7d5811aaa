#include "files/npy.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include <ATen/ops/empty.h>

#include <cstring>

#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

using test::TemporaryFolder;

/// The bytes of a .npy file with a header of our own words.
std::string npy_bytes(int version, const std::string& header, const std::string& data) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  const int length_bytes = version == 1 ? 2 : 4;
  for (int b = 0; b < length_bytes; ++b) bytes += static_cast<char>(header.size() >> (8 * b) & 0xff);
  return bytes + header + data;
}

template <class Number>
std::string bytes_of(const std::vector<Number>& numbers, bool reversed = false) {
  std::string bytes(numbers.size() * sizeof(Number), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  if (reversed) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      std::reverse(bytes.begin() + static_cast<long>(i * sizeof(Number)),
                   bytes.begin() + static_cast<long>((i + 1) * sizeof(Number)));
    }
  }
  return bytes;
}

std::vector<double> numbers_of(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<double>(), tensor.const_data_ptr<double>() + tensor.numel()};
}

class Npy : public testing::Test {
 protected:
  std::string file(const std::string& bytes) {
    write_file(folder_ / "a.npy", bytes);
    return folder_ / "a.npy";
  }
  TemporaryFolder folder_;
};

TEST_F(Npy, ReadsWhatItWrites) {
  at::Tensor values = at::empty({5, 2, 3}, at::kDouble);
  for (int i = 0; i < 30; ++i) values.mutable_data_ptr<double>()[i] = 0.1 * i - 1;
  write_npy(folder_ / "a.npy", values);
  const NpyFile file{folder_ / "a.npy"};
  EXPECT_EQ(file.shape(), (std::vector<std::int64_t>{5, 2, 3}));
  EXPECT_EQ(numbers_of(file.read()), numbers_of(values));
  EXPECT_EQ(numbers_of(file.read(2, 4)), numbers_of(values.slice(0, 2, 4).contiguous()));
}

TEST_F(Npy, ReadsAllVersionsTypesAndByteOrders) {
  const std::string shape = "'fortran_order': False, 'shape': (3,), }\n";
  const std::vector<double> expected = {1, 2, 100};
  const auto read = [&](int version, const std::string& type, const std::string& data) {
    return numbers_of(NpyFile{file(npy_bytes(version, "{'descr': '" + type + "', " + shape, data))}.read());
  };
  EXPECT_EQ(read(1, "<f8", bytes_of<double>({1, 2, 100})), expected);
  EXPECT_EQ(read(2, ">f8", bytes_of<double>({1, 2, 100}, true)), expected);
  EXPECT_EQ(read(3, "<f4", bytes_of<float>({1, 2, 100})), expected);
  EXPECT_EQ(read(1, ">f4", bytes_of<float>({1, 2, 100}, true)), expected);
  EXPECT_EQ(read(1, "<i8", bytes_of<std::int64_t>({1, 2, 100})), expected);
  EXPECT_EQ(read(1, ">i4", bytes_of<std::int32_t>({1, 2, 100}, true)), expected);
  EXPECT_EQ(read(1, "<u2", bytes_of<std::uint16_t>({1, 2, 100})), expected);
  EXPECT_EQ(read(1, "|i1", bytes_of<std::int8_t>({1, 2, 100})), expected);
}

TEST_F(Npy, ReadsFortranOrderInPieces) {
  // Element (i, j, k) of a 4 x 2 x 3 array is 100 i + 10 j + k; the first index runs fastest in the file.
  std::vector<double> stored, expected;
  for (int k = 0; k < 3; ++k) {
    for (int j = 0; j < 2; ++j) {
      for (int i = 0; i < 4; ++i) stored.push_back(100 * i + 10 * j + k);
    }
  }
  for (int i = 1; i < 3; ++i) {
    for (int j = 0; j < 2; ++j) {
      for (int k = 0; k < 3; ++k) expected.push_back(100 * i + 10 * j + k);
    }
  }
  const std::string path =
      file(npy_bytes(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (4, 2, 3), }\n", bytes_of(stored)));
  EXPECT_EQ(numbers_of(NpyFile{path}.read(1, 3)), expected);
}

TEST_F(Npy, RefusesBrokenAndForeignFiles) {
  const std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n";
  const std::string data = bytes_of<double>({1, 2, 3});
  EXPECT_COMPLAINT(NpyFile{folder_ / "none.npy"}, "none.npy: cannot be opened");
  EXPECT_COMPLAINT(NpyFile{file("")}, "the file is empty");
  EXPECT_COMPLAINT(NpyFile{file("1.0 2.0 3.0\n")}, "not a .npy file");
  EXPECT_COMPLAINT(NpyFile{file(npy_bytes(1, header, data.substr(0, 20)))}, "truncated: 3 numbers (3) need");
  EXPECT_COMPLAINT(NpyFile{file(npy_bytes(1, header, data + "x"))}, "1 bytes follow the array");
  EXPECT_COMPLAINT(NpyFile{file(npy_bytes(1, header, data).substr(0, 30))}, "truncated inside its header");
  EXPECT_COMPLAINT(NpyFile{file(npy_bytes(9, header, data))}, ".npy format 9");
  EXPECT_COMPLAINT(NpyFile{file(npy_bytes(1, "{'shape': (3,)}\n", data))}, "unreadable .npy header");
  EXPECT_COMPLAINT(NpyFile{file(npy_bytes(1, "{'descr': '<c16', 'fortran_order': False, 'shape': (3,), }\n", data))},
                   "array type '<c16' is not read");
  EXPECT_COMPLAINT(NpyFile{file(npy_bytes(1, "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }\n", data))},
                   "is not read");
}

}  // namespace
}  // namespace zeropoint
