#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace zeropoint {

/// Where in a text something is wrong; lines and columns count from 1, 0 is unknown.
struct Place {
  std::string file;
  std::int64_t line = 0, column = 0;
};

/// What went wrong, where, and what to do about it.
///
/// `problem` says what is wrong = value (why). Whoever knows more adds it on the way up and throws on:
///   catch (Error& error) { error.advise("write start.repair = \"absolute\""); throw; }
class Error : public std::exception {
 public:
  explicit Error(std::string problem) : problem_(std::move(problem)) { render(); }
  template <class... Args>
  explicit Error(fmt::format_string<Args...> format, Args&&... args)
      : Error(fmt::format(format, std::forward<Args>(args)...)) {}

  const std::string& problem() const { return problem_; }
  const Place& place() const { return place_; }
  const std::string& advice() const { return advice_; }

  /// The innermost place counts: a later one is not taken.
  void locate(Place place);
  /// What to do, an imperative without full stop; a second piece follows the first after a semicolon.
  void advise(const std::string& advice);

  /// "file:line:column: problem: advice", what is not known left out.
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  void render();
  std::string problem_, advice_, text_;
  Place place_;
};

/// `error` at `place`, to be thrown: throw located({file, line}, InputError{"..."}).
template <class Kind>
Kind located(Place place, Kind error) {
  error.locate(std::move(place));
  return error;
}
/// `error` with `advice`, to be thrown.
template <class Kind>
Kind advised(Kind error, const std::string& advice) {
  error.advise(advice);
  return error;
}

/// The command line or a run file is wrong (exit code 2).
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// The content of an input is wrong: shapes, units, order, NaN, physics (exit code 1).
class InputError : public Error {
 public:
  using Error::Error;
};

/// A file cannot be opened, read or written (exit code 1).
class IoError : public Error {
 public:
  using Error::Error;
};

/// The input may be right, but a computation did not end well (exit code 1 where nobody goes on another way). The kinds
/// below are caught by those who can: a shorter step, another calculator.
class ComputationError : public Error {
 public:
  using Error::Error;
};

/// A potential has no finite answer for a configuration: atoms too near to each other, or far outside of its training.
class ConfigurationError : public ComputationError {
 public:
  using ComputationError::ComputationError;
};

/// A program that computes for us died, was silent for too long, or answered what is no answer.
class CalculatorError : public ComputationError {
 public:
  using ComputationError::ComputationError;
};

/// A defect of the program (exit code 1).
class InternalError : public Error {
 public:
  using Error::Error;
};

}  // namespace zeropoint
