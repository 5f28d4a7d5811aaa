#include "sscha/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "core/units.hpp"

namespace zeropoint::sscha {
namespace {

constexpr double gpa = units::gpa_per_ev_angstrom3;

}  // namespace

std::string Condition::name() const {
  return pressure ? fmt::format("{:g}K_{:g}GPa", temperature, *pressure * gpa) : fmt::format("{:g}K", temperature);
}

std::string Condition::text() const {
  return pressure ? fmt::format("{:g} K, {:g} GPa", temperature, *pressure * gpa) : fmt::format("{:g} K", temperature);
}

std::vector<Condition> ladder_of(const std::vector<double>& temperatures, const std::vector<double>& pressures) {
  std::vector<std::optional<double>> all{pressures.begin(), pressures.end()};
  if (all.empty()) all.emplace_back();
  std::vector<Condition> ladder;
  for (const auto& pressure : all) {
    for (const double temperature : temperatures) {
      const Condition next{temperature, pressure};
      if (std::ranges::count(ladder, next.name(), &Condition::name) > 0)
        throw InputError{"{} is there twice", next.text()};
      ladder.push_back(next);
    }
  }
  return ladder;
}

std::optional<std::size_t> nearest(const std::vector<Condition>& done, const Condition& next) {
  const auto distance = [&](const Condition& other) {
    return std::pair{std::abs(other.pressure.value_or(0) - next.pressure.value_or(0)),
                     std::abs(other.temperature - next.temperature)};
  };
  const auto found = std::ranges::min_element(done, {}, distance);
  if (found == done.end()) return {};
  return found - done.begin();
}

}  // namespace zeropoint::sscha
