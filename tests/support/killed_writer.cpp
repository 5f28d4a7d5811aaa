#include "tests/support/killed_writer.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace zeropoint::test {

FilesLeft kill_writers(const std::function<void()>& prepare, const std::function<void()>& write,
                       const std::function<bool()>& found_new) {
  FilesLeft found;
  constexpr int never = -1;
  for (const int microseconds : {0, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000, never}) {
    prepare();
    const pid_t child = ::fork();
    if (child < 0) {
      ADD_FAILURE() << "no new process";
      break;
    }
    if (child == 0) {
      try {
        write();
      } catch (...) {
      }
      ::_exit(0);
    }
    if (microseconds != never) {
      ::usleep(static_cast<useconds_t>(microseconds));
      ::kill(child, SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    SCOPED_TRACE(testing::Message() << "killed after " << microseconds << " us");
    ++(found_new() ? found.n_new : found.n_old);
  }
  return found;
}

}  // namespace zeropoint::test
