#include "core/run_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>

#include "core/error.hpp"
#include "core/nearest_name.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

std::string joined(const std::string& section, const std::string& key) {
  return section.empty() ? key : section + "." + key;
}

std::vector<std::string> pieces(const std::string& dotted) {
  std::vector<std::string> result;
  std::istringstream stream{dotted};
  for (std::string piece; std::getline(stream, piece, '.');) result.push_back(piece);
  return result;
}

std::string text_of(const toml::node& node) {
  std::ostringstream text;
  if (const toml::table* table = node.as_table()) {
    text << toml::toml_formatter{*table};
    std::string content = text.str();
    std::ranges::replace(content, '\n', ',');
    return "{ " + content + " }";
  }
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

std::string kind_of(const toml::node& node) {
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  if (node.is_string()) return "text";
  if (node.is_boolean()) return "true or false";
  if (node.is_integer()) return "an integer";
  if (node.is_floating_point()) return "a number";
  return "a date";
}

toml::table parsed(const std::string& text, const std::string& source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    throw ConfigError{"{}:{}:{}: this is not TOML: {}", source, error.source().begin.line, error.source().begin.column,
                      std::string{error.description()}};
  }
}

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

/// Fills the variables of a schema from a TOML table, collecting what is wrong.
class RunFileReader {
 public:
  RunFileReader(Schema& schema, const std::string& text, std::string source, std::string folder,
                const std::vector<std::string>& overrides, bool passes_over_unknown = false)
      : schema_(schema),
        source_(std::move(source)),
        folder_(std::move(folder)),
        table_(parsed(text, source_)),
        passes_over_unknown_(passes_over_unknown) {
    for (const std::string& item : overrides) override_with(item);
  }

  void read() {
    if (!passes_over_unknown_) refuse_unknown(table_, "");
    for (Section& section : schema_.sections_) {
      for (Key& key : section.keys_) read(section, key);
    }
    if (problems_.empty()) return;
    std::ranges::stable_sort(problems_, {},
                             [](const Problem& problem) { return std::pair{problem.line, problem.column}; });
    std::string message;
    for (const Problem& problem : problems_) message += (message.empty() ? "" : "\n") + problem.text;
    throw ConfigError{"{}", message};
  }

 private:
  struct Problem {
    unsigned line, column;
    std::string text;
  };
  struct Override {
    std::string value;  // as typed
    bool used = false;
  };

  void complain(const std::string& name, const toml::source_region& place, const std::string& what) {
    if (overridden_.contains(name)) {
      problems_.push_back({last, 0, fmt::format("--set {}={}: {}", name, overridden_[name], what)});
    } else if (place.begin) {
      problems_.push_back({place.begin.line, place.begin.column,
                           fmt::format("{}:{}:{}: {}", source_, place.begin.line, place.begin.column, what)});
    } else {
      problems_.push_back({last, 1, fmt::format("{}: {}", source_, what)});
    }
  }

  void wrong(const std::string& name, const toml::node& node, const std::string& what) {
    const bool typed = overridden_.contains(name);
    complain(name, node.source(), typed ? what : fmt::format("{} = {}: {}", name, text_of(node), what));
  }

  void override_with(const std::string& item) {
    const auto equal = item.find('=');
    if (equal == std::string::npos || equal == 0) {
      problems_.push_back({last, 0, fmt::format("--set {}: write section.key=value", item)});
      return;
    }
    const std::string name = item.substr(0, equal), value = item.substr(equal + 1);
    std::vector<std::string> path = pieces(name);
    const std::string leaf = path.back();
    path.pop_back();
    toml::table* table = &table_;
    for (const std::string& piece : path) {
      if (!(*table)[piece].is_table()) table->insert_or_assign(piece, toml::table{});
      table = (*table)[piece].as_table();
    }
    overridden_[name] = value;
    // What is no TOML value is text: --set start.temperature="300 K", --set minimize.method=auto.
    try {
      table->insert_or_assign(leaf, std::move(*toml::parse("value = " + value)["value"].node()));
    } catch (const toml::parse_error&) {
      table->insert_or_assign(leaf, value);
    }
  }

