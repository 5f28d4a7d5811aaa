#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "core/run_file_key.hpp"

namespace zeropoint {

class RunFileTable;

/// A setting that differs between two runs, as TOML text.
struct SettingsDifference {
  std::string key, stored, now;
};

/// The keys that a command understands.
///
///   Schema schema;
///   Section& section = schema.section("minimize", "the minimisation");
///   section.key("kong_liu_ratio", options.kong_liu_ratio, "stop when N_eff/N falls below").at_least(0).at_most(1);
///   schema.read("minimize.toml", {"minimize.max_steps=0"});   // options are filled
///
/// The variables must outlive the schema.
class Schema {
 public:
  /// The section of that name, made at the first call; "minimize.reference" is a table inside "minimize".
  Section& section(const std::string& name, const std::string& help = "");

  /// A rule between keys, checked after each of `keys` ("section.key") could be read by itself: a text that is not
  /// empty is an error, at the place of the first of them that is given, or of its table.
  void rule(std::vector<std::string> keys, std::function<std::string()> problem);

  /// Reads, once, a TOML run file ("-": standard input), then `overrides`, "section.key=value", each as if written
  /// there.
  ///
  /// @throws ConfigError with all that is wrong, one line each, "file:line:column: key = value: ..."; IoError when the
  /// file cannot be read.
  void read(const std::string& file, const std::vector<std::string>& overrides = {});
  /// The same for text that came from `source`, relative paths being relative to `folder`.
  void read_text(const std::string& text, const std::string& source, const std::string& folder,
                 const std::vector<std::string>& overrides = {});

  /// The resolved settings of another run (run.toml): keys of which this schema knows nothing are passed over,
  /// and so are rules: the schema may be a part of the one that was read there.
  /// @throws as read.
  void read_stored(const std::string& file);

  /// A commented run file with all defaults. Call it before read.
  std::string template_text() const;
  /// Every key with default, unit and meaning, for a terminal `width` columns wide. Call it before read.
  std::string help_text(int width = 100) const;
  /// All settings in effect as TOML; relative paths become relative to `folder`, where the text is to lie.
  std::string settings_text(const std::string& folder) const;
  /// Settings that differ between a stored settings_text and the present one, free_on_resume keys left out.
  /// @throws IoError when `stored` is no TOML.
  std::vector<SettingsDifference> differences(const std::string& stored, const std::string& folder) const;

 private:
  struct Rule {
    std::vector<std::string> keys;
    std::function<std::string()> problem;
  };
  void read_all(RunFileTable& table, const std::string& folder);
  void refuse_unknown(RunFileTable& table, const std::string& name) const;
  std::string hint_for(const std::string& full, const std::vector<std::string>& names) const;
  void check(const Rule& rule, RunFileTable& table) const;

  std::deque<Section> sections_;
  std::vector<Rule> rules_;
};

}  // namespace zeropoint
