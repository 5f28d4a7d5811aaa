#include "potentials/tin_telluride.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "potentials/force_constants.hpp"

namespace zeropoint::potentials {

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
  require_supercell(reference, 2, divisions_, displacements);
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

PotentialKind tin_telluride_kind() {
  return {"snte-toy", "a rock-salt toy model on top of them", [](Section&, PotentialSettings&) -> PotentialKind::Open {
            return [](const PotentialSettings& settings, const PotentialOpening& opening) {
              return std::make_unique<ToyTinTelluride>(read_force_constants(settings, opening.units), opening.units);
            };
          }};
}

}  // namespace zeropoint::potentials
