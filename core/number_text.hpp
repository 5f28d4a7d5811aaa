#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zeropoint {

/// Reads the number that starts at `begin` and ends at white space or `end`, as C, Python and Fortran write them:
/// "1.5",
/// "+1.5e-3", "1.5D-03", "1.5q1", and "1.5-300" with the three digits of an exponent that has pushed its letter out.
/// @returns where it ends, or nullptr when this is no such number.
const char* parse_number(const char* begin, const char* end, double& value);

/// Reads rows x columns numbers, one row a line, into `values` (row-major). Blank lines and lines that start with '#'
/// do not count; more rows than expected are wrong.
/// @returns what is wrong, with the line number: "line 12 has 2 numbers, 3 expected (truncated?)"; nothing when all is
/// well.
std::optional<std::string> parse_table(std::string_view text, std::int64_t rows, int columns, double* values);

/// Appends the shortest decimal form that reads back as the same number.
void append_number(std::string& text, double value);

}  // namespace zeropoint
