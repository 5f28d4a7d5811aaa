#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/estimate.hpp"

namespace zeropoint {

class Schema;

/// summary.json: {"name": {"value": .., "standard_error": .., "unit": ".."}, ...} in the order of the calls.
/// Numbers that are not finite become null.
class Summary {
 public:
  Summary();
  Summary(Summary&&) noexcept;
  ~Summary();

  void add(const std::string& name, double value, const std::string& unit = "");
  void add(const std::string& name, const Estimate& estimate, const std::string& unit);
  /// Any value: tensors, lists of objects, booleans, text.
  void add(const std::string& name, const nlohmann::json& value, const std::string& unit = "");
  void add(const std::string& name, const nlohmann::json& value, const nlohmann::json& standard_error,
           const std::string& unit);

  /// A whole entry: {"value": .., ...}.
  void add_entry(const std::string& name, const nlohmann::ordered_json& entry);

  std::string text() const;

 private:
  std::unique_ptr<nlohmann::ordered_json> entries_;
};

/// Columns of numbers with a `#` header that numpy.loadtxt and gnuplot read: steps.dat.
class StepTable {
 public:
  /// Column names with units, such as "free_energy[eV]".
  explicit StepTable(std::vector<std::string> columns) : columns_(std::move(columns)) {}
  void add(std::vector<double> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<double>> rows_;
};

struct RunFolderOptions {
  bool resume = false;     ///< an error where nothing can be resumed
  bool overwrite = false;  ///< an earlier run's files go
};

/// The folder that a run leaves. It counts as finished when summary.json, the last file, is there.
///
/// A finished folder is refused without `overwrite`. An unfinished one with the same settings is gone on with; with
/// others it is an error that shows the difference.
class RunFolder {
 public:
  /// Makes the folder and writes run.toml. @throws InputError as said above, IoError.
  RunFolder(const std::string& path, const std::string& command, const Schema& schema,
            const RunFolderOptions& options = {});

  const std::string& path() const { return path_; }
  /// DIR/name.
  std::string file(const std::string& name) const;
  /// The earlier run of the same settings was cut short: its files are there.
  bool resumes() const { return resumes_; }

  void write(const std::string& name, const std::string& content) const;
  /// After an error: a folder in which nothing but run.toml and log.txt was left goes, so that other settings may be
  /// tried.
  void discard_if_nothing_was_done() const;
  /// The last thing that a run does: adds wall_seconds and peak_memory_mb, writes summary.json, returns its text.
  std::string finish(Summary& summary) const;

 private:
  void remove_results() const;

  std::string path_;
  bool resumes_ = false;
  std::chrono::steady_clock::time_point start_;
};

/// Memory that the process needed at most, in 10^6 bytes.
double peak_memory_mb();

}  // namespace zeropoint
