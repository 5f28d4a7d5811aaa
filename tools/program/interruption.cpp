#include "tools/program/interruption.hpp"

#include <csignal>

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
  if (noted_signal != 0) throw Interrupted{noted_signal};
}

}  // namespace zeropoint
