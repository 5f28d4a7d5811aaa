#include "tools/program/console.hpp"

#include <gtest/gtest.h>

#include "core/atomic_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

TEST(Console, JsonHasStandardOutputForItself) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Console console{{.json = true}};
  console.say("a line");
  console.field("label", "value");
  console.print_json("{}\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "{}\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a line\nlabel             value\n");
}

TEST(Console, QuietKeepsWarnings) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Console console{{.quiet = true}};
  console.say("a line");
  console.warn("{} is odd", 3);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "warning: 3 is odd\n");
}

TEST(Console, LogHoldsWhatWasSaidBeforeItWasOpened) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "log.txt";
  testing::internal::CaptureStdout();
  {
    Console console;
    console.say("early");
    console.log_to(path, false);
    console.say("late\nin two lines");
    console.detail("a detail");
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "early\nlate\nin two lines\n");
  // "2026-01-01 00:00:00  " stands before each line.
  constexpr std::size_t stamp = 21;
  EXPECT_EQ(read_file(path).size(), 4 * stamp + std::string{"early\nlate\nin two lines\na detail\n"}.size());
}

TEST(Console, EstimatesShowTwoDigitsOfTheirError) {
  EXPECT_EQ(format_estimate(-1.234567, 0.0012, "eV"), "-1.2346(12) eV");
  EXPECT_EQ(format_estimate(12.3456, 0.0996, ""), "12.35(10)");
  EXPECT_EQ(format_estimate(1234.5, 150, "K"), "1234(150) K");
  EXPECT_EQ(format_estimate(12.345, 1.26, ""), "12.3(1.3)");
  EXPECT_EQ(format_estimate(-1.5, 0, "eV"), "-1.5 eV");
}

TEST(Console, DurationsReadWell) {
  EXPECT_EQ(format_duration(4.53), "4.5 s");
  EXPECT_EQ(format_duration(42.4), "42 s");
  EXPECT_EQ(format_duration(125), "2:05");
  EXPECT_EQ(format_duration(3725), "1:02:05");
}

}  // namespace
}  // namespace zeropoint
