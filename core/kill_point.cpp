#include "core/kill_point.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "core/error.hpp"

namespace zeropoint {

void kill_point(std::string_view name) {
  const char* wanted = std::getenv("ZEROPOINT_KILL_AT");
  if (wanted == nullptr) return;
  std::string_view rest = wanted;
  const std::string_view wanted_name = rest.substr(0, rest.find(':'));
  if (wanted_name != name) return;
  rest.remove_prefix(std::min(rest.size(), wanted_name.size() + 1));
  const std::string number{rest.substr(0, rest.find(':'))};
  const std::string_view signal = rest.size() > number.size() ? rest.substr(number.size() + 1) : "KILL";
  if (signal != "KILL" && signal != "TERM" && signal != "INT")
    throw InternalError{"ZEROPOINT_KILL_AT = {}: the signal is KILL, TERM or INT", wanted};

  static std::atomic<long> arrivals{0};  // one name a process
  if (++arrivals != (number.empty() ? 1 : std::atol(number.c_str()))) return;
  std::raise(signal == "KILL" ? SIGKILL : signal == "TERM" ? SIGTERM : SIGINT);
}

void kill_point(const std::string& path, std::string_view moment) {
  if (std::getenv("ZEROPOINT_KILL_AT") == nullptr) return;
  kill_point(fmt::format("{} {}", std::filesystem::path(path).filename().string(), moment));
}

}  // namespace zeropoint
