#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace zeropoint::bench {

struct Timing {
  double seconds = 0;  ///< of one repetition, the best of several
  double rate = 0;     ///< what people compare, in rate_unit; 0: none
  std::string rate_unit;
  std::map<std::string, double> parts;  ///< seconds of the stages, each the best of several
};

/// Something that users wait for. `prepare` runs first, in a process of its own, and may write into `folder`.
struct Case {
  std::string name;
  std::string what;
  std::function<void(const std::string& folder)> prepare;
  std::function<Timing(const std::string& folder)>
      run;  ///< @throws InputError where published data are needed and missing
};
std::vector<Case> cases();

/// Seconds of the fastest of `n` calls: other work on the machine only ever adds time.
template <class Body>
double best_of(int n, Body&& body) {
  using clock = std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < n; ++i) {
    const auto start = clock::now();
    body();
    best = std::min(best, std::chrono::duration<double>(clock::now() - start).count());
  }
  return best;
}

}  // namespace zeropoint::bench
