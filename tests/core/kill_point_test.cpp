#include "core/kill_point.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "core/error.hpp"

namespace zeropoint {
namespace {

/// Passes three points in a child process, with ZEROPOINT_KILL_AT set to `wanted`.
[[noreturn]] void pass_points(const char* wanted) {
  ::setenv("ZEROPOINT_KILL_AT", wanted, 1);
  kill_point("step");
  kill_point("folder/a.txt", "written");
  kill_point("step");
  ::_exit(0);
}

TEST(KillPoint, EndsTheProgramWhereItsNameIsPassed) {
  EXPECT_EXIT(pass_points("step"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(pass_points("step:2"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(pass_points("step:2:TERM"), testing::KilledBySignal(SIGTERM), "");
  EXPECT_EXIT(pass_points("a.txt written:1:INT"), testing::KilledBySignal(SIGINT), "");
}

TEST(KillPoint, IsNothingElsewhere) {
  EXPECT_EXIT(pass_points("step:3"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(pass_points("another"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(pass_points(""), testing::ExitedWithCode(0), "");
}

TEST(KillPoint, RefusesSignalsThatItDoesNotKnow) {
  ::setenv("ZEROPOINT_KILL_AT", "step:1:HUP", 1);
  EXPECT_THROW(kill_point("step"), InternalError);
  ::unsetenv("ZEROPOINT_KILL_AT");
}

}  // namespace
}  // namespace zeropoint