  void refuse_unknown(const toml::table& table, const std::string& name) {
    const Section* section = nullptr;
    std::vector<std::string> tables, keys;
    for (const Section& candidate : schema_.sections_) {
      if (candidate.name_ == name) section = &candidate;
    }
    if (section) {
      for (const Key& key : section->keys_) keys.push_back(key.name_);
    }
    const std::string prefix = name.empty() ? "" : name + ".";
    for (const Section& candidate : schema_.sections_) {
      if (candidate.name_.starts_with(prefix) && candidate.name_.size() > prefix.size()) {
        tables.push_back(pieces(candidate.name_.substr(prefix.size())).front());
      }
    }
    for (const auto& [key, node] : table) {
      const std::string own{key.str()};
      if (std::ranges::find(keys, own) != keys.end()) continue;
      const std::string full = joined(name, own);
      if (std::ranges::find(tables, own) == tables.end()) {
        std::vector<std::string> names = keys;
        names.insert(names.end(), tables.begin(), tables.end());
        complain_unknown(full, key.source(), node.is_table(), names);
      } else if (const toml::table* inner = node.as_table()) {
        refuse_unknown(*inner, full);
      } else {
        wrong(full, node, fmt::format("a table is needed: [{}]", full));
      }
    }
  }

  void complain_unknown(const std::string& full, const toml::source_region& place, bool is_table,
                        const std::vector<std::string>& names) {
    const std::string own = pieces(full).back();
    std::string hint = suggestion(own, names);
    // The right key under the wrong heading.
    for (const Section& section : schema_.sections_) {
      for (const Key& key : section.keys_) {
        if (hint.empty() && !nearest_name(own, {key.name_}).empty()) {
          hint = fmt::format("; did you mean '{}'?", joined(section.name_, key.name_));
        }
      }
    }
    if (hint.empty()) {
      for (const std::string& name : names) hint += (hint.empty() ? "; known here: " : ", ") + name;
    }
    std::string place_of_override = full;
    for (const auto& [name, value] : overridden_) {
      if (name.starts_with(full + ".")) place_of_override = name;
    }
    complain(place_of_override, place, fmt::format("{} {} is unknown{}", is_table ? "table" : "key", full, hint));
  }

  const toml::node* find(const std::string& dotted) const {
    const toml::node* node = &table_;
    for (const std::string& piece : pieces(dotted)) {
      const toml::table* table = node->as_table();
      node = table ? table->get(piece) : nullptr;
      if (!node) return nullptr;
    }
    return node;
  }

  void read(const Section& section, Key& key) {
    const std::string name = joined(section.name_, key.name_);
    const toml::node* node = find(name);
    if (!node) {
      if (key.required_) {
        const toml::node* parent = find(section.name_);
        complain(name, parent && !section.name_.empty() ? parent->source() : toml::source_region{},
                 fmt::format("{} is missing: write {} = {} ({})", name, key.name_, key.example_, key.help_));
      } else if (key.is_path_) {
        resolve_default(key);
      }
      return;
    }
    const std::size_t before = problems_.size();
    std::visit([&](auto& target) { assign(key, name, *node, target); }, key.target_);
    if (problems_.size() > before) return;
    if (key.required_ && node->is_string() && node->as_string()->get().empty())
      wrong(name, *node, "it must not be empty");
    if (key.check_) {
      if (const std::string problem = key.check_(); !problem.empty()) wrong(name, *node, problem);
    }
  }

  void resolve_default(Key& key) {
    if (auto* text = std::get_if<std::string*>(&key.target_)) **text = resolved(key, **text);
    if (auto* list = std::get_if<std::vector<std::string>*>(&key.target_)) {
      for (std::string& text : **list) text = resolved(key, text);
    }
  }

  std::string resolved(Key& key, const std::string& path) const {
    if (path.empty()) return path;
    if (fs::path{path}.is_absolute()) {
      key.given_absolute_ = true;
      return path;
    }
    const std::string result = (fs::path{folder_} / path).lexically_normal().string();
    return result.empty() ? "." : result;
  }

