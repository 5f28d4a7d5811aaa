#include "tests/support/model_matrices.hpp"

#include <cmath>
#include <random>

namespace zeropoint::test {

phonons::DynamicalMatrices model_matrices(const Crystal& crystal, const Eigen::Vector3i& divisions, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  const Supercell supercell(crystal, divisions);
  const int n = 3 * crystal.n_atoms();
  std::vector<Eigen::MatrixXd> half, force_constants;
  for (int cell = 0; cell < supercell.n_cells(); ++cell) {
    // eV/angstrom^2: an on-site spring of 10, neighbours a fortieth of it and decaying.
    Eigen::MatrixXd block(n, n);
    const double size = cell == 0 ? 0.5 : 0.25 / supercell.lattice_vector(cell).squaredNorm();
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) block(i, j) = size * uniform(random);
    }
    half.push_back(std::move(block));
  }
  for (int cell = 0; cell < supercell.n_cells(); ++cell) {
    const auto mirrored = static_cast<std::size_t>(supercell.cell_index(-supercell.lattice_vector(cell)));
    force_constants.emplace_back(half[cell] + half[mirrored].transpose());
  }
  force_constants[0] += 10 * Eigen::MatrixXd::Identity(n, n);
  phonons::QGrid grid(divisions);
  std::vector<Eigen::MatrixXcd> blocks = phonons::to_bloch(force_constants, grid);
  return {crystal, std::move(grid), std::move(blocks), {}, 0, "model crystal"};
}

phonons::Polar polar_without_symmetry() {
  phonons::Polar polar;
  polar.dielectric << 3.1, 0.2, -0.4, 0.2, 4.2, 0.3, -0.4, 0.3, 5.3;
  Eigen::Matrix3d first, second;
  first << -1.5, 0.3, -0.2, 0.6, -1.9, 0.1, -0.4, 0.5, -1.2;
  second << 3.2, -0.7, 0.4, 0.2, 3.6, -0.3, 0.8, 0.1, 2.9;
  polar.born_charges = {first, second, -first - second};
  return polar;
}

Crystal cubic_crystal() {
  const double h = 2.82;
  Crystal crystal;
  crystal.cell << 0, h, h, h, 0, h, h, h, 0;
  crystal.positions = Vectors::Zero(2, 3);
  crystal.positions.row(1) << h, h, h;
  crystal.species = {"Na", "Cl"};
  crystal.masses = Eigen::Vector2d(22.990, 35.45);
  return crystal;
}

Crystal hexagonal_crystal() {
  const double a = 3.2, c = 5.2;
  Crystal crystal;
  crystal.cell << a, 0, 0, -a / 2, a * std::sqrt(3.0) / 2, 0, 0, 0, c;
  crystal.positions = Vectors::Zero(2, 3);
  crystal.positions.row(1) = Eigen::RowVector3d(1.0 / 3, 2.0 / 3, 0.5) * crystal.cell;
  crystal.species = {"Mg", "Mg"};
  crystal.masses = Eigen::Vector2d(24.305, 24.305);
  return crystal;
}

Crystal triclinic_crystal() {
  Crystal crystal;
  crystal.cell << 3.1, 0.2, -0.4, 0.7, 3.6, 0.3, -0.5, 0.9, 4.3;
  crystal.positions.resize(3, 3);
  crystal.positions << 0.1, 0.2, 0.3, 1.6, 2.1, 0.4, 0.5, 1.4, 2.9;
  crystal.species = {"O", "Ti", "O"};
  crystal.masses = Eigen::Vector3d(15.995, 47.867, 17.999);
  return crystal;
}

}  // namespace zeropoint::test
