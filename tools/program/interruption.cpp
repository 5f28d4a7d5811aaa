#include "tools/program/interruption.hpp"

#include <csignal>

#include "core/kill_point.hpp"

namespace zeropoint {
namespace {

volatile std::sig_atomic_t noted_signal = 0;

void note(int signal) {
  noted_signal = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void note_interruptions() {
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
}

void stop_if_interrupted() {
  kill_point("between steps");
  if (noted_signal != 0) throw Interrupted{noted_signal};
}

}  // namespace zeropoint
