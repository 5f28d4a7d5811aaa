#include "core/supercell.hpp"

#include "core/contract.hpp"
#include "core/error.hpp"

namespace zeropoint {

Supercell::Supercell(Crystal unit_cell, const Eigen::Vector3i& divisions)
    : unit_cell_(std::move(unit_cell)), divisions_(divisions) {
  if ((divisions.array() < 1).any()) {
    throw InputError{"supercell {} x {} x {}: every division must be at least 1", divisions[0], divisions[1],
                     divisions[2]};
  }
}

int Supercell::cell_index(const Eigen::Vector3i& lattice_vector) const {
  Eigen::Vector3i i;
  for (int k = 0; k < 3; ++k) i[k] = (lattice_vector[k] % divisions_[k] + divisions_[k]) % divisions_[k];
  return (i[0] * divisions_[1] + i[1]) * divisions_[2] + i[2];
}

Eigen::Vector3i Supercell::lattice_vector(int cell) const {
  expect(cell >= 0 && cell < n_cells(), "a cell of this supercell");
  return {cell / (divisions_[1] * divisions_[2]), cell / divisions_[2] % divisions_[1], cell % divisions_[2]};
}

Crystal Supercell::crystal() const {
  Crystal all;
  all.cell = divisions_.cast<double>().asDiagonal() * unit_cell_.cell;
  all.positions.resize(n_atoms(), 3);
  all.masses.resize(n_atoms());
  for (int cell = 0; cell < n_cells(); ++cell) {
    const Eigen::RowVector3d origin = lattice_vector(cell).cast<double>().transpose() * unit_cell_.cell;
    for (int site = 0; site < unit_cell_.n_atoms(); ++site) {
      const int atom = atom_index(cell, site);
      all.positions.row(atom) = unit_cell_.positions.row(site) + origin;
      all.masses[atom] = unit_cell_.masses[site];
      all.species.push_back(unit_cell_.species[site]);
    }
  }
  return all;
}

}  // namespace zeropoint
