#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "core/duration_text.hpp"

namespace zeropoint {

class Console;

/// How far a piece of work is: a bar with rate and time to go on a terminal, a plain line now and then elsewhere.
/// On standard error; gone from the terminal when the object dies.
class Progress {
 public:
  /// `total` items of work called `items` ("configurations").
  Progress(Console& console, std::string label, std::int64_t total, std::string items);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void advance(std::int64_t count = 1);

 private:
  friend class Console;
  using Clock = std::chrono::steady_clock;

  std::string bar() const;
  std::string numbers() const;
  void draw();
  void erase() const;

  Console& console_;
  std::string label_, items_;
  std::int64_t total_, done_ = 0;
  Clock::time_point start_, shown_;
};

struct ConsoleOptions {
  bool quiet = false;    ///< warnings and errors only
  bool verbose = false;  ///< details too
  bool json = false;     ///< standard output holds summary.json alone, everything else goes to standard error
};

/// All that the program says. A log file, once opened, receives every line with the time, earlier ones included.
class Console {
 public:
  explicit Console(ConsoleOptions options = {});

  /// A line for people.
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    line(fmt::format(format, std::forward<Args>(args)...), Kind::normal);
  }
  /// "label           value", aligned with its neighbours.
  template <class... Args>
  void field(std::string_view label, fmt::format_string<Args...> format, Args&&... args) {
    line(fmt::format("{:<{}} {}", label, label_width - 1, fmt::format(format, std::forward<Args>(args)...)),
         Kind::normal);
  }
  /// Shown with --verbose, always in the log.
  template <class... Args>
  void detail(fmt::format_string<Args...> format, Args&&... args) {
    line(fmt::format(format, std::forward<Args>(args)...), Kind::detail);
  }
  /// "warning: ...", with the remedy; even with --quiet.
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    line(fmt::format("warning: {}", fmt::format(format, std::forward<Args>(args)...)), Kind::warning);
  }
  /// "error: ...".
  void error(std::string_view message);

  /// With --json: `text`, on standard output.
  void print_json(std::string_view text) const;

  /// Opens the log; `append` when a run goes on. @throws IoError.
  void log_to(const std::string& path, bool append);

  const ConsoleOptions& options() const { return options_; }
  void set_options(ConsoleOptions options) { options_ = options; }

  static constexpr int label_width = 18;

 private:
  friend class Progress;
  enum class Kind { normal, detail, warning, log_only };

  void line(const std::string& text, Kind kind);
  void log(std::string_view text);

  ConsoleOptions options_;
  bool bars_;                   // standard error is a terminal
  Progress* active_ = nullptr;  // the bar that text must not run into
  std::string unlogged_;        // before the log was opened
  std::ofstream log_;
};

/// "1.2 GB".
std::string format_bytes(double bytes);
/// "-1.2345(12) eV": value with its standard error in units of the last digit; "-1.23450 eV" when there is none.
std::string format_estimate(double value, double standard_error, std::string_view unit);

}  // namespace zeropoint
