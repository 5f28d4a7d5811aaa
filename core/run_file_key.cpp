#include "core/run_file_key.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace zeropoint {

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

}  // namespace zeropoint
