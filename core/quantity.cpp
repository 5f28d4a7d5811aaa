#include "core/quantity.hpp"

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <span>
#include <vector>

#include "core/error.hpp"
#include "core/nearest_name.hpp"
#include "core/units.hpp"

namespace zeropoint {
namespace {

// Built at the first use: constants of other files are not ready before main.
std::span<const Unit> all_units() {
  static const auto list = [] {
    const UnitSet& set = units::codata2022;
    const double inverse_cm = set.rydberg / set.inverse_cm_rydberg;
    const double gpa = 1 / units::gpa_per_ev_angstrom3;
    using enum Dimension;
    return std::to_array<Unit>({
        {"eV", energy, 1},
        {"meV", energy, 1e-3},
        {"Ry", energy, set.rydberg},
        {"mRy", energy, 1e-3 * set.rydberg},
        {"Ha", energy, 2 * set.rydberg},
        {"cm-1", energy, inverse_cm},
        {"cm^-1", energy, inverse_cm},
        {"THz", energy, inverse_cm / units::thz_per_inverse_cm},
        {"angstrom", length, 1},
        {"A", length, 1},
        {"Å", length, 1},
        {"bohr", length, set.bohr},
        {"nm", length, 10},
        {"amu", mass, 1},
        {"u", mass, 1},
        {"GPa", pressure, gpa},
        {"kbar", pressure, 0.1 * gpa},
        {"bar", pressure, 1e-4 * gpa},
        {"MPa", pressure, 1e-3 * gpa},
        {"eV/angstrom^3", pressure, 1},
        {"eV/A^3", pressure, 1},
        {"Ry/bohr^3", pressure, set.rydberg_per_bohr3()},
        {"K", temperature, 1},
        {"s", time, 1},
        {"min", time, 60},
        {"h", time, 3600},
        {"days", time, 86400},
        {"eV/angstrom", force, 1},
        {"eV/A", force, 1},
        {"Ry/bohr", force, set.rydberg_per_bohr()},
    });
  }();
  return list;
}

std::string units_of(Dimension dimension) {
  std::string names;
  for (const Unit& unit : all_units()) {
    if (unit.dimension == dimension) names += (names.empty() ? "" : ", ") + std::string{unit.name};
  }
  return names;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string without_exponent_zeros(std::string text) {
  const auto e = text.find('e');
  if (e == std::string::npos) return text;
  std::string exponent = text.substr(e + 1);
  const std::string sign = exponent[0] == '-' ? "-" : "";
  exponent.erase(0, exponent.find_first_of("123456789"));
  return text.substr(0, e + 1) + sign + exponent;
}

}  // namespace

std::string_view name_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::energy:
      return "an energy";
    case Dimension::length:
      return "a length";
    case Dimension::mass:
      return "a mass";
    case Dimension::pressure:
      return "a pressure";
    case Dimension::temperature:
      return "a temperature";
    case Dimension::force:
      return "a force";
    case Dimension::time:
      return "a time";
  }
  throw InternalError{"dimension {} has no name", static_cast<int>(dimension)};
}

const Unit& find_unit(std::string_view name) {
  std::vector<std::string> names;
  for (const Unit& unit : all_units()) {
    if (unit.name == name) return unit;
    names.emplace_back(unit.name);
  }
  throw InputError{"the unit '{}' is unknown{}", name, suggestion(name, names)};
}

double parse_quantity(std::string_view text, const Unit& usual) {
  const std::string content{trimmed(text)};
  char* end = nullptr;
  errno = 0;
  const double number = std::strtod(content.c_str(), &end);
  if (end == content.c_str()) {
    throw InputError{"no number is there; write {} with its unit, such as \"1 {}\"", name_of(usual.dimension),
                     usual.name};
  }
  if (!std::isfinite(number) || errno == ERANGE) throw InputError{"the number is not finite"};
  const std::string_view written = trimmed(std::string_view{end});
  if (written.empty()) throw InputError{"the unit is missing; write \"{} {}\"", content, usual.name};

  const Unit* unit = nullptr;
  try {
    unit = &find_unit(written);
  } catch (const InputError& error) {
    throw InputError{"{}; {} is needed here, in {}", error.what(), name_of(usual.dimension), units_of(usual.dimension)};
  }
  if (unit->dimension != usual.dimension) {
    throw InputError{"{} is {}, but {} is needed here, in {}", unit->name, name_of(unit->dimension),
                     name_of(usual.dimension), units_of(usual.dimension)};
  }
  return number * unit->factor;
}

std::string format_quantity(double value, const Unit& unit) {
  const double number = value / unit.factor;
  for (int digits = 6; digits < 17; ++digits) {
    const std::string text = fmt::format("{:.{}g}", number, digits);
    if (std::abs(std::strtod(text.c_str(), nullptr) - number) <= 1e-12 * std::abs(number)) {
      return without_exponent_zeros(text) + " " + std::string{unit.name};
    }
  }
  return fmt::format("{:.17g} {}", number, unit.name);
}

std::string format_number(double value) {
  const std::string text = without_exponent_zeros(fmt::format("{}", value));
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

}  // namespace zeropoint
