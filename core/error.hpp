#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace zeropoint {

/// What a message must hold: what is wrong = value (why) and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;

  template <class... Args>
  explicit Error(fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

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

/// A defect of the program (exit code 1).
class InternalError : public Error {
 public:
  using Error::Error;
};

}  // namespace zeropoint
