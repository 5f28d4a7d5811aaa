#pragma once

#include <string>

#include "files/labelled_formats.hpp"

namespace zeropoint::test {

/// A file of tests/data, such as "pwx/scf.out".
std::string data_text(const std::string& name);

/// `text` with the first `from` (or all of them) replaced. Fails the test when it is not there.
std::string replaced(std::string text, const std::string& from, const std::string& to);
std::string all_replaced(std::string text, const std::string& from, const std::string& to);

/// The first line that holds `mark`, with its newline, and `text` without that line.
std::string line_with(const std::string& text, const std::string& mark);
std::string without_line(const std::string& text, const std::string& mark);

/// The first so many lines.
std::string first_lines(const std::string& text, int n);
int n_lines(const std::string& text);

/// Reads `text` as a file named "output".
LabelledStructures read_text(const std::string& text, const LabelLimits& limits = {});
/// The one structure that is accepted. @throws std::runtime_error with the reason when it is refused.
LabelledStructure accepted(const std::string& text);
/// Why it is refused, or "accepted".
std::string refusal(const std::string& text);

}  // namespace zeropoint::test
