#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tools/program/console.hpp"

namespace zeropoint {

/// A bar for those who tell (done, total), from 0 or their first item on: it begins anew where `done` falls, ends with
/// the last item, and stops the work where the run was interrupted. Copies share the bar.
class ProgressReport {
 public:
  ProgressReport(Console& console, std::string label, std::string items);
  /// @throws Interrupted.
  void operator()(std::int64_t done, std::int64_t total) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace zeropoint
