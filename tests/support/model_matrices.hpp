#pragma once

#include <Eigen/Core>
#include <string>

#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::test {

/// Dynamical matrices of a crystal with random short-range force constants: Hermitian, D(-q) = D(q)^*, stable, and no
/// symmetry beyond that, so that a transposed index or a wrong phase changes them.
phonons::DynamicalMatrices model_matrices(const Crystal& crystal, const Eigen::Vector3i& divisions, unsigned seed);

/// Neutral effective charges of three atoms and a dielectric tensor, without any symmetry: transposed ones would show.
phonons::Polar polar_without_symmetry();

/// NaCl-like, two atoms in the primitive fcc cell.
Crystal cubic_crystal();
/// Two atoms of a hexagonal close packing.
Crystal hexagonal_crystal();
/// Three atoms in a general cell, two of them isotopes of one element.
Crystal triclinic_crystal();

}  // namespace zeropoint::test
