#include "active_learning/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/kill_point.hpp"

namespace zeropoint::active_learning {
namespace {

using nlohmann::ordered_json;

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string this_host() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

std::string text_of(const JournalEntry& entry) {
  ordered_json line{{"t", entry.time}, {"task", entry.task}, {"from", entry.from}, {"to", entry.to}};
  if (!entry.reason.empty()) line["reason"] = entry.reason;
  if (!entry.sha.empty()) line["sha"] = entry.sha;
  line["host"] = entry.host;
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

/// False when `line` is no entry.
bool read_entry(std::string_view line, JournalEntry& entry) {
  const ordered_json parsed = ordered_json::parse(line, nullptr, false);
  if (!parsed.is_object()) return false;
  const auto text = [&](const char* key) {
    const auto found = parsed.find(key);
    return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  entry = {text("t"), text("task"), text("from"), text("to"), text("reason"), text("sha"), text("host")};
  return !entry.task.empty() && !entry.to.empty();
}

}  // namespace

Journal::Journal(std::string path) : path_(std::move(path)) {
  if (!std::filesystem::exists(path_)) return;
  const std::string text = read_file(path_);
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    ++number;
    JournalEntry entry;
    const bool good = read_entry(std::string_view(text).substr(at, end == std::string::npos ? end : end - at), entry);
    if (end == std::string::npos) {  // cut: it may even look whole, its line end tells that it was not on the disk
      torn_ = true;
      break;
    }
    at = end + 1;
    if (good) {
      entries_.push_back(std::move(entry));
    } else if (text.find_first_not_of(" \n", at) == std::string::npos) {
      continue;  // the last line
    } else if (!text.substr(0, end).ends_with("}")) {
      continue;  // cut by an earlier crash, closed by the next writer
    } else {
      throw located({path_, number}, InputError{"this line is no change of a task's state: the file is damaged"});
    }
  }
}

void Journal::append(JournalEntry entry) {
  entry.time = now();
  entry.host = this_host();
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) throw IoError{"{}: cannot be written: {}", path_, std::strerror(errno)};
  std::string line = text_of(entry);
  if (torn_) line.insert(line.begin(), '\n');
  kill_point(path_, "begun");
  // In two writes where a test wants to be killed between them; O_APPEND keeps them at the end.
  const std::size_t half = line.size() / 2;
  bool good = ::write(file, line.data(), half) == static_cast<ssize_t>(half);
  kill_point(path_, "partly written");
  good = good && ::write(file, line.data() + half, line.size() - half) == static_cast<ssize_t>(line.size() - half);
  good = good && (::fsync(file) == 0 || errno == EINVAL);
  const int reason = errno;
  ::close(file);
  if (!good) {
    torn_ = true;
    throw IoError{"{}: cannot be written: {}", path_, std::strerror(reason)};
  }
  kill_point(path_, "written");
  torn_ = false;
  entries_.push_back(std::move(entry));
}

}  // namespace zeropoint::active_learning
