#include "core/run_file_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "core/nearest_name.hpp"

namespace zeropoint {

namespace fs = std::filesystem;

/// Reads one key.
class RunFileValues {
 public:
  RunFileValues(RunFileTable& table, const std::string& folder) : table_(table), folder_(folder) {}

  void read(Key& key, const std::string& name) {
    const toml::node* node = table_.find(name);
    if (!node) {
      if (key.required_) {
        const std::size_t dot = name.rfind('.');
        const toml::node* parent = dot == std::string::npos ? nullptr : table_.find(name.substr(0, dot));
        table_.complain(name, parent ? parent->source() : toml::source_region{},
                        fmt::format("{} is missing: write {} = {} ({})", name, key.name_, key.example_, key.help_));
      } else if (key.is_path_) {
        resolve_default(key);
      }
      return;
    }
    std::visit([&](auto& target) { assign(key, name, *node, target); }, key.target_);
    if (is_wrong_) return;
    if (key.required_ && node->is_string() && node->as_string()->get().empty())
      wrong(name, *node, "it must not be empty");
    if (key.check_) {
      if (const std::string problem = key.check_(); !problem.empty()) wrong(name, *node, problem);
    }
  }

 private:
  void wrong(const std::string& name, const toml::node& node, const std::string& what) {
    table_.wrong(name, node, what);
    is_wrong_ = true;
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
    } else if (table_.typed(name) && node.is_value()) {
      value = *table_.typed(name);  // --set symmetry.space_group=221
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
        table_.complain(name, entry.source(), fmt::format("{}: a range has from, to and step, not '{}'", name, own));
        is_wrong_ = true;
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
      if (const auto value = number(key, dotted_name(name, own), item)) (*target)[own] = *value;
    }
  }
  void assign(Key& key, const std::string& name, const toml::node& node, const Choice& choice) {
    const auto value = string(key, name, node);
    if (value) choice.set(static_cast<std::size_t>(std::ranges::find(key.choices_, *value) - key.choices_.begin()));
  }

  RunFileTable& table_;
  const std::string& folder_;
  bool is_wrong_ = false;
};

void read_value(Key& key, const std::string& name, RunFileTable& table, const std::string& folder) {
  RunFileValues{table, folder}.read(key, name);
}

}  // namespace zeropoint
