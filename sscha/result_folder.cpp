#include "sscha/result_folder.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <tuple>

#include "core/error.hpp"

namespace zeropoint::sscha {
namespace {

namespace fs = std::filesystem;
using State = ResultFolder::State;

constexpr const char* result_name = "result.h5";
constexpr const char* settings_name = "run.toml";
constexpr const char* finished_name = "summary.json";

/// Temperature and pressure of a folder "300K" or "300K_20GPa"; false for other names.
bool is_condition(const std::string& name, double& temperature, double& pressure) {
  const char *at = name.data(), *const end = at + name.size();
  const auto take = [&](double& value, std::string_view unit) {
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || !std::string_view(next, end).starts_with(unit)) return false;
    at = next + unit.size();
    return true;
  };
  if (!take(temperature, "K")) return false;
  pressure = 0;
  return at == end || (*at++ == '_' && take(pressure, "GPa") && at == end);
}

bool is_condition(const std::string& name) {
  double temperature = 0, pressure = 0;
  return is_condition(name, temperature, pressure);
}

/// In the order of pressures, then temperatures.
std::vector<ResultFolder::Condition> conditions_in(const fs::path& folder) {
  std::vector<std::tuple<double, double, ResultFolder::Condition>> found;
  for (const auto& entry : fs::directory_iterator{folder}) {
    const std::string name = entry.path().filename().string();
    double temperature = 0, pressure = 0;
    if (!entry.is_directory() || !is_condition(name, temperature, pressure)) continue;
    const bool finished = fs::exists(entry.path() / finished_name) && fs::exists(entry.path() / result_name);
    found.push_back({pressure, temperature, {name, finished}});
  }
  std::ranges::sort(found, [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  std::vector<ResultFolder::Condition> conditions;
  for (auto& [pressure, temperature, condition] : found) conditions.push_back(std::move(condition));
  return conditions;
}

std::string joined(const std::vector<ResultFolder::Condition>& conditions, bool finished) {
  std::string text;
  for (const ResultFolder::Condition& condition : conditions) {
    if (condition.finished == finished) text += (text.empty() ? "" : ", ") + condition.name;
  }
  return text;
}

}  // namespace

bool ResultFolder::has_result() const { return fs::exists(result()); }

std::string ResultFolder::result() const { return (fs::path{folder} / result_name).string(); }

std::string ResultFolder::conditions_text() const {
  const std::string done = joined(conditions, true), begun = joined(conditions, false);
  if (begun.empty()) return done.empty() ? "none yet" : done;
  return (done.empty() ? "" : done + ", and ") + begun + " unfinished";
}

ResultFolder find_result(const std::string& path) {
  fs::path folder = fs::path{path}.lexically_normal();
  if (!folder.has_filename() && folder.has_relative_path()) folder = folder.parent_path();  // "sscha/300K/"
  if (!fs::is_directory(folder) && (fs::exists(folder) || folder.filename() == result_name))
    folder = folder.has_parent_path() ? folder.parent_path() : ".";
  ResultFolder found{.state = State::none, .folder = folder.string(), .settings = "", .conditions = {}};
  const bool here = folder == ".";
  const fs::path above = here ? ".." : folder.parent_path();
  const bool in_ladder = is_condition((here ? fs::current_path() : folder).filename().string()) &&
                         !fs::exists(folder / settings_name) && fs::exists(above / settings_name);
  if (in_ladder) {
    found.settings = (above / settings_name).string();
  } else if (fs::exists(folder / settings_name)) {
    found.settings = (folder / settings_name).string();
  }
  if (in_ladder && !fs::is_directory(folder)) {
    found.conditions = conditions_in(above.empty() ? "." : above);
  } else if (fs::is_directory(folder)) {
    if (!in_ladder && !found.settings.empty() && !found.has_result()) found.conditions = conditions_in(folder);
    found.state = !found.conditions.empty()            ? State::ladder
                  : fs::exists(folder / finished_name) ? State::finished
                  : !found.settings.empty()            ? State::unfinished
                                                       : State::none;
  }
  return found;
}

void require_one_condition(const ResultFolder& found) {
  if (found.conditions.empty()) return;
  const bool is_ladder = found.state == State::ladder;
  const fs::path asked{found.folder}, ladder = is_ladder ? asked : asked.parent_path();
  InputError error{"{}: {}",
                   is_ladder ? fmt::format("{} has no result of its own, but one for each condition", found.folder)
                             : fmt::format("there is no {} among the conditions of its run", found.folder),
                   found.conditions_text()};
  const auto some = std::ranges::find(found.conditions, true, &ResultFolder::Condition::finished);
  if (some != found.conditions.end())
    error.advise(fmt::format("name one of them, such as {}", (ladder / some->name).string()));
  throw error;
}

}  // namespace zeropoint::sscha
