#include "core/atomic_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/killed_writer.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

using test::TemporaryFolder;

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const TemporaryFolder folder;
  {
    AtomicFile file{folder / "new/a.txt"};
    file.write("abc");
    EXPECT_FALSE(std::filesystem::exists(folder / "new/a.txt"));
    file.commit();
  }
  EXPECT_EQ(read_file(folder / "new/a.txt"), "abc");
  EXPECT_FALSE(std::filesystem::exists(folder / "new/a.txt.tmp"));
}

TEST(AtomicFile, LeavesTheOldFileWhenAbandoned) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "old");
  {
    AtomicFile file{folder / "a.txt"};
    file.write("new");
  }
  EXPECT_EQ(read_file(folder / "a.txt"), "old");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.txt.tmp"));
}

TEST(AtomicFile, NamesAFolderThatCannotBeMade) {
  const TemporaryFolder folder;
  write_file(folder / "file", "");
  EXPECT_COMPLAINT(write_file(folder / "file/a.txt", "x"), "file");
  EXPECT_COMPLAINT(read_file(folder / "none"), "none: cannot be opened");
}

TEST(AtomicFile, KilledWriterLeavesTheOldOrTheNewFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.txt";
  const std::string old_content(8 << 20, 'o'), new_content(8 << 20, 'n');
  test::kill_writers(
      "a.txt", [&] { write_file(path, old_content); }, [&] { write_file(path, new_content); },
      [&] {
        const std::string content = read_file(path);
        EXPECT_TRUE(content == old_content || content == new_content);
        return content == new_content;
      });
  write_file(path, "next");  // what was left behind does not disturb the next writer
  EXPECT_EQ(read_file(path), "next");
}

}  // namespace
}  // namespace zeropoint
