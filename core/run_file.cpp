#include "core/run_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/error.hpp"
#include "core/nearest_name.hpp"
#include "core/run_file_table.hpp"
#include "core/run_file_text.hpp"
#include "core/run_file_values.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

std::string content_of(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  if (fs::is_directory(file)) throw IoError{"{} is a folder, a run file (TOML) is needed", file};
  std::ifstream stream{file, std::ios::binary};
  if (!stream) {
    throw IoError{"{} cannot be read: no such run file. `zeropoint COMMAND --template > {}` writes one.", file, file};
  }
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

Section& Schema::section(const std::string& name, const std::string& help) {
  for (Section& section : sections_) {
    if (section.name_ == name) return section;
  }
  // Keys without a table come first: TOML would take them for keys of the table before them.
  if (name.empty()) {
    sections_.push_front(Section{name, help});
    return sections_.front();
  }
  sections_.push_back(Section{name, help});
  return sections_.back();
}

void Schema::rule(std::vector<std::string> keys, std::function<std::string()> problem) {
  rules_.push_back({std::move(keys), std::move(problem)});
}

void Schema::read(const std::string& file, const std::vector<std::string>& overrides) {
  const bool is_stdin = file == "-";
  read_text(content_of(file), is_stdin ? "standard input" : file, is_stdin ? "" : fs::path{file}.parent_path().string(),
            overrides);
}

void Schema::read_text(const std::string& text, const std::string& source, const std::string& folder,
                       const std::vector<std::string>& overrides) {
  RunFileTable table{text, source, overrides};
  refuse_unknown(table, "");
  read_all(table, folder);
  for (const Rule& rule : rules_) check(rule, table);
  table.throw_problems();
}

void Schema::read_stored(const std::string& file) {
  RunFileTable table{content_of(file), file, {}};
  read_all(table, fs::path{file}.parent_path().string());
  table.throw_problems();
}

void Schema::read_all(RunFileTable& table, const std::string& folder) {
  for (Section& section : sections_) {
    for (Key& key : section.keys_) read_value(key, dotted_name(section.name_, key.name_), table, folder);
  }
}

void Schema::check(const Rule& rule, RunFileTable& table) const {
  if (std::ranges::any_of(rule.keys, [&](const std::string& key) { return table.is_wrong(key); })) return;
  const std::string problem = rule.problem();
  if (problem.empty()) return;
  for (const std::string& key : rule.keys) {
    if (const toml::node* node = table.find(key)) return table.complain(key, node->source(), problem);
  }
  const std::string& first = rule.keys.front();
  const toml::node* section =
      first.find('.') != std::string::npos ? table.find(first.substr(0, first.rfind('.'))) : nullptr;
  table.complain(first, section ? section->source() : toml::source_region{}, problem);
}

void Schema::refuse_unknown(RunFileTable& run_file, const std::string& name) const {
  const toml::table& table = *run_file.find(name)->as_table();
  const Section* section = nullptr;
  std::vector<std::string> tables, keys;
  for (const Section& candidate : sections_) {
    if (candidate.name_ == name) section = &candidate;
  }
  if (section) {
    for (const Key& key : section->keys_) keys.push_back(key.name_);
  }
  const std::string prefix = name.empty() ? "" : name + ".";
  for (const Section& candidate : sections_) {
    if (candidate.name_.starts_with(prefix) && candidate.name_.size() > prefix.size()) {
      tables.push_back(pieces(candidate.name_.substr(prefix.size())).front());
    }
  }
  for (const auto& [key, node] : table) {
    const std::string own{key.str()};
    if (std::ranges::find(keys, own) != keys.end()) continue;
    const std::string full = dotted_name(name, own);
    if (std::ranges::find(tables, own) == tables.end()) {
      std::vector<std::string> names = keys;
      names.insert(names.end(), tables.begin(), tables.end());
      run_file.complain(
          run_file.typed_inside(full), key.source(),
          fmt::format("{} {} is unknown{}", node.is_table() ? "table" : "key", full, hint_for(full, names)));
    } else if (node.is_table()) {
      refuse_unknown(run_file, full);
    } else {
      run_file.wrong(full, node, fmt::format("a table is needed: [{}]", full));
    }
  }
}

std::string Schema::hint_for(const std::string& full, const std::vector<std::string>& names) const {
  const std::string own = pieces(full).back();
  std::string hint = suggestion(own, names);
  // The right key under the wrong heading.
  for (const Section& section : sections_) {
    for (const Key& key : section.keys_) {
      if (hint.empty() && !nearest_name(own, {key.name_}).empty()) {
        hint = fmt::format("; did you mean '{}'?", dotted_name(section.name_, key.name_));
      }
    }
  }
  if (hint.empty()) {
    for (const std::string& name : names) hint += (hint.empty() ? "; known here: " : ", ") + name;
  }
  return hint;
}

std::string Schema::template_text() const { return RunFileText{sections_}.template_text(); }
std::string Schema::help_text(int width) const { return RunFileText{sections_}.help_text(width); }
std::string Schema::settings_text(const std::string& folder) const {
  return RunFileText{sections_}.settings_text(folder);
}

std::vector<SettingsDifference> Schema::differences(const std::string& stored, const std::string& folder) const {
  const toml::table before = toml::parse(stored), now = toml::parse(settings_text(folder));
  const auto value = [](const toml::table& table, const std::string& name) {
    const auto node = table.at_path(name);
    return node ? text_of(*node.node()) : std::string{"(not set)"};
  };
  std::vector<SettingsDifference> result;
  for (const Section& section : sections_) {
    for (const Key& key : section.keys_) {
      const std::string name = dotted_name(section.name_, key.name_);
      if (key.free_on_resume_ || value(before, name) == value(now, name)) continue;
      result.push_back({name, value(before, name), value(now, name)});
    }
  }
  return result;
}

}  // namespace zeropoint
