#include "tools/program/console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "core/error.hpp"

namespace zeropoint {
namespace {

constexpr auto bar_interval = std::chrono::milliseconds{100};
constexpr auto line_interval = std::chrono::seconds{10};

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string time_stamp() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S  ", &local);
  return {text, length};
}

}  // namespace

Progress::Progress(Console& console, std::string label, std::int64_t total, std::string items)
    : console_(console),
      label_(std::move(label)),
      items_(std::move(items)),
      total_(std::max<std::int64_t>(total, 1)),
      start_(Clock::now()),
      shown_(start_) {
  console_.active_ = this;
}

Progress::~Progress() {
  erase();
  console_.active_ = nullptr;
}

void Progress::advance(std::int64_t count) {
  done_ = std::min(total_, done_ + count);
  if (console_.options_.quiet) return;
  const auto now = Clock::now();
  if (console_.bars_) {
    if (now - shown_ < bar_interval) return;
    shown_ = now;
    draw();
  } else if (now - shown_ >= line_interval) {
    shown_ = now;
    const std::string text = label_ + ": " + numbers();
    std::fprintf(stderr, "%s\n", text.c_str());
    console_.line(text, Console::Kind::log_only);
  }
}

std::string Progress::numbers() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = static_cast<double>(done_) / std::max(seconds, 1e-6);
  const std::string to_go = done_ > 0 ? format_duration(static_cast<double>(total_ - done_) / rate) : "?";
  return fmt::format("{}/{} {}, {:.3g}/s, {} to go", done_, total_, items_, rate, to_go);
}

std::string Progress::bar() const {
  constexpr std::size_t width = 24;
  const auto filled = static_cast<std::size_t>(static_cast<double>(width * static_cast<std::size_t>(done_)) /
                                               static_cast<double>(total_));
  return fmt::format("[{:=<{}}{:<{}}]", "", filled, "", width - filled);
}

void Progress::draw() {
  std::string text = fmt::format("{:<{}}{} {}", label_, Console::label_width, bar(), numbers());
  text.resize(std::min(text.size(), terminal_width() - 1));
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
}

void Progress::erase() const {
  if (console_.bars_ && !console_.options_.quiet) {
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
  }
}

Console::Console(ConsoleOptions options) : options_(options), bars_(isatty(STDERR_FILENO) == 1) {}

void Console::line(const std::string& text, Kind kind) {
  log(text);
  const bool shown = kind == Kind::warning || (kind == Kind::normal && !options_.quiet) ||
                     (kind == Kind::detail && options_.verbose && !options_.quiet);
  if (!shown) return;
  if (active_) active_->erase();
  std::FILE* stream = options_.json || kind == Kind::warning ? stderr : stdout;
  std::fprintf(stream, "%s\n", text.c_str());
  std::fflush(stream);
}

void Console::error(std::string_view message) {
  log(fmt::format("error: {}", message));
  if (active_) active_->erase();
  std::fflush(stdout);
  const std::string text = fmt::format("error: {}\n", message);
  std::fputs(text.c_str(), stderr);
}

void Console::print_json(std::string_view text) const {
  if (options_.json) std::fwrite(text.data(), 1, text.size(), stdout);
}

void Console::log(std::string_view text) {
  std::string stamped;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    stamped += time_stamp();
    stamped += text.substr(begin, end - begin);
    stamped += '\n';
    begin = end + 1;
  }
  if (log_.is_open()) {
    log_ << stamped << std::flush;
  } else {
    unlogged_ += stamped;
  }
}

void Console::log_to(const std::string& path, bool append) {
  log_.open(path, append ? std::ios::app : std::ios::trunc);
  if (!log_) throw IoError{"{} cannot be written: is the folder writable and the disk not full?", path};
  log_ << unlogged_ << std::flush;
  unlogged_.clear();
}

std::string format_bytes(double bytes) {
  if (bytes < 1e6) return fmt::format("{:.3g} kB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.3g} MB", bytes / 1e6);
  return fmt::format("{:.3g} GB", bytes / 1e9);
}

std::string format_estimate(double value, double standard_error, std::string_view unit) {
  const std::string suffix = unit.empty() ? "" : fmt::format(" {}", unit);
  if (!(standard_error > 0) || !std::isfinite(standard_error) || !std::isfinite(value)) {
    return fmt::format("{:.6g}{}", value, suffix);
  }
  // Two digits of the error, unless it is larger than the digits before the point.
  int decimals = 1 - static_cast<int>(std::floor(std::log10(standard_error)));
  if (std::lround(standard_error * std::pow(10, decimals)) >= 100) --decimals;
  if (decimals <= 0) return fmt::format("{:.0f}({:.0f}){}", value, standard_error, suffix);
  if (standard_error >= 1) return fmt::format("{:.{}f}({:.{}f}){}", value, decimals, standard_error, decimals, suffix);
  return fmt::format("{:.{}f}({}){}", value, decimals, std::lround(standard_error * std::pow(10, decimals)), suffix);
}

}  // namespace zeropoint
