#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/crystal.hpp"

namespace zeropoint {

/// A crystal as spglib takes it. It wants lattice vectors in columns and int/double arrays.
struct SpglibCell {
  double lattice[3][3];
  std::vector<double> positions;
  std::vector<int> types;

  explicit SpglibCell(const Crystal& crystal) {
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) lattice[j][i] = crystal.cell(i, j);
    }
    const Vectors fractional = crystal.fractional();
    positions.assign(fractional.data(), fractional.data() + fractional.size());
    std::map<std::pair<std::string, double>, int> kinds;  // isotopes on one species make different sites
    for (int s = 0; s < crystal.n_atoms(); ++s) {
      const auto kind = std::make_pair(crystal.species[s], crystal.masses[s]);
      types.push_back(kinds.emplace(kind, static_cast<int>(kinds.size()) + 1).first->second);
    }
  }
  double (*position_rows())[3] { return reinterpret_cast<double (*)[3]>(positions.data()); }
};

}  // namespace zeropoint
