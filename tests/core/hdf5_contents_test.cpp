#include "core/hdf5_contents.hpp"

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

TEST(Hdf5Contents, AreAllArraysOfAllGroups) {
  const test::TemporaryFolder folder;
  Hdf5File file = Hdf5File::create(folder / "a.h5", {.filetype = "test"});
  file.write("b", Eigen::MatrixXd(Eigen::MatrixXd::Zero(2, 3)), "eV", "i,j");
  file.write("a/inner/c", Eigen::VectorXd(Eigen::VectorXd::Zero(4)), "", "i");
  file.write("a/names", std::vector<std::string>{"x", "y"}, "i");
  file.close();
  const std::vector<Hdf5Array> found = arrays_of(Hdf5File::open(folder / "a.h5"));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].name, "a/inner/c");
  EXPECT_EQ(found[0].shape, std::vector<std::int64_t>{4});
  EXPECT_EQ(found[1].name, "a/names");
  EXPECT_EQ(found[2].name, "b");
  EXPECT_EQ(found[2].shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(found[2].units, "eV");
}

}  // namespace
}  // namespace zeropoint
