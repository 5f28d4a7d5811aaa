#pragma once

#include <vector>

#include "core/crystal.hpp"
#include "mlp/atom_batch.hpp"
#include "mlp/kernels/block_kernels.hpp"
#include "mlp/kernels/centre_groups.hpp"

namespace zeropoint::mlp {

/// What one network, or one last layer, says about a structure.
struct HeadPrediction {
  double energy = 0;       ///< eV, without reference energies
  Vectors forces;          ///< [n_atoms, 3] eV/angstrom
  Eigen::Matrix3d strain;  ///< dE/d strain, eV: sum over pairs of dE/dr (x) r, not symmetrised
};

/// Adds what one lane of a group has for a network, dE/dr [n_slots, 3, lanes], to forces and strain derivatives.
template <class Real>
void collect(const CentreGroup& group, std::size_t lane, int lanes, const std::vector<const Geometry*>& structures,
             const Real* gradients, HeadPrediction& result) {
  const Neighbours& pairs = structures[group.centres[lane].structure]->neighbours;
  Eigen::RowVector3d own = Eigen::RowVector3d::Zero();
  for_pairs(group, lane, lanes, gradients, [&](std::int64_t e, const Eigen::RowVector3d& f) {
    own += f;
    result.forces.row(pairs.atom[e]) -= f;
    result.strain += f.transpose() * pairs.vectors.row(e);
  });
  result.forces.row(group.centres[lane].atom) += own;
}

/// Energies, forces and strain derivatives of structures of any kind, [structure][head]: centres of one species side by
/// side in the lanes of `kernels`, from one structure or from several. What a structure gets does not depend on the
/// others. On the calling thread.
template <class Real>
std::vector<std::vector<HeadPrediction>> evaluate_structures(const KernelModel<Real>& model,
                                                             const BlockKernels<Real>& kernels,
                                                             const std::vector<const Geometry*>& structures);
extern template std::vector<std::vector<HeadPrediction>> evaluate_structures<float>(
    const KernelModel<float>&, const BlockKernels<float>&, const std::vector<const Geometry*>&);
extern template std::vector<std::vector<HeadPrediction>> evaluate_structures<double>(
    const KernelModel<double>&, const BlockKernels<double>&, const std::vector<const Geometry*>&);

}  // namespace zeropoint::mlp
