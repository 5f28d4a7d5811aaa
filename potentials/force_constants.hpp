#pragma once

#include <string>

#include "core/potential.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "potentials/kind.hpp"

namespace zeropoint::potentials {

/// Force constants of the whole supercell, [M, M] eV/angstrom^2, M = 3 n_atoms.
at::Tensor supercell_force_constants(const phonons::DynamicalMatrices& matrices);

/// [n, 3] in float64 on the CPU.
at::Tensor tensor_of(const Vectors& vectors);

/// Displacements [n_config, n_atoms, 3] of `reference` as seen from `sites` [n of the unit cell, 3] (angstrom) instead
/// of its own.
at::Tensor from_sites(const Supercell& reference, const Vectors& sites, const at::Tensor& displacements);

/// E = u Phi u/2 (eV) and f = -Phi u (eV/angstrom) of displacements [n_config, n_atoms, 3]; no stress.
Evaluation harmonic(const at::Tensor& force_constants, const at::Tensor& u);

/// @throws InputError unless `reference` has n_atoms in its unit cell and these divisions, and as
/// check_displacements().
void require_supercell(const Supercell& reference, Eigen::Index n_atoms, const Eigen::Vector3i& divisions,
                       const at::Tensor& displacements);

/// What potential.dyn names. @throws ConfigError when it names nothing; InputError, IoError as the reader.
phonons::DynamicalMatrices read_force_constants(const PotentialSettings& settings, const UnitSet& units);

}  // namespace zeropoint::potentials
