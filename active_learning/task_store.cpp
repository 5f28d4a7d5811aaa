#include "active_learning/task_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "active_learning/digest.hpp"
#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/structure_file.hpp"

namespace zeropoint::active_learning {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::array<std::pair<TaskState, const char*>, 5> state_names{{{TaskState::written, "written"},
                                                                        {TaskState::retry, "retry"},
                                                                        {TaskState::suspect, "suspect"},
                                                                        {TaskState::done, "done"},
                                                                        {TaskState::abandoned, "abandoned"}}};

std::optional<TaskState> state_of(const std::string& name) {
  for (const auto& [state, text] : state_names) {
    if (name == text) return state;
  }
  return {};
}

std::string made(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError{"{}: the folder cannot be made: {}", folder, error.message()};
  return folder;
}

void check_method(const std::string& folder, const std::string& method_id, const std::string& method) {
  const std::string path = folder + "/project.json";
  if (!fs::exists(path)) {
    write_file(path, ordered_json{{"format", 1}, {"method_id", method_id}, {"method", method}}.dump(2) + "\n");
    return;
  }
  const ordered_json stored = ordered_json::parse(read_file(path), nullptr, false);
  if (!stored.is_object() || !stored.contains("method_id")) throw InputError{"{}: it is damaged", path};
  if (stored["method_id"] == method_id) return;
  throw InputError{
      "{} holds labels of another method: its inputs, pseudopotentials or program differ from those given now, and "
      "energies of two methods have different zeros. Give the old ones back (they stand in {}), or begin in another "
      "folder",
      folder, path};
}

}  // namespace

const char* name_of(TaskState state) {
  for (const auto& [value, text] : state_names) {
    if (value == state) return text;
  }
  return "";
}

bool TaskLabel::operator==(const TaskLabel& other) const {
  return energy == other.energy && forces == other.forces && stress == other.stress && output == other.output &&
         sha == other.sha && force_noise == other.force_noise;
}

std::string frame_text(const Crystal& crystal) {
  std::string text = fmt::format("{}\nLattice=\"", crystal.n_atoms());
  const auto append = [&](double value, const char* after) {
    append_number(text, value == 0 ? 0.0 : value);
    text += after;
  };
  for (int i = 0; i < 9; ++i) append(crystal.cell(i / 3, i % 3), i < 8 ? " " : "\"");
  text += " Properties=species:S:1:pos:R:3 pbc=\"T T T\"\n";
  for (Eigen::Index atom = 0; atom < crystal.n_atoms(); ++atom) {
    text += crystal.species[static_cast<std::size_t>(atom)] + " ";
    for (int k = 0; k < 3; ++k) append(crystal.positions(atom, k), k < 2 ? " " : "\n");
  }
  return text;
}

std::string text_of(const TaskLabel& label, const std::string& id, const std::string& method_id) {
  ordered_json forces = ordered_json::array();
  for (Eigen::Index i = 0; i < label.forces.rows(); ++i)
    forces.push_back({label.forces(i, 0), label.forces(i, 1), label.forces(i, 2)});
  ordered_json json{{"task", id}, {"method_id", method_id}, {"energy", label.energy}, {"forces", std::move(forces)}};
  if (label.stress) {
    ordered_json rows = ordered_json::array();
    for (int i = 0; i < 3; ++i) rows.push_back({(*label.stress)(i, 0), (*label.stress)(i, 1), (*label.stress)(i, 2)});
    json["stress"] = std::move(rows);
  }
  json["force_noise"] = label.force_noise;
  json["output"] = label.output;
  json["sha256"] = label.sha;
  json["parser"] = 1;
  return json.dump() + "\n";
}

TaskStore::Lock::Lock(const std::string& folder) {
  const std::string path = folder + "/lock";
  file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) throw IoError{"{}: cannot be written: {}", path, std::strerror(errno)};
  // Other errors come from file systems that know no locks: go on.
  if (::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(file);
    throw IoError{"{}: another process works in this folder: wait until it has ended", folder};
  }
}

TaskStore::Lock::~Lock() { ::close(file); }

TaskStore::TaskStore(std::string folder, const std::string& method)
    : folder_(made(folder)), method_id_(sha256(method)), lock_(folder_), journal_(folder_ + "/journal.jsonl") {
  check_method(folder_, method_id_, method);
  for (const JournalEntry& entry : journal_.entries()) apply(entry);
  find_finished();
}

void TaskStore::apply(const JournalEntry& entry) {
  const std::optional<TaskState> to = state_of(entry.to);
  if (!to) return;
  Task& task = tasks_[entry.task];
  if (*to == TaskState::retry || *to == TaskState::suspect) ++task.attempt;
  task.state = *to;
  task.reason = entry.reason;
}

/// A result that was written before the journal said so.
void TaskStore::find_finished() {
  for (auto& [id, task] : tasks_) {
    if (task.open() && fs::exists(folder_of(id) + "/result.json")) change(id, TaskState::done, "its result was found");
  }
}

const Task& TaskStore::task(const std::string& id) const {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) throw InputError{"{}: there is no task {}", folder_, id};
  return found->second;
}

