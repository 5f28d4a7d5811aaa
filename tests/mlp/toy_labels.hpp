#pragma once

#include <cmath>

#include "files/labelled_structure.hpp"
#include "mlp/neighbours.hpp"
#include "tests/mlp/random_structure.hpp"

namespace zeropoint::test {

/// Labels of a smooth pair potential between two species: E = sum over pairs of a_{st} exp(-r^2/2) with energies of
/// atoms.
inline LabelledStructure toy_label(const RandomStructure& structure) {
  constexpr double cutoff = 6.5;  // the rest is below 1e-8
  LabelledStructure made;
  made.cell = structure.cell;
  made.positions = structure.positions;
  made.forces.setZero(structure.positions.rows(), 3);
  Eigen::Matrix3d strain = Eigen::Matrix3d::Zero();
  const mlp::Neighbours neighbours = mlp::find_neighbours(structure.cell, structure.positions, cutoff);
  for (std::size_t i = 0; i < structure.species.size(); ++i) {
    made.species.push_back(structure.species[i] == 0 ? "Na" : "Cl");
    made.energy += structure.species[i] == 0 ? -3 : -5;
    for (std::int64_t e = neighbours.first[i]; e < neighbours.first[i + 1]; ++e) {
      const Eigen::RowVector3d r = neighbours.vectors.row(e);
      const int j = neighbours.atom[e];
      const double strength = structure.species[i] == structure.species[j] ? 3.0 : 1.2;
      const double half = 0.5 * strength * std::exp(-r.squaredNorm() / 2);  // each pair is met twice
      made.energy += half;
      const Eigen::RowVector3d gradient = -half * r;
      made.forces.row(static_cast<Eigen::Index>(i)) += gradient;
      made.forces.row(j) -= gradient;
      strain += gradient.transpose() * r;
    }
  }
  made.stress = strain / std::abs(structure.cell.determinant());
  made.source = "toy";
  return made;
}

inline std::vector<LabelledStructure> toy_set(unsigned first_seed, int count, int n_atoms = 8) {
  std::vector<LabelledStructure> set;
  for (int k = 0; k < count; ++k) {
    // Three compositions and volumes.
    set.push_back(toy_label(random_structure(first_seed + static_cast<unsigned>(k), n_atoms + k % 3, 2, 13.0 + k % 3)));
  }
  return set;
}

}  // namespace zeropoint::test
