#include "potentials/force_constants.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn.hpp"

namespace zeropoint::potentials {

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

at::Tensor from_sites(const Supercell& reference, const Vectors& sites, const at::Tensor& displacements) {
  const Vectors moved = (reference.unit_cell().positions - sites).replicate(reference.n_cells(), 1);
  return displacements + tensor_of(moved).to(displacements.device());
}

Evaluation harmonic(const at::Tensor& force_constants, const at::Tensor& u) {
  const at::Tensor flat = u.reshape({u.size(0), -1}), forces = at::mm(flat, force_constants.to(u.device())).neg();
  return {(flat * forces).sum(1).mul(-0.5), forces.view(u.sizes()), {}, {}};
}

void require_supercell(const Supercell& reference, Eigen::Index n_atoms, const Eigen::Vector3i& divisions,
                       const at::Tensor& displacements) {
  const Eigen::Vector3i asked = reference.divisions();
  if (reference.unit_cell().n_atoms() != n_atoms || asked != divisions) {
    throw InputError{
        "the model potential is one of {} atoms in a {}x{}x{} supercell, asked for {} atoms in {}x{}x{}: give it force "
        "constants of the crystal and grid of the run",
        n_atoms,
        divisions[0],
        divisions[1],
        divisions[2],
        reference.unit_cell().n_atoms(),
        asked[0],
        asked[1],
        asked[2]};
  }
  check_displacements(displacements, reference);
}

phonons::DynamicalMatrices read_force_constants(const PotentialSettings& settings, const UnitSet& units) {
  if (settings.dyn.empty()) {
    throw ConfigError{
        "potential.dyn is missing: this kind of potential is made of force constants, write dyn = \"ffield_dynq\""};
  }
  return phonons::read_qe_dyn(settings.dyn, units);
}

}  // namespace zeropoint::potentials
