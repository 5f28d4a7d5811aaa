#include "tests/support/toy_tin_telluride.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <stdexcept>

#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::test {

ToyTinTelluride::ToyTinTelluride(phonons::DynamicalMatrices harmonic, const UnitSet& units) {
  const double hartree = 2 * units.rydberg, bohr3 = units.bohr * units.bohr * units.bohr;
  cubic_ = 0.036475 / (2 * std::sqrt(2.0)) * hartree / bohr3;
  quartic_ = 0.022 / 4 * hartree / (bohr3 * units.bohr);
  mixed_ = 0.014 / 4 * hartree / (bohr3 * units.bohr);

  const Supercell supercell = harmonic.supercell();
  sites_ = harmonic.crystal.positions;
  force_constants_ = dense(harmonic);
  const Eigen::Matrix3d& cell = harmonic.crystal.cell;
  const double apart = std::cbrt(4 * harmonic.crystal.volume()) / 2;  // half the edge of the cube
  for (int axis = 0; axis < 3; ++axis) {
    for (const double sign : {1.0, -1.0}) {
      // site 0 of cell R to site 1 of cell R + L, L the lattice vector that leads along the axis
      const Eigen::RowVector3d path = sign * apart * Eigen::RowVector3d::Unit(axis) - (sites_.row(1) - sites_.row(0));
      const Eigen::RowVector3d lattice = path * cell.inverse();
      if ((lattice - lattice.array().round().matrix()).norm() > 1e-3)
        throw std::invalid_argument("not a rock-salt crystal");
      const Eigen::Vector3i shift = lattice.array().round().matrix().cast<int>().transpose();
      for (int r = 0; r < supercell.n_cells(); ++r) {
        const int far = supercell.cell_index(supercell.lattice_vector(r) + shift);
        neighbours_.push_back({supercell.atom_index(r, 0), supercell.atom_index(far, 1), axis, sign});
      }
    }
  }
}

Configurations ToyTinTelluride::operator()(const Crystal& crystal, const at::Tensor& displacements) const {
  const std::int64_t n = displacements.size(0), n_atoms = displacements.size(1);
  const at::Tensor held = displacements.contiguous();
  Configurations result{held, at::empty({n}, at::kDouble), at::empty_like(held), {}};
  const Vectors moved = (crystal.positions - sites_).replicate(n_atoms / sites_.rows(), 1);
  Vectors u(n_atoms, 3), force(n_atoms, 3);
  for (std::int64_t c = 0; c < n; ++c) {
    u = Eigen::Map<const Vectors>(held.const_data_ptr<double>() + 3 * n_atoms * c, n_atoms, 3) + moved;
    const Eigen::Map<const Eigen::VectorXd> flat(u.data(), u.size());
    const Eigen::VectorXd harmonic = force_constants_ * flat;
    double energy = 0.5 * flat.dot(harmonic);
    force = -Eigen::Map<const Vectors>(harmonic.data(), n_atoms, 3);
    for (const Neighbour& at : neighbours_) {
      const Eigen::RowVector3d d = u.row(at.to) - u.row(at.from);
      const double along = d[at.axis], across = d.squaredNorm() - along * along;
      energy +=
          at.sign * cubic_ * along * along * along + quartic_ * std::pow(along, 4) + mixed_ * along * along * across;
      Eigen::RowVector3d slope = 2 * mixed_ * along * along * d;
      slope[at.axis] =
          3 * at.sign * cubic_ * along * along + 4 * quartic_ * along * along * along + 2 * mixed_ * along * across;
      force.row(at.to) -= slope;
      force.row(at.from) += slope;
    }
    result.energies.mutable_data_ptr<double>()[c] = energy;
    Eigen::Map<Vectors>(result.forces.mutable_data_ptr<double>() + 3 * n_atoms * c, n_atoms, 3) = force;
  }
  return result;
}

}  // namespace zeropoint::test
