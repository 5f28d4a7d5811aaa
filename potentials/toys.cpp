#include "potentials/toys.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"

namespace zeropoint::potentials {
namespace {

at::Tensor supercell_force_constants(const phonons::DynamicalMatrices& matrices) {
  const Supercell supercell = matrices.supercell();
  const std::vector<Eigen::MatrixXd> constants = phonons::to_real_space(matrices);
  const Eigen::Index n = matrices.n_modes(), m = n * supercell.n_cells();
  at::Tensor result = at::empty({m, m}, at::kDouble);
  Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> all(
      result.mutable_data_ptr<double>(), m, m);
  for (int row = 0; row < supercell.n_cells(); ++row) {
    for (int column = 0; column < supercell.n_cells(); ++column) {
      const int apart = supercell.cell_index(supercell.lattice_vector(row) - supercell.lattice_vector(column));
      all.block(row * n, column * n, n, n) = constants[apart];
    }
  }
  return result;
}

at::Tensor tensor_of(const Vectors& vectors) {
  at::Tensor result = at::empty({vectors.rows(), 3}, at::kDouble);
  Eigen::Map<Vectors>(result.mutable_data_ptr<double>(), vectors.rows(), 3) = vectors;
  return result;
}

/// Displacements from `sites` [n of the unit cell, 3] instead of those of the reference.
at::Tensor from_sites(const Supercell& reference, const Vectors& sites, const at::Tensor& displacements) {
  const Vectors moved = (reference.unit_cell().positions - sites).replicate(reference.n_cells(), 1);
  return displacements + tensor_of(moved).to(displacements.device());
}

void require(const Supercell& reference, Eigen::Index n_atoms, const Eigen::Vector3i& divisions,
             const at::Tensor& displacements) {
  if (reference.unit_cell().n_atoms() != n_atoms || reference.divisions() != divisions) {
    throw InputError{
        "the model potential is one of {} atoms in a {}x{}x{} supercell, asked for {} atoms in {}x{}x{}: give "
        "potential.dyn of "
        "the crystal and grid of the run",
        n_atoms,
        divisions[0],
        divisions[1],
        divisions[2],
        reference.unit_cell().n_atoms(),
        reference.divisions()[0],
        reference.divisions()[1],
        reference.divisions()[2]};
  }
  check_displacements(displacements, reference);
}

/// E = u Phi u/2 and f = -Phi u of displacements [n, n_atoms, 3].
Evaluation harmonic(const at::Tensor& force_constants, const at::Tensor& u) {
  const at::Tensor flat = u.reshape({u.size(0), -1}), forces = at::mm(flat, force_constants.to(u.device())).neg();
  return {(flat * forces).sum(1).mul(-0.5), forces.view(u.sizes()), {}, {}};
}

}  // namespace

HarmonicPotential::HarmonicPotential(const phonons::DynamicalMatrices& matrices)
    : sites_(matrices.crystal.fractional()),
      divisions_(matrices.grid.divisions()),
      force_constants_(supercell_force_constants(matrices)) {}

Evaluation HarmonicPotential::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  require(reference, sites_.rows(), divisions_, displacements);
  const at::Tensor u = from_sites(reference, sites_ * reference.unit_cell().cell, displacements);
  Evaluation result = harmonic(force_constants_, u);
  const at::Tensor virial = at::bmm(result.forces.transpose(1, 2), u);
  result.stresses = (virial + virial.transpose(1, 2)).mul(-0.5 / reference.volume());
  return result;
}

