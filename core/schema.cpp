#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/run_file.hpp"

namespace zeropoint {
namespace {

constexpr std::size_t template_column = 34;

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + '"';
}

bool is_bare(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
}

template <class List, class Text>
std::string list_text(const List& list, bool usually_one, const Text& text) {
  if (usually_one && list.size() == 1) return text(list.front());
  std::string result;
  for (const auto& item : list) result += (result.empty() ? "" : ", ") + text(item);
  return usually_one && list.empty() ? "\"\"" : fmt::format("[{}]", result);
}

/// Lines of at most `width` columns.
std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines{""};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return lines;
}

std::string header_of(const std::string& section) { return section.empty() ? "" : fmt::format("[{}]", section); }

}  // namespace

Key& Key::required(std::string example) {
  required_ = true;
  example_ = std::move(example);
  return *this;
}

Key& Key::example(std::string example) {
  example_ = std::move(example);
  return *this;
}

Key& Key::at_least(double bound) {
  at_least_ = bound;
  return *this;
}

Key& Key::above(double bound) {
  above_ = bound;
  return *this;
}

Key& Key::at_most(double bound) {
  at_most_ = bound;
  return *this;
}

Key& Key::check(std::function<std::string()> problem) {
  check_ = std::move(problem);
  return *this;
}

Key& Key::free_on_resume() {
  free_on_resume_ = true;
  return *this;
}

Key& Key::usually_one() {
  usually_one_ = true;
  return *this;
}

Key& Key::paths() {
  is_path_ = true;
  return *this;
}

Key& Section::key(std::string name, Key::Target target, std::string help) {
  for (const Key& other : keys_) {
    if (other.name_ == name) throw InternalError{"the key {}.{} is declared twice", name_, name};
  }
  keys_.push_back(Key{std::move(name), std::move(target), std::move(help)});
  return keys_.back();
}

Key& Section::quantity(std::string name, Key::Target target, std::string_view unit, std::string help) {
  Key& result = key(std::move(name), std::move(target), std::move(help));
  result.unit_ = &find_unit(unit);
  return result;
}

Key& Section::choice(std::string name, Key::Target target, std::vector<std::string> names, std::string help) {
  std::string list;
  for (const std::string& choice : names) list += (list.empty() ? "" : " | ") + choice;
  Key& result = key(std::move(name), std::move(target), list + (help.empty() ? "" : ": " + help));
  result.choices_ = std::move(names);
  return result;
}

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

std::string Schema::value_text(const Key& key, const std::string& folder) const {
  const auto number = [&](double value) {
    return key.unit_ ? toml_string(format_quantity(value, *key.unit_)) : format_number(value);
  };
  const auto string = [&](const std::string& text) {
    if (!key.is_path_ || key.given_absolute_ || text.empty() || folder.empty()) return toml_string(text);
    namespace fs = std::filesystem;
    return toml_string(
        fs::absolute(text).lexically_normal().lexically_proximate(fs::absolute(folder).lexically_normal()).string());
  };
  struct Writer {
    const Key& key;
    const decltype(number)& number_text;
    const decltype(string)& string_text;

    std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
    std::string operator()(const int* value) const { return std::to_string(*value); }
    std::string operator()(const std::int64_t* value) const { return std::to_string(*value); }
    std::string operator()(const double* value) const { return number_text(*value); }
    std::string operator()(const std::string* value) const { return string_text(*value); }
    std::string operator()(const std::optional<double>* value) const { return *value ? number_text(**value) : "\"\""; }
    std::string operator()(const std::vector<int>* list) const {
      return list_text(*list, key.usually_one_, [](int i) { return std::to_string(i); });
    }
    std::string operator()(const std::vector<double>* list) const {
      return list_text(*list, key.usually_one_, number_text);
    }
    std::string operator()(const std::vector<std::string>* list) const {
      return list_text(*list, key.usually_one_, string_text);
    }
    std::string operator()(const std::map<std::string, double>* table) const {
      std::string text;
      for (const auto& [name, value] : *table) {
        text += (text.empty() ? " " : ", ") + (is_bare(name) ? name : toml_string(name)) + " = " + number_text(value);
      }
      return text.empty() ? "{}" : fmt::format("{{{} }}", text);
    }
    std::string operator()(const Choice& choice) const { return toml_string(key.choices_.at(choice.get())); }
  };
  return std::visit(Writer{key, number, string}, key.target_);
}

std::string Schema::template_text() const {
  const auto with_comment = [](std::string line, const std::string& comment) {
    if (!comment.empty()) {
      line.resize(std::max(line.size() + 1, template_column), ' ');
      line.append("# ").append(comment);
    }
    return line + "\n";
  };
  std::string text;
  for (const Section& section : sections_) {
    if (!text.empty()) text += "\n";
    if (!section.name_.empty()) text += with_comment(header_of(section.name_), section.help_);
    for (const Key& key : section.keys_) {
      const std::string value = key.example_.empty() ? value_text(key, "") : key.example_;
      text += with_comment(key.name_ + " = " + value, fmt::format("{}{}", key.example_.empty() ? "" : "* ", key.help_));
    }
  }
  return text;
}

std::string Schema::help_text(int width) const {
  std::size_t name_width = 0, value_width = 0;
  for (const Section& section : sections_) {
    for (const Key& key : section.keys_) {
      name_width = std::max(name_width, key.name_.size());
      value_width = std::max(value_width, key.example_.empty() ? value_text(key, "").size() : 1);
    }
  }
  value_width = std::min<std::size_t>(value_width, 24);
  const std::size_t indent = name_width + value_width + 6;
  std::string text;
  for (const Section& section : sections_) {
    if (!text.empty()) text += "\n";
    if (!section.name_.empty() && section.help_.empty()) text += header_of(section.name_) + "\n";
    if (!section.name_.empty() && !section.help_.empty()) {
      text += fmt::format("{:<{}} {}\n", header_of(section.name_), indent - 1, section.help_);
    }
    for (const Key& key : section.keys_) {
      const std::string value = key.example_.empty() ? value_text(key, "") : "*";
      std::string line = fmt::format("  {:<{}}  {:<{}}  ", key.name_, name_width, value, value_width);
      for (const std::string& part : wrapped(key.help_, static_cast<std::size_t>(width) - indent)) {
        text += line + part + "\n";
        line.assign(indent, ' ');
      }
    }
  }
  return text;
}

std::string Schema::settings_text(const std::string& folder) const {
  std::string text;
  for (const Section& section : sections_) {
    if (section.keys_.empty()) continue;
    if (!section.name_.empty()) text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section.name_);
    for (const Key& key : section.keys_) text += fmt::format("{} = {}\n", key.name_, value_text(key, folder));
  }
  return text;
}

}  // namespace zeropoint
