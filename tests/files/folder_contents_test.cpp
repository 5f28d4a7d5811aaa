#include "files/folder_contents.hpp"

#include <gtest/gtest.h>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

TEST(FolderContents, PopulationsAreThoseWithEnergiesInTheirOrder) {
  const test::TemporaryFolder folder;
  for (const char* name : {"energies_pop12.npy", "energies_pop3.npy", "energies_supercell_population7.dat",
                           "energies_supercell_population3.dat", "energies_popx.npy", "energies_pop.npy",
                           "energies_pop5.dat", "xats_pop9.npy"}) {
    write_file(folder / name, "");
  }
  EXPECT_EQ(populations_in(folder.path()), (std::vector<int>{3, 7, 12}));
  EXPECT_EQ(n_stored_energies(folder.path(), 7), -1);
  EXPECT_THROW(n_stored_energies(folder.path(), 3), Error) << "empty";
}

TEST(FolderContents, EnergiesWithoutANumberAreOfPopulationOne) {
  const test::TemporaryFolder folder;
  EXPECT_TRUE(populations_in(folder.path()).empty());
  write_file(folder / "energies.npy", "");
  EXPECT_EQ(populations_in(folder.path()), std::vector<int>{1});
}

TEST(FolderContents, FramesAreCounted) {
  const test::TemporaryFolder folder;
  const std::string file = folder / "a.extxyz", frame = "2\ncomment\nH 0 0 0\nH 0 0 1\n";
  write_file(file, frame + frame + "1\nlast\nH 0 0 0\n");
  EXPECT_EQ(count_frames(file).n_frames, 3);
  EXPECT_EQ(count_frames(file).n_atoms, 1);
  write_file(file, frame + "2\ncut\nH 0 0 0\n");
  EXPECT_THROW(count_frames(file), InputError);
  write_file(file, frame + "text\n");
  EXPECT_THROW(count_frames(file), InputError);
}

}  // namespace
}  // namespace zeropoint