ToyTinTelluride::ToyTinTelluride(const phonons::DynamicalMatrices& harmonic, const UnitSet& units)
    : sites_(harmonic.crystal.positions),
      divisions_(harmonic.grid.divisions()),
      force_constants_(supercell_force_constants(harmonic)) {
  const double hartree = 2 * units.rydberg, bohr3 = units.bohr * units.bohr * units.bohr;
  cubic_ = 0.036475 / (2 * std::sqrt(2.0)) * hartree / bohr3;
  quartic_ = 0.022 / 4 * hartree / (bohr3 * units.bohr);
  mixed_ = 0.014 / 4 * hartree / (bohr3 * units.bohr);

  if (sites_.rows() != 2)
    throw InputError{"the toy model is one of rock salt: 2 atoms in the cell are needed, not {}", sites_.rows()};
  const Supercell supercell = harmonic.supercell();
  const double apart = std::cbrt(4 * harmonic.crystal.volume()) / 2;  // half the edge of the cube
  std::vector<std::int64_t> from;
  for (int r = 0; r < supercell.n_cells(); ++r) from.push_back(supercell.atom_index(r, 0));
  from_ = at::tensor(from);
  for (int axis = 0; axis < 3; ++axis) {
    for (const bool minus : {false, true}) {
      // Site 0 of cell R to site 1 of cell R + L, L the lattice vector that leads along the axis.
      const Eigen::RowVector3d path =
          (minus ? -apart : apart) * Eigen::RowVector3d::Unit(axis) - (sites_.row(1) - sites_.row(0));
      const Eigen::RowVector3d lattice = path * harmonic.crystal.cell.inverse();
      if ((lattice - lattice.array().round().matrix()).norm() > 1e-3) {
        throw InputError{
            "the toy model is one of rock salt with its cube along x, y, z: the atoms have no neighbour along an axis"};
      }
      const Eigen::Vector3i shift = lattice.array().round().matrix().cast<int>().transpose();
      std::vector<std::int64_t> to;
      for (int r = 0; r < supercell.n_cells(); ++r) {
        to.push_back(supercell.atom_index(supercell.cell_index(supercell.lattice_vector(r) + shift), 1));
      }
      to_[axis][minus] = at::tensor(to);
    }
  }
}

Evaluation ToyTinTelluride::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  require(reference, 2, divisions_, displacements);
  const at::Tensor u = from_sites(reference, sites_, displacements);
  Evaluation result = harmonic(force_constants_, u);
  const at::Device device = u.device();
  const at::Tensor from = from_.to(device), here = u.index_select(1, from);
  for (int axis = 0; axis < 3; ++axis) {
    for (const bool minus : {false, true}) {
      const at::Tensor to = to_[axis][minus].to(device);
      const double cubic = minus ? -cubic_ : cubic_;
      const at::Tensor d = u.index_select(1, to) - here;  // [n, n_cells, 3]
      const at::Tensor along = d.select(2, axis), square = along.square(), across = d.square().sum(2) - square;
      result.energies += (cubic * along * square + quartic_ * square.square() + mixed_ * square * across).sum(1);
      at::Tensor slope = d * (2 * mixed_ * square).unsqueeze(2);
      slope.select(2, axis).copy_(along * (3 * cubic * along + 4 * quartic_ * square + 2 * mixed_ * across));
      result.forces.index_add_(1, to, slope, -1);
      result.forces.index_add_(1, from, slope);
    }
  }
  return result;
}

Evaluation OscillatorPotential::evaluate(const Supercell& reference, const at::Tensor& displacements) const {
  require(reference, 2, Eigen::Vector3i::Ones(), displacements);
  const auto row = [&](const Eigen::RowVector3d& values) { return tensor_of(values).to(displacements.device()); };
  const Vectors& positions = reference.unit_cell().positions;
  const at::Tensor r =
      displacements.select(1, 1) - displacements.select(1, 0) + row(positions.row(1) - positions.row(0) - rest);
  const at::Tensor square = r.square(), k_row = row(k.matrix().transpose()), c_row = row(c.matrix().transpose()),
                   g_row = row(g.matrix().transpose());
  const at::Tensor slope = k_row * r + 3 * c_row * square + 4 * g_row * square * r;
  return {(0.5 * k_row * square + c_row * square * r + g_row * square.square()).sum(1),
          at::stack({slope, -slope}, 1),
          {},
          {}};
}

}  // namespace zeropoint::potentials
