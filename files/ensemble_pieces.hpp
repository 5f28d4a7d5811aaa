#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/number_text.hpp"
#include "files/ensemble.hpp"

namespace zeropoint {

/// Consecutive configurations as plain numbers, row-major, in the units of `Configurations`.
struct EnsemblePiece {
  std::int64_t begin, size;
  const double *displacements, *energies, *forces;
  const double* stresses;  ///< nullptr when there are none
};

/// Calls body(piece, configurations) for pieces of 1024 configurations in their order: what writers go through.
/// @throws InputError when the atoms are not as many as those of the supercell.
template <class Body>
void for_pieces(const Ensemble& ensemble, const Supercell& reference, Body&& body) {
  constexpr std::int64_t piece_size = 1024;
  for (std::int64_t begin = 0; begin < ensemble.size(); begin += piece_size) {
    Configurations c = ensemble.read(begin, std::min(begin + piece_size, ensemble.size()));
    if (c.displacements.size(1) != reference.n_atoms()) {
      throw InputError{"{}: {} atoms, the supercell has {}", ensemble.description(), c.displacements.size(1),
                       reference.n_atoms()};
    }
    c.displacements = c.displacements.contiguous();
    c.energies = c.energies.contiguous();
    c.forces = c.forces.contiguous();
    if (c.stresses.defined()) c.stresses = c.stresses.contiguous();
    body(EnsemblePiece{begin, c.size(), c.displacements.const_data_ptr<double>(), c.energies.const_data_ptr<double>(),
                       c.forces.const_data_ptr<double>(),
                       c.stresses.defined() ? c.stresses.const_data_ptr<double>() : nullptr},
         c);
  }
}

/// @throws InputError for a population of which `name` is there: two sets would mix.
[[noreturn]] inline void refuse_existing_population(const std::string& path, const std::string& name, int population) {
  throw InputError{"{}: there is a population {} already ({}): give another folder or population, or remove its files",
                   path, population, name};
}

/// Rows of three numbers divided by `unit`, all digits.
inline void append_rows(std::string& text, const double* values, std::int64_t rows, double unit) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (int k = 0; k < 3; ++k) {
      append_number(text, values[3 * row + k] / unit);
      text += k < 2 ? ' ' : '\n';
    }
  }
}

}  // namespace zeropoint
