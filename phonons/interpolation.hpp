#pragma once

#include <Eigen/Core>
#include <array>
#include <optional>
#include <vector>

#include "phonons/dipole.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// How D(0) is made to vanish on uniform translations.
enum class SumRule {
  none,
  simple,     ///< the rest of each row of D(0) is taken from the atom's own block at every q
  crystal,    ///< D(0) -> Q D(0) Q: the smallest change, nothing else on the grid moves
  rotations,  ///< of the whole crystal, too; not of polar crystals (phonons/rotations.hpp)
  all,        ///< and Huang's conditions, which hold without stress only: sheets and wires bend softly then
};

struct InterpolationOptions {
  SumRule sum_rule = SumRule::crystal;
  bool dipoles = true;          ///< treat dipole-dipole forces by Ewald sums where the matrices have Born charges
  bool neutral_charges = true;  ///< subtract the mean of the Born charges first
  DipoleOptions ewald{};
  double tie = 1e-5;  ///< angstrom: images of an atom at lengths within this are equally near
};

/// The same crystal on two grids, usually harmonic: a difference to it is smoother than what differs.
struct Support {
  DynamicalMatrices coarse, fine;  ///< the coarse grid is that of the matrices to be interpolated
};

/// Dynamical matrices at any q from those on a grid.
///
/// Force constants between atoms of the supercell are given to the nearest images, in equal parts to those at the same
/// distance: D_st(q) = sum_R w exp(-2 pi i q.R) Phi_{Rs,0t}. Dipole-dipole forces of polar crystals are taken out
/// before and added behind (DipoleInteraction). The points of the grid are reproduced to rounding, except that the sum
/// rule acts on D(0). Force constants that are zero beyond the Wigner-Seitz cell of the supercell are interpolated
/// exactly.
class Interpolation {
 public:
  /// @throws InputError for charges that fit no crystal (phonons/dipole.hpp), D(-q) that is not D(q)^*.
  explicit Interpolation(const DynamicalMatrices& matrices, const InterpolationOptions& options = {});

  /// D = interpolated support.fine + interpolated (matrices - support.coarse): where the difference is zero the result
  /// is that of the fine support, on the coarse grid it is that of `matrices`. Each set gives up its own dipole forces;
  /// those of `matrices` are put back, or those of support.fine when `matrices` have no charges. Atoms of the support
  /// that stand in another cell are moved with their force constants.
  /// @throws InputError also when the crystals or the coarse grids differ.
  Interpolation(const DynamicalMatrices& matrices, const Support& support, const InterpolationOptions& options = {});

  const Crystal& crystal() const { return crystal_; }
  const std::optional<Polar>& polar() const { return polar_; }       ///< the charges in use, or those carried along
  double alpha() const { return dipoles_ ? dipoles_->alpha() : 0; }  ///< Ewald parameter in use, 1/angstrom^2; 0: none

  /// D(q), (3n, 3n) Hermitian, eV/angstrom^2, q in crystal coordinates. At q = G of a polar crystal the field of the
  /// longitudinal modes along `direction` (Cartesian) is added; the zero vector means none.
  Eigen::MatrixXcd operator()(const Eigen::Vector3d& q,
                              const Eigen::Vector3d& direction = Eigen::Vector3d::Zero()) const;

  /// dD/dk along the Cartesian axes, k = 2 pi (q in Cartesian coordinates), 3 x (3n, 3n) Hermitian, eV/angstrom. At q =
  /// G of a polar crystal the part that has no limit is left out.
  std::array<Eigen::MatrixXcd, 3> gradient(const Eigen::Vector3d& q) const;

  /// D at all points of a grid, without a direction at Gamma; D(-q) = D(q)^* and real blocks exactly.
  DynamicalMatrices on_grid(const QGrid& grid) const;

  /// Vectors that differ from a tie by more than `tie` but less than 0.01 angstrom: symmetry that noise of the
  /// positions may have broken. 0 is good.
  int n_near_ties() const { return n_near_ties_; }

 private:
  void add(DynamicalMatrices matrices, double sign, const InterpolationOptions& options);
  void pack();

  Crystal crystal_;
  std::optional<Polar> polar_;
  std::optional<DipoleInteraction> dipoles_;
  double alat_;
  std::vector<std::pair<Eigen::Vector3i, Eigen::MatrixXd>> terms_;  // while adding: lattice vector, weighted Phi
  Eigen::Matrix<int, 3, Eigen::Dynamic> lattice_vectors_;           // [3, n_terms]
  Eigen::MatrixXd force_constants_;  // [(3n)^2, n_terms], columns of a block behind one another
  int n_near_ties_ = 0;
};

}  // namespace zeropoint::phonons
