#pragma once

#include <functional>

namespace zeropoint::test {

/// How often a killed writer left the old file, and how often the new one.
struct FilesLeft {
  int n_old = 0, n_new = 0;
};

/// Runs `write` in one child process after another, the first killed at once, each with twice the time of the one
/// before, the last not at all. `prepare` writes the old file before each; `found_new` looks at the file afterwards:
/// the new one, or the old one. What it finds wrong it reports as a failure of the test.
FilesLeft kill_writers(const std::function<void()>& prepare, const std::function<void()>& write,
                       const std::function<bool()>& found_new);

}  // namespace zeropoint::test
