#include "files/text_scanner.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "core/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

/// A scanner on the first line of a file with `text`.
class ScannerOf {
 public:
  explicit ScannerOf(const std::string& text) {
    std::ofstream(folder_ / "text", std::ios::binary) << text;
    scan_.emplace(folder_ / "text");
    scan_->next();
  }
  TextScanner& operator*() { return *scan_; }
  TextScanner* operator->() { return &*scan_; }

 private:
  test::TemporaryFolder folder_;
  std::optional<TextScanner> scan_;
};

std::string complaint(const std::string& text, std::size_t word = 0) {
  ScannerOf scan(text);
  try {
    scan->number(word);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(TextScanner, ReadsEveryNotationOfANumber) {
  ScannerOf scan("1 -2.5 +3. .5 1.0E+05 1.0D-3 1d2 -1.25-300 2.+003 1q1 1e-400 -0.0");
  const double expected[] = {1, -2.5, 3, 0.5, 1e5, 1e-3, 100, -1.25e-300, 2000, 10, 0, 0};
  for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(scan->number(i), expected[i]) << scan->words()[i];
}

TEST(TextScanner, KeepsEveryDigit) {
  ScannerOf scan("121135.9130928798404057 0.1");
  EXPECT_EQ(scan->number(0), 121135.9130928798404057);
  EXPECT_EQ(scan->number(1), 0.1);
}

TEST(TextScanner, SplitsAtBlanksAndTabsAndAcceptsWindowsLines) {
  ScannerOf scan("\xEF\xBB\xBF\t1\t 'Cs'  \r\n\r\nzw\xC3\xB6lf 12\r\n");
  EXPECT_EQ(scan->words(), (std::vector<std::string_view>{"1", "'Cs'"}));
  ASSERT_TRUE(scan->next_filled());
  EXPECT_EQ(scan->line(), "zw\xC3\xB6lf 12");
  EXPECT_EQ(scan->line_number(), 3);
  EXPECT_EQ(scan->integer(1), 12);
  EXPECT_FALSE(scan->next());
}

TEST(TextScanner, NamesFileLineAndColumn) {
  EXPECT_NE(complaint("0.1  NaN", 1).find("text:1:6: 'NaN' is not a finite number"), std::string::npos)
      << complaint("0.1  NaN", 1);
  EXPECT_NE(complaint("-Infinity").find("text:1:1: '-Infinity' is not a finite"), std::string::npos);
  EXPECT_NE(complaint(" ********").find("text:1:2: '********': the number did not fit"), std::string::npos);
  EXPECT_NE(complaint("0.1 -0.12345678-0.12345678", 1)
                .find("text:1:5: '-0.12345678-0.12345678': two numbers without a blank"),
            std::string::npos);
  EXPECT_NE(complaint("-0.123-100.5").find("two numbers"), std::string::npos);
  EXPECT_NE(complaint("iron").find("'iron' where a number is expected"), std::string::npos);
  EXPECT_NE(complaint("1.0x").find("'1.0x' where a number is expected"), std::string::npos);
  EXPECT_NE(complaint("1e400").find("too large"), std::string::npos);
  EXPECT_NE(complaint("1 2", 2).find("text:1: 2 of 3 columns"), std::string::npos);
}

TEST(TextScanner, NamesTheFieldThatSwallowedAColumn) {
  ScannerOf scan("1.0 -100.12345678-100.12345678");
  try {
    scan->require_words(3, "three numbers");
    FAIL() << "two words passed for three";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("text:1:5: '-100.12345678-100.12345678': two numbers"), std::string::npos)
        << error.what();
  }
}

TEST(TextScanner, TakesOnlyIntegersForIntegers) {
  ScannerOf scan("12 +3 1.5 7x");
  EXPECT_EQ(scan->integer(0), 12);
  EXPECT_EQ(scan->integer(1), 3);
  EXPECT_THROW(scan->integer(2), InputError);
  EXPECT_THROW(scan->integer(3), InputError);
}

TEST(TextScanner, SaysWhatIsMissingAtTheEnd) {
  ScannerOf scan("one\n\n");
  try {
    scan->require_filled("the cell");
    FAIL() << "a missing line was found";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("text:2: the file ends here, but the cell should follow"),
              std::string::npos)
        << error.what();
  }
}

TEST(TextScanner, RefusesWhatIsNoTextFile) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(TextScanner(folder / "absent"), IoError);
  EXPECT_THROW(TextScanner(folder.path()), IoError);
  std::ofstream(folder / "binary", std::ios::binary) << std::string("\x89HDF\0\0", 6);
  EXPECT_THROW(TextScanner(folder / "binary"), InputError);
}

}  // namespace
}  // namespace zeropoint
