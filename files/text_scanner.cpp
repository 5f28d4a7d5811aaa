#include "files/text_scanner.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/compressed_file.hpp"

namespace zeropoint {
namespace {

constexpr std::string_view blanks = " \t\r\f\v";

/// The word as a number, infinite beyond the range of a double, or nothing.
std::optional<double> number_in(std::string_view word) {
  double value = 0;
  const char* const end = word.data() + word.size();
  return parse_number(word.data(), end, value) == end ? std::optional{value} : std::nullopt;
}

/// A word that is no number, but becomes two when it is cut.
bool is_two_numbers(std::string_view word) {
  if (number_in(word)) return false;
  for (std::size_t cut = 1; cut < word.size(); ++cut) {
    if (number_in(word.substr(0, cut)) && number_in(word.substr(cut))) return true;
  }
  return false;
}

std::string whole_file(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) throw IoError{"{} is a folder, not a file", path};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError{"cannot open {}: check that the file exists and may be read", path};
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) throw IoError{"cannot read {}: the disk reports an error", path};
  return unpacked(std::move(text), path);
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t begin = text.find_first_not_of(blanks);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(blanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(blanks, end);
  }
  return words;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool begins_as_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char start[4096];
  file.read(start, sizeof start);
  return (file || file.eof()) && std::find(start, start + file.gcount(), '\0') == start + file.gcount();
}

TextScanner::TextScanner(const std::string& path) : TextScanner(path, whole_file(path)) {}

TextScanner::TextScanner(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {
  if (text_.find('\0') != std::string::npos) {
    throw located({path_},
                  InputError{"a binary file (or UTF-16) where text is expected: check the name or convert the file"});
  }
  if (text_.starts_with("\xEF\xBB\xBF")) position_ = 3;
}

std::string_view TextScanner::peek() const {
  if (position_ >= text_.size()) return {};
  std::string_view line = std::string_view(text_).substr(position_, text_.find('\n', position_) - position_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool TextScanner::next() {
  if (position_ >= text_.size()) return false;
  line_ = peek();
  words_ = split_words(line_);
  const std::size_t end = text_.find('\n', position_);
  position_ = end == std::string::npos ? text_.size() : end + 1;
  ++line_number_;
  return true;
}

bool TextScanner::next_filled() {
  while (next()) {
    if (!words_.empty()) return true;
  }
  return false;
}

void TextScanner::require_next(std::string_view expected) {
  if (!next()) fail("the file ends here, but {} should follow: it is truncated, make it again", expected);
}

void TextScanner::require_filled(std::string_view expected) {
  if (!next_filled()) fail("the file ends here, but {} should follow: it is truncated, make it again", expected);
}

void TextScanner::require_words(std::size_t count, std::string_view expected) const {
  if (words_.size() >= count) return;
  // The stars or the missing blank that swallowed a column deserve to be named first.
  for (const std::string_view word : words_) {
    if (word.find("***") != std::string_view::npos || is_two_numbers(word)) parse(word);
  }
  fail("{} of {} columns ({}): the line is cut or out of place", words_.size(), count, expected);
}

double TextScanner::number(std::size_t word) const {
  require_words(word + 1, "numbers");
  return parse(words_[word]);
}

int TextScanner::integer(std::size_t word) const {
  require_words(word + 1, "integers");
  const std::string_view text = words_[word];
  int value = 0;
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stop != end) fail_at(text, fmt::format("'{}' where an integer is expected", text));
  return value;
}

std::vector<double> TextScanner::numbers_in(std::string_view piece) const {
  std::vector<double> values;
  for (const std::string_view word : split_words(piece)) values.push_back(parse(word));
  return values;
}

double TextScanner::parse(std::string_view word) const {
  if (word.find("**") != std::string_view::npos) {
    fail_at(word, fmt::format(
                      "'{}': the number did not fit the field of the program that wrote it; write it with more columns",
                      word));
  }
  const std::optional<double> value = number_in(word);
  if (value && std::isfinite(*value)) return *value;
  if (value && word.find_first_of("0123456789") != std::string_view::npos) {
    fail_at(word, fmt::format("'{}' is too large for a double", word));
  }
  if (value) fail_at(word, fmt::format("'{}' is not a finite number: the calculation that wrote it failed", word));
  if (is_two_numbers(word)) {
    fail_at(
        word,
        fmt::format("'{}': two numbers without a blank between them (a field too narrow); write them with more columns",
                    word));
  }
  fail_at(word, fmt::format("'{}' where a number is expected", word));
}

void TextScanner::fail_without_line_end() const {
  fail(
      "the last line of the file has no end: it may be cut inside of a number. Write it again, or end the line when it "
      "is complete");
}

void TextScanner::fail_line(const std::string& message) const {
  throw located({path_, line_number_}, InputError{message});
}

void TextScanner::fail_at(std::string_view word, const std::string& message) const {
  throw located({path_, line_number_, word.data() - line_.data() + 1}, InputError{message});
}

}  // namespace zeropoint
