#pragma once

#include <string>
#include <vector>

#include "active_learning/dft_code.hpp"

namespace zeropoint::active_learning {

struct JobOptions {
  int per_job = 1;                      ///< tasks of one element of an array
  double time_limit = 7200;             ///< s, of one task
  std::vector<std::string> slurm = {};  ///< lines behind "#SBATCH "
};

/// A bash script that runs tasks of `tasks.txt` beside it, by whatever calls it: `sbatch`, `xargs -n 1`, a person. Its
/// argument, or the number of the element of a Slurm array, says which lines; without any it runs all of them.
///
/// A run works in a scratch folder and is moved whole to its task, as run.WHO/{out,err,rc}, by one rename, whatever way
/// it ended; started.WHO says that it began. Complete tasks are left, and those that were begun three times without an
/// end. The script ends with 0 however a calculation ended; told to stop, it keeps what there is and ends with 143.
std::string job_script(const DftCode& code, const JobOptions& options);

}  // namespace zeropoint::active_learning
