#pragma once

#include <optional>
#include <string>
#include <vector>

namespace zeropoint::sscha {

/// A temperature, and a pressure where the volume moves.
struct Condition {
  double temperature = 0;               ///< K
  std::optional<double> pressure = {};  ///< eV/angstrom^3

  std::string name() const;  ///< of its folder: "300K" or "300K_10GPa"
  std::string text() const;  ///< for people
};

/// A ladder on which each condition begins from its neighbour: all pressures (eV/angstrom^3), at each all temperatures
/// (K), in the order given. Without pressures the cell stays.
/// @throws InputError when two have the same name.
std::vector<Condition> ladder_of(const std::vector<double>& temperatures, const std::vector<double>& pressures);

/// Which of `done` to begin `next` from: the one at the same pressure with the nearest temperature, else the nearest
/// pressure; the first of several. Nothing when there is none.
std::optional<std::size_t> nearest(const std::vector<Condition>& done, const Condition& next);

}  // namespace zeropoint::sscha
