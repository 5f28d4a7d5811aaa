#pragma once

#include <exception>

namespace zeropoint {

/// Thrown where work can stop after Ctrl-C (SIGINT) or SIGTERM: what was finished is saved by whoever catches it on the
/// way.
class Interrupted : public std::exception {
 public:
  explicit Interrupted(int signal) : signal_(signal) {}
  int signal() const { return signal_; }
  const char* what() const noexcept override { return "interrupted"; }

 private:
  int signal_;
};

/// From now on the first SIGINT or SIGTERM is noted, and the second ends the program at once.
void note_interruptions();

/// @throws Interrupted when a signal was noted. Call it between steps.
void stop_if_interrupted();

}  // namespace zeropoint