  void check_bounds(const Key& key, const std::string& name, const toml::node& node, double value) {
    const double number = key.unit_ ? value / key.unit_->factor : value;
    const auto bound = [&](const std::optional<double>& limit, const char* words, bool fulfilled) {
      if (!limit || fulfilled) return;
      wrong(name, node,
            fmt::format("it must be {} {}{}{}", words, *limit, key.unit_ ? " " : "", key.unit_ ? key.unit_->name : ""));
    };
    bound(key.at_least_, "at least", number >= key.at_least_.value_or(0));
    bound(key.above_, "above", number > key.above_.value_or(0));
    bound(key.at_most_, "at most", number <= key.at_most_.value_or(0));
  }

  std::optional<double> number(const Key& key, const std::string& name, const toml::node& node) {
    std::optional<double> value;
    if (!key.unit_) {
      if (!node.is_number()) {
        wrong(name, node, fmt::format("a number is needed, this is {}", kind_of(node)));
        return {};
      }
      value = node.value<double>();
      if (!std::isfinite(*value)) {
        wrong(name, node, "the number must be finite");
        return {};
      }
    } else if (node.is_number()) {
      const std::string digits = text_of(node);
      wrong(name, node, fmt::format("the unit is missing; write \"{} {}\"", digits, key.unit_->name));
      return {};
    } else if (const auto* text = node.as_string()) {
      try {
        value = parse_quantity(text->get(), *key.unit_);
      } catch (const InputError& error) {
        wrong(name, node, error.what());
        return {};
      }
    } else {
      wrong(name, node,
            fmt::format("{} with its unit is needed, such as \"1 {}\"; this is {}", name_of(key.unit_->dimension),
                        key.unit_->name, kind_of(node)));
      return {};
    }
    check_bounds(key, name, node, *value);
    return value;
  }

  template <class Integer>
  std::optional<Integer> integer(const Key& key, const std::string& name, const toml::node& node) {
    if (!node.is_integer()) {
      wrong(name, node, fmt::format("an integer is needed, this is {}", kind_of(node)));
      return {};
    }
    const std::int64_t value = node.as_integer()->get();
    if (value < std::numeric_limits<Integer>::min() || value > std::numeric_limits<Integer>::max()) {
      wrong(name, node, "the integer is too large");
      return {};
    }
    check_bounds(key, name, node, static_cast<double>(value));
    return static_cast<Integer>(value);
  }

  std::optional<std::string> string(Key& key, const std::string& name, const toml::node& node) {
    std::string value;
    if (const auto* text = node.as_string()) {
      value = text->get();
    } else if (overridden_.contains(name) && node.is_value()) {
      value = overridden_[name];  // --set symmetry.space_group=221
    } else {
      wrong(name, node, fmt::format("text in quotes is needed, this is {}", kind_of(node)));
      return {};
    }
    if (!key.choices_.empty() && std::ranges::find(key.choices_, value) == key.choices_.end()) {
      std::string names;
      for (const std::string& choice : key.choices_) names += (names.empty() ? "" : ", ") + choice;
      wrong(name, node, fmt::format("it must be one of {}{}", names, suggestion(value, key.choices_)));
      return {};
    }
    return key.is_path_ ? resolved(key, value) : value;
  }

  /// A single value counts as a list of one; the text "" as an empty list.
  template <class T, class ReadOne>
  void assign_list(const toml::node& node, std::vector<T>& list, const ReadOne& read_one) {
    std::vector<T> values;
    const auto add = [&](const toml::node& item) {
      if (auto value = read_one(item)) values.push_back(std::move(*value));
    };
    if (const toml::array* array = node.as_array()) {
      for (const toml::node& item : *array) add(item);
    } else if (!(node.is_string() && node.as_string()->get().empty())) {
      add(node);
    }
    list = std::move(values);
  }

  void assign_range(const Key& key, const std::string& name, const toml::table& table, std::vector<double>& list) {
    std::map<std::string, double> ends;
    for (const auto& [entry, node] : table) {
      const std::string own{entry.str()};
      if (own != "from" && own != "to" && own != "step") {
        complain(name, entry.source(), fmt::format("{}: a range has from, to and step, not '{}'", name, own));
      } else if (const auto value = number(key, name, node)) {
        ends[own] = *value;
      } else {
        return;
      }
    }
    if (ends.size() != 3) return wrong(name, table, "a range needs from, to and step");
    const double count = (ends["to"] - ends["from"]) / ends["step"];
    if (!(count >= 0) || count > 1e6) return wrong(name, table, "step does not lead from 'from' to 'to'");
    list.clear();
    for (int i = 0; i <= static_cast<int>(count + 1e-9); ++i) list.push_back(ends["from"] + i * ends["step"]);
  }

