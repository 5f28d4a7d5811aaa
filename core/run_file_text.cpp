#include "core/run_file_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

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

std::string RunFileText::value_text(const Key& key, const std::string& folder) const {
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

std::string RunFileText::template_text() const {
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

std::string RunFileText::help_text(int width) const {
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

std::string RunFileText::settings_text(const std::string& folder) const {
  std::string text;
  for (const Section& section : sections_) {
    if (section.keys_.empty()) continue;
    if (!section.name_.empty()) text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section.name_);
    for (const Key& key : section.keys_) text += fmt::format("{} = {}\n", key.name_, value_text(key, folder));
  }
  return text;
}

}  // namespace zeropoint