std::size_t TaskStore::count(TaskState state) const {
  std::size_t n = 0;
  for (const auto& [id, task] : tasks_) n += task.state == state;
  return n;
}

std::string TaskStore::id_of(const Crystal& crystal) const { return sha256(method_id_ + "\n" + frame_text(crystal)); }

std::string TaskStore::folder_of(const std::string& id) const {
  return fmt::format("{}/tasks/{}/{}", folder_, id.substr(0, 2), id);
}

void TaskStore::put(const std::string& id, const std::vector<InputFile>& inputs) const {
  for (const InputFile& input : inputs) {
    const std::string path = folder_of(id) + "/" + input.name;
    if (input.link_to.empty()) {
      write_file(path, input.content);
      continue;
    }
    std::error_code error;
    fs::remove(path, error);
    fs::create_symlink(fs::absolute(input.link_to), path, error);
    if (error) throw IoError{"{}: cannot be linked to {}: {}", path, input.link_to, error.message()};
  }
}

std::string TaskStore::add(const Crystal& crystal, const std::vector<InputFile>& inputs) {
  const std::string id = id_of(crystal);
  if (tasks_.contains(id)) return id;
  write_file(folder_of(id) + "/structure.extxyz", frame_text(crystal));
  put(id, inputs);
  change(id, TaskState::written, "");
  return id;
}

Crystal TaskStore::structure(const std::string& id) const {
  return read_structure(folder_of(id) + "/structure.extxyz");
}

void TaskStore::change(const std::string& id, TaskState to, const std::string& reason) {
  const auto found = tasks_.find(id);
  JournalEntry entry{.time = {},
                     .task = id,
                     .from = found == tasks_.end() ? "new" : name_of(found->second.state),
                     .to = name_of(to),
                     .reason = reason,
                     .sha = {},
                     .host = {}};
  journal_.append(entry);
  apply(entry);
}

void TaskStore::accept(const std::string& id, const TaskLabel& label, const std::string& reason) {
  write_file(folder_of(id) + "/result.json", text_of(label, id, method_id_));
  JournalEntry entry{.time = {},
                     .task = id,
                     .from = name_of(task(id).state),
                     .to = "done",
                     .reason = reason,
                     .sha = label.sha,
                     .host = {}};
  journal_.append(entry);
  apply(entry);
}

void TaskStore::quarantine(const std::string& id, const std::vector<std::string>& names,
                           const std::string& reason) const {
  int number = 1;
  while (fs::exists(fmt::format("{}/quarantine/{}/{}", folder_, id, number))) ++number;
  const std::string to = made(fmt::format("{}/quarantine/{}/{}", folder_, id, number));
  write_file(to + "/reason.txt", reason + "\n");
  for (const std::string& name : names) {
    std::error_code error;
    fs::rename(folder_of(id) + "/" + name, to + "/" + name, error);
    if (error) throw IoError{"{}/{}: cannot be moved to {}: {}", folder_of(id), name, to, error.message()};
  }
}

TaskLabel TaskStore::label(const std::string& id) const {
  const std::string path = folder_of(id) + "/result.json";
  const ordered_json json = ordered_json::parse(read_file(path), nullptr, false);
  try {
    if (json.is_discarded()) throw InputError{"{}: it is no JSON", path};
    TaskLabel label{.energy = json.at("energy").get<double>(),
                    .forces = Vectors(static_cast<Eigen::Index>(json.at("forces").size()), 3),
                    .stress = {},
                    .force_noise = json.at("force_noise").get<double>(),
                    .output = json.at("output").get<std::string>(),
                    .sha = json.at("sha256").get<std::string>()};
    for (Eigen::Index i = 0; i < label.forces.rows(); ++i) {
      for (int k = 0; k < 3; ++k)
        label.forces(i, k) = json["forces"][static_cast<std::size_t>(i)].at(static_cast<std::size_t>(k)).get<double>();
    }
    if (json.contains("stress")) {
      label.stress.emplace();
      for (std::size_t i = 0; i < 9; ++i)
        (*label.stress)(static_cast<int>(i / 3), static_cast<int>(i % 3)) =
            json["stress"].at(i / 3).at(i % 3).get<double>();
    }
    if (json.at("method_id") != method_id_)
      throw InputError{"{}: it is a label of another method: the folder was mixed with another", path};
    return label;
  } catch (const ordered_json::exception& error) {
    throw InputError{"{}: it is damaged: {}", path, error.what()};
  }
}

LabelledStructure TaskStore::labelled(const std::string& id) const {
  const Crystal crystal = structure(id);
  const TaskLabel found = label(id);
  if (found.forces.rows() != crystal.n_atoms())
    throw InputError{"{}: {} forces for {} atoms: it is damaged", folder_of(id) + "/result.json", found.forces.rows(),
                     crystal.n_atoms()};
  return {.cell = crystal.cell,
          .positions = crystal.positions,
          .species = crystal.species,
          .energy = found.energy,
          .forces = found.forces,
          .stress = found.stress,
          .source = "task " + id.substr(0, 10),
          .force_noise = found.force_noise};
}

}  // namespace zeropoint::active_learning
