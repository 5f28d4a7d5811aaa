#include "core/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/error.hpp"

extern char** environ;

namespace zeropoint {
namespace {

constexpr int poll_milliseconds = 200;
constexpr std::size_t most_last_words = 600;  // characters

void close_once(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

}  // namespace

ChildProcess::ChildProcess(const std::string& command) {
  // A program that ended must not end this one at the next write.
  static const bool ignored = ::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
  std::array<int, 2> to{-1, -1}, from{-1, -1};
  errors_ = ::memfd_create("standard error", MFD_CLOEXEC);
  if (!ignored || errors_ < 0 || ::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) {
    const int reason = errno;
    for (int* descriptor : {&to[0], &to[1], &from[0], &from[1], &errors_}) close_once(*descriptor);
    throw IoError{"no pipe to '{}': {}", command, std::strerror(reason)};
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors_, STDERR_FILENO);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  std::string shell = "sh", option = "-c", text = command;
  char* const arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  const int failed = posix_spawn(&pid_, "/bin/sh", &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close_once(to[0]);
  close_once(from[1]);
  input_ = to[1];
  output_ = from[0];
  if (failed != 0) {
    pid_ = -1;
    for (int* descriptor : {&input_, &output_, &errors_}) close_once(*descriptor);
    throw IoError{"'{}' cannot be started: {}", command, std::strerror(failed)};
  }
  ::fcntl(input_, F_SETFL, O_NONBLOCK);
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  end(true);
  close_once(errors_);
}

void ChildProcess::end(bool kill_it) {
  close_once(input_);
  close_once(output_);
  if (pid_ <= 0) return;
  if (kill_it) ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

std::string ChildProcess::ask(std::string_view question, std::size_t n_lines, std::chrono::seconds patience,
                              const std::function<void()>& idle) {
  using Clock = std::chrono::steady_clock;
  std::string answer;
  std::size_t lines = 0, end_of_last = 0;
  std::vector<char> buffer(1 << 16);
  auto last_sign_of_life = Clock::now();
  while (is_running() && lines < n_lines) {
    std::array<pollfd, 2> watched{{{output_, POLLIN, 0}, {question.empty() ? -1 : input_, POLLOUT, 0}}};
    ::poll(watched.data(), watched.size(), poll_milliseconds);
    if (idle) idle();
    if (watched[1].revents != 0) {
      const ssize_t n = ::write(input_, question.data(), question.size());
      if (n > 0) {
        question.remove_prefix(static_cast<std::size_t>(n));
        last_sign_of_life = Clock::now();
      } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        question = {};  // it reads no more; what it still says is read below
      }
    }
    if (watched[0].revents != 0) {
      const ssize_t n = ::read(output_, buffer.data(), buffer.size());
      if (n > 0) {
        answer.append(buffer.data(), static_cast<std::size_t>(n));
        last_sign_of_life = Clock::now();
        for (std::size_t at = end_of_last; lines < n_lines && (at = answer.find('\n', at)) != std::string::npos;) {
          end_of_last = ++at;
          ++lines;
        }
      } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        end(false);
      }
    }
    if (is_running() && Clock::now() - last_sign_of_life > patience) {
      was_silent_ = true;
      end(true);
    }
  }
  answer.resize(end_of_last);
  return answer;
}

std::string ChildProcess::last_words() const {
  std::string how = "is still running";
  if (was_silent_) {
    how = "was silent for too long and has been killed";
  } else if (!is_running() && WIFSIGNALED(status_)) {
    how = fmt::format("was ended by signal {} ({})", WTERMSIG(status_), ::strsignal(WTERMSIG(status_)));
  } else if (!is_running()) {
    how = fmt::format("ended with exit code {}", WEXITSTATUS(status_));
  }
  const off_t size = ::lseek(errors_, 0, SEEK_END);
  const off_t begin = std::max<off_t>(0, size - static_cast<off_t>(most_last_words));
  std::string words(static_cast<std::size_t>(std::max<off_t>(0, size - begin)), '\0');
  const ssize_t n = ::pread(errors_, words.data(), words.size(), begin);
  words.resize(static_cast<std::size_t>(std::max<ssize_t>(0, n)));
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  return words.empty() ? how + ", and wrote nothing to its standard error"
                       : fmt::format("{}; its last words: {}", how, words);
}

}  // namespace zeropoint
