#pragma once

#include <functional>
#include <string>

namespace zeropoint::test {

/// Runs `write` in one child process after another, each killed at another point of writing the file called `file` (its
/// name without folder): begun, partly written, written, in place; the last is not killed. `prepare` writes the old
/// file before each; `found_new` looks at the file afterwards: the new one, or the old one. That each kill happened,
/// and left the file that it should, are expectations of the test; what `found_new` finds wrong it reports as a
/// failure.
void kill_writers(const std::string& file, const std::function<void()>& prepare, const std::function<void()>& write,
                  const std::function<bool()>& found_new);

}  // namespace zeropoint::test
