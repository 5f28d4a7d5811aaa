#pragma once

#include <ATen/core/Tensor.h>

#include "files/ensemble.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::test {

/// Toy model of SnTe: harmonic force constants and cubic, quartic bonds between neighbours along the cube axes,
///   V = u Phi u/2 + (p3/2 sqrt2) sum_i sum_a [d_a(+a)^3 - d_a(-a)^3] - (p4/4) sum_nb d_par^4 - (p4x/4) sum_nb d_par^2
///   d_perp^2,
/// d = u_nb - u_i over the six neighbours of the atoms i of one sublattice, p3 = 0.036475, p4 = -0.022, p4x = -0.014 in
/// Hartree atomic units. Energies and forces exact, no stress. (R. Bianco et al., PRB 96, 014111 (2017), rock-salt
/// crystals.)
class ToyTinTelluride {
 public:
  /// `harmonic`: rock-salt matrices with two atoms in the primitive cell; u is from the sites of their crystal.
  ToyTinTelluride(phonons::DynamicalMatrices harmonic, const UnitSet& units);

  Configurations operator()(const Crystal& crystal, const at::Tensor& displacements) const;

 private:
  struct Neighbour {
    int from, to, axis;
    double sign;
  };
  Vectors sites_;
  Eigen::MatrixXd force_constants_;  // [M, M] of the supercell, eV/angstrom^2
  std::vector<Neighbour> neighbours_;
  double cubic_, quartic_, mixed_;  // eV/angstrom^3 and eV/angstrom^4
};

}  // namespace zeropoint::test
