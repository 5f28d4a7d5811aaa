#include "tests/support/killed_writer.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace zeropoint::test {

void kill_writers(const std::string& file, const std::function<void()>& prepare, const std::function<void()>& write,
                  const std::function<bool()>& found_new) {
  for (const char* moment : {"begun", "partly written", "written", "in place", "never"}) {
    SCOPED_TRACE(testing::Message() << file << " " << moment);
    prepare();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0) << "no new process";
    if (child == 0) {
      ::setenv("ZEROPOINT_KILL_AT", (file + " " + moment).c_str(), 1);
      try {
        write();
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const bool is_last = std::string{moment} == "never";
    if (is_last) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    } else {
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it was not killed there";
    }
    EXPECT_EQ(found_new(), is_last || std::string{moment} == "in place");
  }
}

}  // namespace zeropoint::test
