#pragma once

#include <string>
#include <string_view>

namespace zeropoint {

enum class Dimension { energy, length, mass, pressure, temperature, time, force };

/// A unit in which people write values of one dimension.
struct Unit {
  std::string_view name;  ///< as written: "meV"
  Dimension dimension;
  double factor;  ///< eV, angstrom, amu, eV/angstrom^3, K, s or eV/angstrom in one of it
};

/// "a temperature", for messages.
std::string_view name_of(Dimension dimension);

/// The unit of that name ("A" and "Å" are angstrom, "cm^-1" is cm-1). @throws InputError: unknown, with the nearest
/// known.
const Unit& find_unit(std::string_view name);

/// Value of text such as "300 K" or "0.5 meV" in eV, angstrom, amu, eV/angstrom^3, K or s.
///
/// `usual` names the dimension and the unit that messages propose.
/// @throws InputError without a unit, with one of another dimension, or when no finite number stands before it.
double parse_quantity(std::string_view text, const Unit& usual);

/// "5 angstrom": the shortest text that parse_quantity reads back to `value`, to 1e-12 of it.
std::string format_quantity(double value, const Unit& unit);

/// Shortest decimal text of a number, as TOML wants it: "0.5", "1e-5", "1.0".
std::string format_number(double value);

}  // namespace zeropoint
