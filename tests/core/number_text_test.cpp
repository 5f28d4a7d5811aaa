#include "core/number_text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace zeropoint {
namespace {

double number(const char* text) {
  double value = 0;
  const char* const end = text + std::strlen(text);
  return parse_number(text, end, value) == end ? value : std::nan("");
}

TEST(NumberText, ReadsCAndFortranForms) {
  EXPECT_EQ(number("1.5"), 1.5);
  EXPECT_EQ(number("-.5"), -0.5);
  EXPECT_EQ(number("+2.5e-3"), 2.5e-3);
  EXPECT_EQ(number("7.2253310279764157E-002"), 7.2253310279764157e-2);
  EXPECT_EQ(number("1.25D-03"), 1.25e-3);
  EXPECT_EQ(number("-1.25d+03"), -1.25e3);
  EXPECT_EQ(number("1.0-300"), 1e-300);
  EXPECT_EQ(number("-2.5+101"), -2.5e101);
  EXPECT_EQ(number("1q1"), 10);
  EXPECT_EQ(number("1e-400"), 0);
}

TEST(NumberText, RefusesWhatIsNoNumber) {
  for (const char* text : {"", "abc", "1.0x", "****", "0.12-0.34", "12-345", "+-1", "1.0-30", "1.0D", "1.0E+", "--1"}) {
    EXPECT_TRUE(std::isnan(number(text))) << text;
  }
}

TEST(NumberText, WritesNumbersThatReadBackExactly) {
  for (const double value : {0.1, 1.0 / 3, -1e-300, 5e-324, 1.7976931348623157e308, 123456789.123456789}) {
    std::string text;
    append_number(text, value);
    EXPECT_EQ(number(text.c_str()), value) << text;
  }
}

TEST(NumberText, TablesTellTheLineThatIsWrong) {
  double values[6];
  EXPECT_FALSE(parse_table(" 1 2 3\n\n# comment\n4\t5 6  \r\n\n", 2, 3, values));
  EXPECT_EQ(values[5], 6);
  EXPECT_FALSE(parse_table("1 2 3\n4 5 6", 2, 3, values));
  EXPECT_EQ(parse_table("1 2 3\n4 5\n", 2, 3, values), "line 2 has 2 numbers, 3 expected (truncated?)");
  EXPECT_EQ(parse_table("1 2 3 4\n", 2, 3, values), "line 1 has 4 numbers, 3 expected");
  EXPECT_EQ(parse_table("1 2 3\n4 5 **\n", 2, 3, values), "line 2: '**' is not a number");
  EXPECT_EQ(parse_table("1 2 3\n", 2, 3, values), "1 lines of numbers, 2 expected (truncated?)");
  EXPECT_EQ(parse_table("1 2 3\n1 2 3\n1 2 3\n", 2, 3, values), "3 lines of numbers, 2 expected");
  EXPECT_EQ(parse_table("", 2, 3, values), "no numbers (the file is empty)");
}

}  // namespace
}  // namespace zeropoint
