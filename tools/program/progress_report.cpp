#include "tools/program/progress_report.hpp"

#include <optional>

#include "tools/program/interruption.hpp"

namespace zeropoint {

struct ProgressReport::State {
  Console& console;
  std::string label, items;
  std::optional<Progress> bar{};
  std::int64_t shown = 0;
};

ProgressReport::ProgressReport(Console& console, std::string label, std::string items)
    : state_(std::make_shared<State>(console, std::move(label), std::move(items))) {}

void ProgressReport::operator()(std::int64_t done, std::int64_t total) const {
  State& state = *state_;
  if (!state.bar || done < state.shown) {
    state.bar.emplace(state.console, state.label, total, state.items);
    state.shown = 0;
  }
  state.bar->advance(done - state.shown);
  state.shown = done;
  if (done == total) state.bar.reset();
  stop_if_interrupted();
}

}  // namespace zeropoint
