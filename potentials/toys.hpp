#pragma once

#include <Eigen/Core>
#include <array>

#include "core/potential.hpp"
#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::potentials {

/// V = u Phi u/2, u from sites that follow the cell: static stress -(f u + u f)/2 Omega.
class HarmonicPotential : public Potential {
 public:
  explicit HarmonicPotential(const phonons::DynamicalMatrices& matrices);
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;
  std::optional<Eigen::Vector3i> bound_divisions() const override { return divisions_; }

 private:
  Eigen::MatrixX3d sites_;  // crystal coordinates of the unit cell
  Eigen::Vector3i divisions_;
  at::Tensor force_constants_;  // [M, M] of the supercell, eV/angstrom^2
};

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

/// Two atoms in one cell: V = sum over the axes of k r^2/2 + c r^3 + g r^4, r their relative coordinate less `rest`. No
/// stress.
struct OscillatorPotential : public Potential {
  Eigen::Array3d k, c, g;  ///< eV/angstrom^2, ^3, ^4
  Eigen::RowVector3d rest;

  OscillatorPotential(const Eigen::Array3d& harmonic, const Eigen::Array3d& cubic, const Eigen::Array3d& quartic,
                      const Eigen::RowVector3d& at_rest)
      : k(harmonic), c(cubic), g(quartic), rest(at_rest) {}
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override;
  std::optional<Eigen::Vector3i> bound_divisions() const override { return Eigen::Vector3i::Ones(); }
};

}  // namespace zeropoint::potentials
