#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace zeropoint {

/// Whether a file may hold text: there is no zero byte in its first 4096. False where there is no file.
bool begins_as_text(const std::string& path);

/// Walks over a text file line by line; every complaint names file and line, and the column where there is one.
///
/// Words are separated by blanks and tabs. Line ends of Unix and Windows, a byte-order mark and UTF-8 are accepted.
class TextScanner {
 public:
  /// Reads the whole file, also one that xz has compressed. @throws IoError when it cannot be read, InputError for a
  /// binary file.
  explicit TextScanner(const std::string& path);
  /// Walks over a text that has been read already; `path` names it in complaints. @throws InputError for a binary one.
  TextScanner(std::string path, std::string text);

  /// Moves to the next line. Returns false behind the last one.
  bool next();
  /// Moves to the next line that holds more than blanks.
  bool next_filled();
  /// As above. @throws InputError at the end of the file: truncated, `expected` (such as "3 cell vectors") is missing.
  void require_next(std::string_view expected);
  void require_filled(std::string_view expected);
  /// The next line without moving to it, empty at the end.
  std::string_view peek() const;

  std::string_view line() const { return line_; }
  int line_number() const { return line_number_; }  ///< from 1
  const std::string& path() const { return path_; }
  std::size_t n_bytes() const { return text_.size(); }
  Place place() const { return {path_, line_number_}; }
  /// "path:line", for messages about something seen earlier.
  std::string where() const { return fmt::format("{}:{}", path_, line_number_); }

  const std::vector<std::string_view>& words() const { return words_; }
  /// @throws InputError unless the line has at least `count` words; `expected` says what should stand here.
  void require_words(std::size_t count, std::string_view expected) const;
  /// The word as a finite number, any Fortran or C notation: 1.0, 1.D-3, 1.0-300, 1.0E+05.
  /// @throws InputError for NaN, infinity, a field of stars, two numbers without a blank between, or no number at all.
  double number(std::size_t word) const;
  /// @throws InputError unless the word is an integer.
  int integer(std::size_t word) const;
  /// Numbers from a piece of text that lies inside the current line, such as between two brackets.
  std::vector<double> numbers_in(std::string_view piece) const;

  /// @throws InputError at this line.
  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    fail_line(fmt::format(format, std::forward<Args>(args)...));
  }

  /// Formats without an end mark: a last number may have lost digits when its line has no end. @throws InputError.
  [[noreturn]] void fail_without_line_end() const;

 private:
  [[noreturn]] void fail_line(const std::string& message) const;
  [[noreturn]] void fail_at(std::string_view word, const std::string& message) const;
  double parse(std::string_view word) const;

  std::string path_, text_;
  std::size_t position_ = 0;
  std::string_view line_;
  std::vector<std::string_view> words_;
  int line_number_ = 0;
};

/// Parts of `text` between blanks and tabs.
std::vector<std::string_view> split_words(std::string_view text);

/// `text` without blanks and tabs at its ends.
std::string_view trimmed(std::string_view text);

}  // namespace zeropoint
