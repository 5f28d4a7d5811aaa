#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace zeropoint {

/// A program that answers on its standard output what it is asked on its standard input. It has a process group of its
/// own, so that Ctrl-C on a terminal does not reach it; its standard input closes when it is destroyed, and then it is
/// ended.
class ChildProcess {
 public:
  /// Starts `command` in a shell. @throws IoError when no process can be made.
  explicit ChildProcess(const std::string& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Writes `question`, reads until `n_lines` whole lines are there, and returns those that came; fewer only when the
  /// program has ended, or was silent for `patience` and has been killed. `idle` is called several times a second; what
  /// it throws goes on.
  std::string ask(std::string_view question, std::size_t n_lines, std::chrono::seconds patience,
                  const std::function<void()>& idle = {});

  bool is_running() const { return pid_ > 0; }
  /// How it ended, and the last lines of its standard error: "ended with exit code 1; its last words: ...".
  std::string last_words() const;

 private:
  void end(bool kill_it);

  pid_t pid_ = -1;
  int input_ = -1, output_ = -1, errors_ = -1;
  bool was_silent_ = false;
  int status_ = 0;
};

}  // namespace zeropoint
