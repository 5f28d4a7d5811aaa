#include "tools/program/run_folder.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/run_file.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view mark = "# zeropoint ";

/// A name of interface "what a run leaves": only such files are ever removed.
bool is_result(const std::string& name) {
  constexpr std::array fixed{"summary.json",       "result.h5",         "log.txt",
                             "steps.dat",          "structure.cif",     "structure.extxyz",
                             "hessian.dat",        "unstable_mode.cif", "unstable_mode.extxyz",
                             "bands.dat",          "dos.dat",           "thermodynamics.dat",
                             "model.h5",           "checkpoint.h5",     "learning_curve.dat",
                             "predictions.extxyz", "deviations.dat"};
  if (std::ranges::find(fixed, name) != fixed.end()) return true;
  return name.starts_with("dyn") && name.size() > 3 &&
         std::all_of(name.begin() + 3, name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

Summary::Summary() : entries_(std::make_unique<nlohmann::ordered_json>(nlohmann::ordered_json::object())) {}
Summary::Summary(Summary&&) noexcept = default;
Summary::~Summary() = default;

void Summary::add(const std::string& name, double value, const std::string& unit) {
  add(name, nlohmann::json(value), unit);
}

void Summary::add(const std::string& name, const Estimate& estimate, const std::string& unit) {
  add(name, nlohmann::json(estimate.value), nlohmann::json(estimate.standard_error), unit);
}

void Summary::add(const std::string& name, const nlohmann::json& value, const std::string& unit) {
  nlohmann::ordered_json entry{{"value", value}};
  if (!unit.empty()) entry["unit"] = unit;
  (*entries_)[name] = entry;
}

void Summary::add(const std::string& name, const nlohmann::json& value, const nlohmann::json& standard_error,
                  const std::string& unit) {
  nlohmann::ordered_json entry{{"value", value}, {"standard_error", standard_error}};
  if (!unit.empty()) entry["unit"] = unit;
  (*entries_)[name] = entry;
}

void Summary::add_entry(const std::string& name, const nlohmann::ordered_json& entry) { (*entries_)[name] = entry; }

std::string Summary::text() const { return entries_->dump(2) + "\n"; }

std::string StepTable::text() const {
  std::vector<std::size_t> widths;
  std::string text = "#";
  for (const std::string& column : columns_) {
    widths.push_back(std::max<std::size_t>(column.size() + 2, 20));
    text += fmt::format("{:>{}}", column, widths.back() - (widths.size() == 1 ? 1 : 0));
  }
  text += "\n";
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) text += fmt::format("{:>{}.12g}", row[i], widths.at(i));
    text += "\n";
  }
  return text;
}

RunFolder::RunFolder(const std::string& path, const std::string& command, const Schema& schema,
                     const RunFolderOptions& options)
    : path_(path), start_(std::chrono::steady_clock::now()) {
  const std::string settings_file = file("run.toml");
  const bool finished = fs::exists(file("summary.json"));
  const bool begun = fs::exists(settings_file);
  if (fs::exists(path) && !fs::is_directory(path)) {
    throw InputError{"{} is a file, not a folder: choose another output.directory or --output", path};
  }
  const std::string stored = begun ? zeropoint::read_file(settings_file) : "";
  if (begun && !stored.starts_with(mark)) {
    throw InputError{"{} was not written by a run and would be replaced: choose another output.directory or --output",
                     settings_file};
  }
  if (finished && options.overwrite) {
    remove_results();
  } else if (finished) {
    throw InputError{"{} holds a finished run: give --overwrite to replace it, or another folder with --output", path};
  } else if (begun && options.overwrite) {
    remove_results();
  } else if (begun) {
    const bool same_command = stored.starts_with(fmt::format("{}{}:", mark, command));
    const auto differences = schema.differences(stored, path);
    std::string text;
    for (const auto& [key, before, now] : differences)
      text += fmt::format("\n  {}: there {}, now {}", key, before, now);
    if (!same_command) text = "\n  it is a run of another command";
    if (!text.empty()) {
      throw InputError{
          "{} holds an unfinished run with other settings:{}\n"
          "Give these settings back, --overwrite to begin anew, or another folder with --output.",
          path, text};
    }
    resumes_ = true;
  }
  if (options.resume && !resumes_) {
    throw InputError{"--resume: {} holds no unfinished run of these settings: leave out --resume to begin one", path};
  }
  if (!resumes_)
    write("run.toml", fmt::format("{}{}: the settings of this run\n\n{}", mark, command, schema.settings_text(path)));
}

std::string RunFolder::file(const std::string& name) const { return (fs::path{path_} / name).string(); }

void RunFolder::write(const std::string& name, const std::string& content) const { write_file(file(name), content); }

void RunFolder::remove_results() const {
  // First the file that says "finished": what a kill leaves behind is then an unfinished run.
  fs::remove(file("summary.json"));
  for (const auto& entry : fs::directory_iterator{path_}) {
    if (is_result(entry.path().filename().string())) fs::remove(entry.path());
  }
  fs::remove_all(file("figures"));
}

void RunFolder::discard_if_nothing_was_done() const {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{path_, ignored}) {
    const std::string name = entry.path().filename().string();
    if (name != "run.toml" && name != "log.txt") return;
  }
  fs::remove(file("run.toml"), ignored);
  fs::remove(file("log.txt"), ignored);
  fs::remove(path_, ignored);
}

std::string RunFolder::finish(Summary& summary) const {
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start_;
  summary.add("wall_seconds", wall.count(), "s");
  summary.add("peak_memory_mb", peak_memory_mb(), "MB");
  const std::string text = summary.text();
  write("summary.json", text);
  return text;
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

}  // namespace zeropoint
