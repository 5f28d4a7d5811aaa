#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/quantity.hpp"

namespace zeropoint {

/// A choice between named values of an enumeration, without its type.
struct Choice {
  std::function<void(std::size_t)> set;  ///< takes the index of a name
  std::function<std::size_t()> get;
};

/// One key of a run file, bound to the variable that it fills.
///
/// The variable's value at the declaration is the default. Declared once, a key appears in the template, in --help, in
/// the resolved settings and among the names that a misspelt key is compared with.
class Key {
 public:
  using Target =
      std::variant<bool*, int*, std::int64_t*, double*, std::string*, std::optional<double>*, std::vector<int>*,
                   std::vector<double>*, std::vector<std::string>*, std::map<std::string, double>*, Choice>;

  /// There is no default; `example` (TOML, such as "\"harmonic/dyn\"") stands in the template.
  Key& required(std::string example);
  /// `example` stands in the template and the key is marked like a required one; whoever reads it decides when it may
  /// be left out.
  Key& example(std::string example);
  /// Bounds of a number or of every element of a list, in the unit that the key was declared with.
  Key& at_least(double bound);
  Key& above(double bound);
  Key& at_most(double bound);
  /// Called after reading when the key is given; a text that is not empty is an error at the key's place.
  Key& check(std::function<std::string()> problem);
  /// A run may go on with another value: threads, figures.
  Key& free_on_resume();
  /// A list of one element is written without brackets: usually one value, sometimes several.
  Key& usually_one();
  /// Strings are paths: relative ones are relative to the run file.
  Key& paths();

 private:
  friend class Section;
  friend class Schema;
  friend class RunFileValues;
  friend class RunFileText;

  Key(std::string name, Target target, std::string help)
      : name_(std::move(name)), target_(target), help_(std::move(help)) {}

  std::string name_;
  Target target_;
  std::string help_;
  const Unit* unit_ = nullptr;
  std::vector<std::string> choices_;
  std::string example_;
  bool required_ = false, is_path_ = false, free_on_resume_ = false, usually_one_ = false, given_absolute_ = false;
  std::optional<double> at_least_, above_, at_most_;
  std::function<std::string()> check_;
};

/// A table of a run file, such as [minimize] or [minimize.reference]; the one without name holds the keys above all
/// tables.
class Section {
 public:
  /// A bool, int, number, string or list of these. Text "" leaves optional things out.
  Key& key(std::string name, Key::Target target, std::string help);
  /// Value(s) with a unit: double, optional<double> ("" = not given), vector<double> (a value, a list, or
  /// { from = .., to = .., step = .. }) or map<string, double> (a table); in eV, angstrom, amu, eV/angstrom^3, K, s.
  /// `unit` is the one in which defaults are shown. @throws InternalError for an unknown unit.
  Key& quantity(std::string name, Key::Target target, std::string_view unit, std::string help);
  /// One (string) or several (vector) of the names.
  Key& choice(std::string name, Key::Target target, std::vector<std::string> names, std::string help);
  /// An enumeration.
  template <class Enum>
  Key& choice(std::string name, Enum& target, const std::vector<std::pair<std::string, Enum>>& values,
              std::string help) {
    std::vector<std::string> names;
    for (const auto& value : values) names.push_back(value.first);
    const auto get = [&target, values] {
      std::size_t i = 0;
      while (i < values.size() && values[i].second != target) ++i;
      return i;
    };
    return choice(std::move(name), Choice{[&target, values](std::size_t i) { target = values[i].second; }, get},
                  std::move(names), std::move(help));
  }

 private:
  friend class Schema;
  friend class RunFileText;
  Section(std::string name, std::string help) : name_(std::move(name)), help_(std::move(help)) {}

  std::string name_, help_;
  std::deque<Key> keys_;
};

}  // namespace zeropoint
