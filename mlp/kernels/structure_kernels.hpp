#pragma once

#include <vector>

#include "core/crystal.hpp"
#include "mlp/atom_batch.hpp"
#include "mlp/kernels/block_kernels.hpp"

namespace zeropoint::mlp {

/// What one network, or one last layer, says about a structure.
struct HeadPrediction {
  double energy = 0;       ///< eV, without reference energies
  Vectors forces;          ///< [n_atoms, 3] eV/angstrom
  Eigen::Matrix3d strain;  ///< dE/d strain, eV: sum over pairs of dE/dr (x) r, not symmetrised
};

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
