#pragma once

#include "files/ensemble_format.hpp"

namespace zeropoint {

/// One file of extended XYZ in eV and angstrom, atoms in the order of the supercell, unwrapped.
EnsembleFormat extxyz_ensemble_format();

/// One frame without labels a configuration, numbered from first + 1, `displacements` [n, n_atoms, 3] angstrom.
std::string extxyz_configurations(const at::Tensor& displacements, std::int64_t first, const Supercell& reference);

}  // namespace zeropoint