  void assign(Key&, const std::string& name, const toml::node& node, bool* target) {
    if (!node.is_boolean()) return wrong(name, node, fmt::format("true or false is needed, this is {}", kind_of(node)));
    *target = node.as_boolean()->get();
  }
  void assign(Key& key, const std::string& name, const toml::node& node, int* target) {
    if (const auto value = integer<int>(key, name, node)) *target = *value;
  }
  void assign(Key& key, const std::string& name, const toml::node& node, std::int64_t* target) {
    if (const auto value = integer<std::int64_t>(key, name, node)) *target = *value;
  }
  void assign(Key& key, const std::string& name, const toml::node& node, double* target) {
    if (const auto value = number(key, name, node)) *target = *value;
  }
  void assign(Key& key, const std::string& name, const toml::node& node, std::optional<double>* target) {
    if (node.is_string() && node.as_string()->get().empty()) return target->reset();
    if (const auto value = number(key, name, node)) *target = *value;
  }
  void assign(Key& key, const std::string& name, const toml::node& node, std::string* target) {
    if (const auto value = string(key, name, node)) *target = *value;
  }
  void assign(Key& key, const std::string& name, const toml::node& node, std::vector<int>* target) {
    assign_list(node, *target, [&](const toml::node& item) { return integer<int>(key, name, item); });
  }
  void assign(Key& key, const std::string& name, const toml::node& node, std::vector<double>* target) {
    if (const toml::table* range = node.as_table()) return assign_range(key, name, *range, *target);
    assign_list(node, *target, [&](const toml::node& item) { return number(key, name, item); });
  }
  void assign(Key& key, const std::string& name, const toml::node& node, std::vector<std::string>* target) {
    assign_list(node, *target, [&](const toml::node& item) { return string(key, name, item); });
  }
  void assign(Key& key, const std::string& name, const toml::node& node, std::map<std::string, double>* target) {
    const toml::table* table = node.as_table();
    if (!table) return wrong(name, node, fmt::format("a table is needed, such as {{ H = \"1 {}\" }}", key.unit_->name));
    target->clear();
    for (const auto& [entry, item] : *table) {
      const std::string own{entry.str()};
      if (const auto value = number(key, joined(name, own), item)) (*target)[own] = *value;
    }
  }
  void assign(Key& key, const std::string& name, const toml::node& node, const Choice& choice) {
    const auto value = string(key, name, node);
    if (value) choice.set(static_cast<std::size_t>(std::ranges::find(key.choices_, *value) - key.choices_.begin()));
  }

  static constexpr unsigned last = std::numeric_limits<unsigned>::max();

  Schema& schema_;
  std::string source_, folder_;
  toml::table table_;
  bool passes_over_unknown_;
  std::map<std::string, std::string> overridden_;
  std::vector<Problem> problems_;
};

void Schema::read(const std::string& file, const std::vector<std::string>& overrides) {
  const bool is_stdin = file == "-";
  read_text(content_of(file), is_stdin ? "standard input" : file, is_stdin ? "" : fs::path{file}.parent_path().string(),
            overrides);
}

void Schema::read_text(const std::string& text, const std::string& source, const std::string& folder,
                       const std::vector<std::string>& overrides) {
  RunFileReader{*this, text, source, folder, overrides}.read();
}

void Schema::read_stored(const std::string& file) {
  RunFileReader{*this, content_of(file), file, fs::path{file}.parent_path().string(), {}, true}.read();
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
      const std::string name = joined(section.name_, key.name_);
      if (key.free_on_resume_ || value(before, name) == value(now, name)) continue;
      result.push_back({name, value(before, name), value(now, name)});
    }
  }
  return result;
}

}  // namespace zeropoint
