#pragma once

#include <array>

#include "core/potential.hpp"
#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "potentials/kind.hpp"

namespace zeropoint::potentials {

/// Toy model of SnTe and other rock-salt crystals near their ferroelectric transition: harmonic force constants, and
/// cubic and quartic bonds between neighbours along the cube axes,
///   V = u Phi u/2 + (p3/2 sqrt2) sum_i sum_a [d_a(+a)^3 - d_a(-a)^3] - (p4/4) sum_nb d_par^4 - (p4x/4) sum_nb d_par^2
///   d_perp^2,
/// d = u_nb - u_i over the six neighbours of the atoms i of the first sublattice, p3 = 0.036475, p4 = -0.022, p4x =
/// -0.014 in Hartree atomic units (R. Bianco et al., PRB 96, 014111 (2017)). It has no stress.
class ToyTinTelluride : public Potential {
 public:
  /// `harmonic`: two atoms in the primitive cell; u is from the sites of their crystal.
  /// @throws InputError when that is not rock salt.
  explicit ToyTinTelluride(const phonons::DynamicalMatrices& harmonic, const UnitSet& units = units::codata2022);
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;
  std::optional<Eigen::Vector3i> bound_divisions() const override { return divisions_; }

 private:
  Vectors sites_;
  Eigen::Vector3i divisions_;
  at::Tensor force_constants_;  // [M, M]
  std::array<std::array<at::Tensor, 2>, 3>
      to_;                          // [axis][+, -] [n_cells] the neighbour of each atom of the first sublattice
  at::Tensor from_;                 // [n_cells]
  double cubic_, quartic_, mixed_;  // eV/angstrom^3 and eV/angstrom^4
};

PotentialKind tin_telluride_kind();

}  // namespace zeropoint::potentials
