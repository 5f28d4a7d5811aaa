#include "active_learning/runner.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <thread>

#include "core/atomic_file.hpp"
#include "core/error.hpp"

namespace zeropoint::active_learning {
namespace {

namespace fs = std::filesystem;

/// A child in a process group of its own.
pid_t started(const std::string& script, int element) {
  const std::string number = fmt::format("{}", element);
  const pid_t child = ::fork();
  if (child < 0) throw IoError{"no process can be started: {}", std::strerror(errno)};
  if (child == 0) {
    ::setpgid(0, 0);
    ::execl("/bin/bash", "bash", script.c_str(), number.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::setpgid(child, child);
  return child;
}

/// Told to stop, a script keeps what its run has left so far.
void stop_all(const std::set<pid_t>& children) {
  for (const pid_t child : children) ::kill(child, SIGTERM);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
}

}  // namespace

Submission write_submission(const std::string& folder, const std::vector<std::string>& task_folders,
                            const DftCode& code, const RunnerOptions& options) {
  std::string list;
  for (const std::string& task : task_folders) list += fs::absolute(task).lexically_normal().string() + "\n";
  const int n = static_cast<int>(task_folders.size()), each = options.job.per_job;
  Submission submission{folder, task_folders.size(), (n + each - 1) / each};
  JobOptions job = options.job;
  if (options.kind != RunnerKind::local) {
    const long minutes = static_cast<long>(job.time_limit / 60) * each + 5;
    std::vector<std::string> lines{
        fmt::format(
            "--array=0-{}{}", std::max(0, submission.n_elements - 1),
            options.at_once > 0 && options.kind == RunnerKind::slurm ? fmt::format("%{}", options.at_once) : ""),
        fmt::format("--time={}", minutes), "--signal=B:TERM@120", "--requeue", "--open-mode=append"};
    lines.insert(lines.end(), job.slurm.begin(), job.slurm.end());
    job.slurm = lines;
  }
  write_file(submission.script(), job_script(code, job));
  fs::permissions(submission.script(), fs::perms::owner_exec | fs::perms::group_exec, fs::perm_options::add);
  write_file(folder + "/tasks.txt", list);
  return submission;
}

std::string command_line(const Submission& submission, int at_once) {
  return fmt::format("seq 0 {} | xargs -P {} -n 1 {}", std::max(0, submission.n_elements - 1), std::max(1, at_once),
                     submission.script());
}

void run_here(const Submission& submission, int at_once, const std::function<void(std::size_t)>& idle) {
  std::set<pid_t> running;
  std::size_t ended = 0;
  int next = 0;
  try {
    while (next < submission.n_elements || !running.empty()) {
      while (next < submission.n_elements && static_cast<int>(running.size()) < at_once)
        running.insert(started(submission.script(), next++));
      std::erase_if(running, [&](pid_t child) {
        const bool over = ::waitpid(child, nullptr, WNOHANG) != 0;
        ended += over;
        return over;
      });
      if (idle) idle(ended);
      if (static_cast<int>(running.size()) == at_once || next == submission.n_elements)
        std::this_thread::sleep_for(std::chrono::milliseconds(running.empty() ? 0 : 20));
    }
  } catch (...) {
    stop_all(running);
    throw;
  }
}

bool was_submitted(const Submission& submission) { return fs::exists(submission.folder + "/submitted"); }

std::string submit(const Submission& submission, const RunnerOptions& options) {
  std::string command = options.submit;
  const std::string mark = "{script}";
  const std::size_t at = command.find(mark);
  if (at != std::string::npos) {
    command.replace(at, mark.size(), "job.sh");
  } else {
    command += " job.sh";
  }
  const std::string errors = submission.folder + "/submit.err";
  FILE* pipe = ::popen(fmt::format("cd '{}' && {} 2> submit.err", submission.folder, command).c_str(), "r");
  if (!pipe) throw IoError{"no process can be started: {}", std::strerror(errno)};
  std::string answer;
  for (int c; (c = std::fgetc(pipe)) != EOF;) answer += static_cast<char>(c);
  const int status = ::pclose(pipe);
  if (status != 0) {
    throw ComputationError{"'{}' in {} ended with {}: {}", command, submission.folder, WEXITSTATUS(status),
                           fs::exists(errors) ? read_file(errors) : answer};
  }
  write_file(submission.folder + "/submitted", answer);
  return answer;
}

}  // namespace zeropoint::active_learning
