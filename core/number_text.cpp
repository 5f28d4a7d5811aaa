#include "core/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace zeropoint {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_sign(char c) { return c == '+' || c == '-'; }

/// Of double and quadruple precision; e is read with the mantissa.
bool is_exponent_letter(char c) { return c == 'd' || c == 'D' || c == 'q' || c == 'Q'; }

/// from_chars leaves the value alone beyond the range of a double: zero below it (a number like any other), infinity
/// above.
const char* out_of_range(const char* begin, const char* end, double& value) {
  value = std::strtod(std::string(begin, end).c_str(), nullptr);
  return end;
}

/// A mantissa in [begin, letter) whose exponent has the letter D or Q or, behind a point and with three digits, none.
const char* parse_fortran(const char* begin, const char* letter, const char* end, double& value) {
  const char* p = letter;
  const bool has_letter = is_exponent_letter(*p);
  if (has_letter) ++p;
  const char* sign = p;
  if (p < end && is_sign(*p)) ++p;
  const char* digits = p;
  while (p < end && is_digit(*p)) ++p;
  // Two glued numbers look like a mantissa and its exponent, 0.12-0.34, but not with three digits and white space.
  const bool point = std::find(begin, letter, '.') != letter;
  if (p == digits || (!has_letter && (!point || p - digits != 3)) || (p < end && !is_blank(*p))) return nullptr;
  std::string text(begin, letter);
  text += 'e';
  text.append(*sign == '+' ? sign + 1 : sign, p);
  const char* text_end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), text_end, value);
  if (error == std::errc::result_out_of_range) out_of_range(text.data(), text_end, value);
  return error == std::errc::invalid_argument || rest != text_end ? nullptr : p;
}

}  // namespace

const char* parse_number(const char* begin, const char* end, double& value) {
  if (begin < end && *begin == '+') {
    ++begin;
    if (begin < end && is_sign(*begin)) return nullptr;
  }
  const auto [rest, error] = std::from_chars(begin, end, value);
  if (error == std::errc::invalid_argument) return nullptr;
  if (error == std::errc::result_out_of_range) out_of_range(begin, rest, value);
  if (rest == end || is_blank(*rest)) return rest;
  if (is_exponent_letter(*rest) || is_sign(*rest)) return parse_fortran(begin, rest, end, value);
  return nullptr;
}

std::optional<std::string> parse_table(std::string_view text, std::int64_t rows, int columns, double* values) {
  const char* p = text.data();
  const char* const end = p + text.size();
  std::int64_t row = 0;
  for (std::int64_t line = 1; p < end; ++line) {
    const void* newline = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
    const char* const line_end = newline ? static_cast<const char*>(newline) : end;
    int column = 0;
    while (true) {
      while (p < line_end && is_blank(*p)) ++p;
      if (p == line_end || (column == 0 && *p == '#')) break;
      double value;
      const char* next = parse_number(p, line_end, value);
      if (!next) {
        const char* token_end = p;
        while (token_end < line_end && !is_blank(*token_end)) ++token_end;
        return fmt::format("line {}: '{}' is not a number", line,
                           std::string_view(p, static_cast<std::size_t>(token_end - p)));
      }
      if (row < rows && column < columns) values[row * columns + column] = value;
      ++column;
      p = next;
    }
    if (column > 0 && column != columns) {
      return fmt::format("line {} has {} number{}, {} expected{}", line, column, column == 1 ? "" : "s", columns,
                         column < columns ? " (truncated?)" : "");
    }
    if (column > 0) ++row;
    p = line_end < end ? line_end + 1 : end;
  }
  if (row == 0 && rows > 0) return "no numbers (the file is empty)";
  if (row != rows) {
    return fmt::format("{} lines of numbers, {} expected{}", row, rows, row < rows ? " (truncated?)" : "");
  }
  return std::nullopt;
}

void append_number(std::string& text, double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  text.append(digits, end);
}

}  // namespace zeropoint
