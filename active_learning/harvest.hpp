#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "active_learning/dft_code.hpp"
#include "active_learning/task_store.hpp"

namespace zeropoint::active_learning {

/// What the model says about the energy of a task.
struct ExpectedEnergy {
  double energy = 0, error = 0;  ///< eV per structure, calibrated standard error
};

struct HarvestOptions {
  bool needs_stress = true;
  /// An energy ten errors away from it is not believed until a second run with other numerical settings agrees.
  std::function<std::optional<ExpectedEnergy>(const std::string& id)> expected = {};
};

/// What became of the outputs that lie in the folders of open tasks.
struct HarvestReport {
  struct Refused {
    std::string task, reason;
  };
  std::vector<std::string> accepted;
  std::vector<Refused> refused;    ///< outputs, among them those of tasks that are tried again
  std::vector<Refused> abandoned;  ///< tasks
  std::size_t n_running = 0;       ///< open tasks of which a run has begun and not ended
};

/// Looks into the folders of all open tasks and takes in what has come, whoever computed it: `run.WHO` of a job, or a
/// file that lies there. Complete and believable outputs become labels; others go to the quarantine with their reason,
/// and the task gets inputs with other numerical settings, until it has had all attempts. Nothing is written where
/// nothing has changed. @throws IoError.
HarvestReport harvest(TaskStore& store, const DftCode& code, const HarvestOptions& options = {});

/// What one output says, when all of it is as it must be (active learning, section 11.3, rules 1 to 10); else why it is
/// refused. `file` is relative to the task's `folder`.
struct JudgedOutput {
  std::optional<TaskLabel> label;
  std::string reason;
};
JudgedOutput judge_output(const DftCode& code, const Crystal& crystal, const std::string& folder,
                          const std::string& file, bool needs_stress);

/// Reads the raw outputs of all labels again. @returns what is not as it was: a file that has changed, a label that is
/// not what its output says.
std::vector<std::string> verify(const TaskStore& store, const DftCode& code, bool needs_stress,
                                const std::function<void(std::size_t done, std::size_t of)>& progress = {});

}  // namespace zeropoint::active_learning
