#include "core/run_file_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <sstream>
#include <utility>

#include "core/error.hpp"

namespace zeropoint {
namespace {

constexpr unsigned last = std::numeric_limits<unsigned>::max();

toml::table parsed(const std::string& text, const std::string& source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    throw located({source, error.source().begin.line, error.source().begin.column},
                  ConfigError{"this is not TOML: {}", std::string{error.description()}});
  }
}

}  // namespace

std::string dotted_name(const std::string& section, const std::string& key) {
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

RunFileTable::RunFileTable(const std::string& text, std::string source, const std::vector<std::string>& overrides)
    : source_(std::move(source)), root_(parsed(text, source_)) {
  for (const std::string& item : overrides) override_with(item);
}

const toml::node* RunFileTable::find(const std::string& dotted) const {
  const toml::node* node = &root_;
  for (const std::string& piece : pieces(dotted)) {
    const toml::table* table = node->as_table();
    node = table ? table->get(piece) : nullptr;
    if (!node) return nullptr;
  }
  return node;
}

std::optional<std::string> RunFileTable::typed(const std::string& dotted) const {
  const auto found = overridden_.find(dotted);
  return found == overridden_.end() ? std::nullopt : std::optional(found->second);
}

std::string RunFileTable::typed_inside(const std::string& dotted) const {
  std::string inside = dotted;
  for (const auto& [name, value] : overridden_) {
    if (name.starts_with(dotted + ".")) inside = name;
  }
  return inside;
}

void RunFileTable::complain(const std::string& name, const toml::source_region& place, const std::string& what) {
  wrong_.insert(name);
  if (const auto value = typed(name)) {
    problems_.push_back({last, 0, fmt::format("--set {}={}: {}", name, *value, what)});
  } else if (place.begin) {
    problems_.push_back({place.begin.line, place.begin.column,
                         fmt::format("{}:{}:{}: {}", source_, place.begin.line, place.begin.column, what)});
  } else {
    problems_.push_back({last, 1, fmt::format("{}: {}", source_, what)});
  }
}

void RunFileTable::wrong(const std::string& name, const toml::node& node, const std::string& what) {
  complain(name, node.source(), typed(name) ? what : fmt::format("{} = {}: {}", name, text_of(node), what));
}

void RunFileTable::throw_problems() const {
  if (problems_.empty()) return;
  std::vector<Problem> ordered = problems_;
  std::ranges::stable_sort(ordered, {}, [](const Problem& problem) { return std::pair{problem.line, problem.column}; });
  std::string message;
  for (const Problem& problem : ordered) message += (message.empty() ? "" : "\n") + problem.text;
  throw ConfigError{"{}", message};
}

void RunFileTable::override_with(const std::string& item) {
  const auto equal = item.find('=');
  if (equal == std::string::npos || equal == 0) {
    problems_.push_back({last, 0, fmt::format("--set {}: write section.key=value", item)});
    return;
  }
  const std::string name = item.substr(0, equal), value = item.substr(equal + 1);
  std::vector<std::string> path = pieces(name);
  const std::string leaf = path.back();
  path.pop_back();
  toml::table* table = &root_;
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

}  // namespace zeropoint
