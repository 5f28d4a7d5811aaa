#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "active_learning/journal.hpp"
#include "core/crystal.hpp"
#include "files/labelled_structure.hpp"

namespace zeropoint::active_learning {

/// written: inputs lie in the folder; retry: the same with other numerical settings after a bad output; suspect: an
/// energy that nobody expected is computed a second time; done: a label was accepted; abandoned: every attempt failed.
enum class TaskState { written, retry, suspect, done, abandoned };
const char* name_of(TaskState state);

/// A structure that DFT is asked for.
struct Task {
  TaskState state = TaskState::written;
  int attempt = 1;     ///< whose inputs lie in the folder
  std::string reason;  ///< of the last change
  bool open() const { return state != TaskState::done && state != TaskState::abandoned; }
};

/// A file that is put into the folder of a task.
struct InputFile {
  std::string name, content;
  std::string link_to = {};  ///< instead of a content: an absolute path
};

/// What was read from an accepted output, in the order of the task's structure.
struct TaskLabel {
  double energy = 0;                           ///< eV
  Vectors forces;                              ///< [n_atoms, 3] eV/angstrom
  std::optional<Eigen::Matrix3d> stress = {};  ///< eV/angstrom^3, positive = tensile
  double force_noise = 0;                      ///< as LabelledStructure
  std::string output = {};                     ///< the raw output, relative to the task's folder
  std::string sha = {};                        ///< its SHA-256
  bool operator==(const TaskLabel& other) const;
};

/// Tasks in a folder:
///   DIR/project.json              method: whose labels may stand together
///   DIR/journal.jsonl             every change of state
///   DIR/tasks/ab/abcd.../         a task, named by SHA-256 of the method and the structure
///       structure.extxyz  inputs  started.WHO  run.WHO/{out,err,rc}  result.json
///   DIR/quarantine/abcd.../N/     outputs that were refused, with the reason
/// Raw outputs are never changed. One process at a time; whatever it was doing when it was killed, opening the folder
/// again finds all labels that were accepted.
class TaskStore {
 public:
  /// Makes the folder, or opens it. @throws InputError when it holds labels of another method, or a damaged file;
  /// IoError, also while another process has it open.
  TaskStore(std::string folder, const std::string& method);
  TaskStore(const TaskStore&) = delete;
  TaskStore& operator=(const TaskStore&) = delete;

  const std::string& folder() const { return folder_; }
  const std::string& method_id() const { return method_id_; }
  const std::map<std::string, Task>& tasks() const { return tasks_; }
  const Task& task(const std::string& id) const;
  std::size_t count(TaskState state) const;

  /// The identity that this structure has.
  std::string id_of(const Crystal& crystal) const;
  std::string folder_of(const std::string& id) const;
  /// Asks for a structure unless it was asked for before. @throws IoError.
  std::string add(const Crystal& crystal, const std::vector<InputFile>& inputs);
  /// Replaces the inputs.
  void put(const std::string& id, const std::vector<InputFile>& inputs) const;
  Crystal structure(const std::string& id) const;

  /// Writes result.json, then says `done`.
  void accept(const std::string& id, const TaskLabel& label, const std::string& reason = {});
  /// Another state, with the reason.
  void change(const std::string& id, TaskState to, const std::string& reason);
  /// Moves files or folders of a task (their names in its folder) to the quarantine, beside the reason.
  void quarantine(const std::string& id, const std::vector<std::string>& names, const std::string& reason) const;

  /// Of a task that is done. @throws InputError when result.json is damaged.
  TaskLabel label(const std::string& id) const;
  /// The same as a labelled structure whose source is the first digits of the identity.
  LabelledStructure labelled(const std::string& id) const;

 private:
  void apply(const JournalEntry& entry);
  void find_finished();

  std::string folder_, method_id_;
  /// Held until the process ends, whatever way it ends.
  struct Lock {
    explicit Lock(const std::string& folder);
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock();
    int file;
  } lock_;
  Journal journal_;
  std::map<std::string, Task> tasks_;
};

/// A frame of extended XYZ without labels, all digits: what `structure.extxyz` holds and what a command is asked.
std::string frame_text(const Crystal& crystal);
/// result.json, the same bytes for the same label.
std::string text_of(const TaskLabel& label, const std::string& id, const std::string& method_id);

}  // namespace zeropoint::active_learning
