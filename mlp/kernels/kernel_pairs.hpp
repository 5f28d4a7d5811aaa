#pragma once

#include <ATen/core/Tensor.h>

#include "core/crystal.hpp"
#include "mlp/kernels/block_kernels.hpp"

namespace zeropoint::mlp {

/// Every pair of `sites` (cell vectors in rows, Cartesian positions, numbers of species) that comes nearer than
/// `cutoff` angstrom when atom i moves by at most reach[i] (angstrom) from its site: none of them is missed. Their
/// order does not depend on the reach.
/// @throws InputError when two sites are at the same place.
KernelPairs kernel_pairs(const Eigen::Matrix3d& cell, const Eigen::Ref<const Vectors>& sites,
                         const std::vector<int>& species, int n_species, double cutoff,
                         const std::vector<double>& reach);

/// Longest displacement of each atom, [n_atoms] angstrom, over `displacements` [n_config, n_atoms, 3] (CPU, float64).
std::vector<double> longest_displacements(const at::Tensor& displacements);

}  // namespace zeropoint::mlp
