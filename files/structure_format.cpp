#include "files/structure_format.hpp"

#include <fmt/format.h>

namespace zeropoint {

Crystal with_standard_masses(const Eigen::Matrix3d& cell, const Vectors& positions, std::vector<std::string> species) {
  Crystal crystal{cell, positions, std::move(species), {}};
  crystal.masses.resize(crystal.n_atoms());
  for (int s = 0; s < crystal.n_atoms(); ++s) crystal.masses[s] = standard_mass(crystal.species[s]);
  return crystal;
}

std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
    if (c == '"') c = '\'';
  }
  return text;
}

/// -0.000000000000 reads badly.
std::string twelve_decimals(double value) {
  const std::string text = fmt::format("{:.12f}", value);
  return text.find_first_not_of("-0.") == std::string::npos ? fmt::format("{:.12f}", 0.0) : text;
}

}  // namespace zeropoint
