#pragma once

#include <functional>
#include <string>
#include <vector>

#include "active_learning/job_script.hpp"

namespace zeropoint::active_learning {

enum class RunnerKind { none, local, slurm };

struct RunnerOptions {
  RunnerKind kind = RunnerKind::none;
  int at_once = 1;  ///< local: processes; slurm: elements of the array that run side by side, 0: any number
  JobOptions job = {};
  std::string submit = "sbatch --parsable {script}";  ///< slurm
  double poll_seconds = 5;                            ///< slurm: how often folders are looked at
};

/// What is to be run, for a person or a scheduler: FOLDER/tasks.txt (folders, one a line) and FOLDER/job.sh.
struct Submission {
  std::string folder;
  std::size_t n_tasks = 0;
  int n_elements = 0;  ///< of the array

  std::string script() const { return folder + "/job.sh"; }
};

/// Writes both. @throws IoError.
Submission write_submission(const std::string& folder, const std::vector<std::string>& task_folders,
                            const DftCode& code, const RunnerOptions& options);

/// How a person runs it on one machine.
std::string command_line(const Submission& submission, int at_once);

/// Runs all of it on this machine, `at_once` tasks side by side, each in a process group of its own. `idle` is called
/// several times a second with the number of elements that have ended; what it throws stops what runs, and goes on.
void run_here(const Submission& submission, int at_once, const std::function<void(std::size_t ended)>& idle);

/// Submits it, once: FOLDER/submitted says that it was. @returns what the scheduler answered.
/// @throws ComputationError when the scheduler refuses.
std::string submit(const Submission& submission, const RunnerOptions& options);
bool was_submitted(const Submission& submission);

}  // namespace zeropoint::active_learning
