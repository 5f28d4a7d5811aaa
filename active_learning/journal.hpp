#pragma once

#include <string>
#include <vector>

namespace zeropoint::active_learning {

/// A change of a task's state.
struct JournalEntry {
  std::string time;  ///< UTC, for people only: nothing is decided by clocks
  std::string task;  ///< its identity
  std::string from, to;
  std::string reason;
  std::string sha;   ///< SHA-256 of the raw output, where there is one
  std::string host;  ///< where this was written
};

/// One JSON object a line, only ever appended to. A line that was cut by a crash does not count, and the next one
/// begins on a line of its own.
class Journal {
 public:
  /// Reads what is there. @throws InputError for a line, not the last, that is no entry; IoError.
  explicit Journal(std::string path);

  const std::vector<JournalEntry>& entries() const { return entries_; }
  /// Adds an entry with time and host of now; on the disk when it returns. @throws IoError.
  void append(JournalEntry entry);

 private:
  std::string path_;
  std::vector<JournalEntry> entries_;
  bool torn_ = false;
};

}  // namespace zeropoint::active_learning
