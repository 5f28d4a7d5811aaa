#pragma once

#include <toml++/toml.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace zeropoint {

/// "section.key"; the key alone when it stands above all tables.
std::string dotted_name(const std::string& section, const std::string& key);
/// The words between the dots.
std::vector<std::string> pieces(const std::string& dotted);
/// A value as TOML text on one line.
std::string text_of(const toml::node& node);
/// "a table", "a list", "text", ...: for messages.
std::string kind_of(const toml::node& node);

/// A run file as a tree of TOML values, with the values typed on the command line put in, and all that is found wrong
/// in it, with places.
class RunFileTable {
 public:
  /// `overrides`: "section.key=value", each as if written in the text that came from `source`.
  /// @throws ConfigError when the text is no TOML.
  RunFileTable(const std::string& text, std::string source, const std::vector<std::string>& overrides);

  const toml::table& root() const { return root_; }
  /// Null when nothing of that name is given.
  const toml::node* find(const std::string& dotted) const;
  /// The value of a name that came from the command line, as it was typed.
  std::optional<std::string> typed(const std::string& dotted) const;
  /// A typed name inside the table `dotted`; `dotted` itself when there is none.
  std::string typed_inside(const std::string& dotted) const;

  /// Notes a problem at `place`, or at the override that `name` came from.
  void complain(const std::string& name, const toml::source_region& place, const std::string& what);
  /// The same for a value: "name = value: what".
  void wrong(const std::string& name, const toml::node& node, const std::string& what);
  /// Something was noted about this name.
  bool is_wrong(const std::string& name) const { return wrong_.contains(name); }
  /// @throws ConfigError with all that was noted, one line each in the order of the text.
  void throw_problems() const;

 private:
  struct Problem {
    unsigned line, column;
    std::string text;
  };
  void override_with(const std::string& item);

  std::string source_;
  toml::table root_;
  std::map<std::string, std::string> overridden_;
  std::set<std::string> wrong_;
  std::vector<Problem> problems_;
};

}  // namespace zeropoint
