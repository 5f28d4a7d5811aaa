#pragma once

#include <algorithm>
#include <random>

#include "core/crystal.hpp"
#include "mlp/atom_batch.hpp"

namespace zeropoint::test {

/// Atoms at random places of a general cell, no two of them nearer than `apart` angstrom.
struct RandomStructure {
  Eigen::Matrix3d cell;
  Vectors positions;
  std::vector<int> species;

  mlp::Geometry geometry(double cutoff) const {
    return {species, std::abs(cell.determinant()), mlp::find_neighbours(cell, positions, cutoff)};
  }
};

inline RandomStructure random_structure(unsigned seed, int n_atoms, int n_species, double volume_per_atom = 14,
                                        double apart = 1.7) {
  std::mt19937 generator{seed};
  std::uniform_real_distribution<double> uniform{0, 1};
  RandomStructure made;
  const double length = std::cbrt(volume_per_atom * n_atoms);
  made.cell << 1.05, 0.08, -0.05, 0.22, 0.93, 0.04, -0.11, 0.17, 1.02;
  made.cell *= length;
  made.positions.resize(0, 3);
  const auto near = [&](const Eigen::RowVector3d& position) {
    for (Eigen::Index i = 0; i < made.positions.rows(); ++i) {
      for (int n = 0; n < 27; ++n) {
        const Eigen::RowVector3d shift(n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1);
        if ((made.positions.row(i) - position + shift * made.cell).norm() < apart) return true;
      }
    }
    return false;
  };
  while (made.positions.rows() < n_atoms) {
    const Eigen::RowVector3d position =
        Eigen::RowVector3d(uniform(generator), uniform(generator), uniform(generator)) * made.cell;
    if (near(position)) continue;
    made.positions.conservativeResize(made.positions.rows() + 1, 3);
    made.positions.bottomRows(1) = position;
    made.species.push_back(static_cast<int>(made.species.size()) % n_species);
  }
  return made;
}

}  // namespace zeropoint::test
