#include "core/atomic_file.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

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
  int old_found = 0, new_found = 0;
  write_file(path, old_content);
  constexpr int never = -1;
  for (const int microseconds : {0, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000, never}) {
    write_file(path, old_content);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      try {
        write_file(path, new_content);
      } catch (...) {
      }
      ::_exit(0);
    }
    if (microseconds != never) {
      ::usleep(static_cast<useconds_t>(microseconds));
      ::kill(child, SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    const std::string content = read_file(path);
    ASSERT_TRUE(content == old_content || content == new_content) << "after " << microseconds << " us";
    ++(content == old_content ? old_found : new_found);
  }
  EXPECT_GT(old_found, 0);  // the earliest kill comes before the 8 MB are written
  EXPECT_GT(new_found, 0);  // the last one is not killed
  write_file(path, "next");  // what was left behind does not disturb the next writer
  EXPECT_EQ(read_file(path), "next");
}

}  // namespace
}  // namespace zeropoint
