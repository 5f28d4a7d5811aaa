#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

struct DipoleOptions {
  double alpha = 0;    ///< Ewald parameter, 1/angstrom^2; 0: default_alpha
  double cutoff = 30;  ///< terms below exp(-cutoff) are dropped; 14: as Quantum ESPRESSO does
  /// No sum over G along axes with one division, as matdyn.x does, which means sheets and wires by it. Wrong for a bulk
  /// crystal, and the result is not periodic along those axes. For comparison only: compat.qe_skip_unit_direction.
  bool skip_unit_direction = false;
  Eigen::Vector3i divisions = Eigen::Vector3i::Constant(2);  ///< of the q grid, read only with skip_unit_direction
};

/// Ewald parameter that makes what is left in the force constants short-ranged, 1/angstrom^2: at least 1/bohr^2, and
/// alpha d^2/eps >= 2 with the shortest distance d of two atoms and the largest dielectric constant.
double default_alpha(const Crystal& crystal, const Eigen::Matrix3d& dielectric,
                     const UnitSet& units = units::codata2022);

/// Sum of the Born effective charges over the atoms, |e|: 0 for exact ones.
Eigen::Matrix3d total_charge(const Polar& polar);

/// Charges with the mean of all atoms subtracted. @throws InputError when the sum exceeds 0.5 |e| in one element.
Polar neutral(Polar polar);

/// @throws InputError for a wrong number of charges, numbers that are not finite, or a dielectric tensor with an
/// eigenvalue below 1.
void check(const Polar& polar, int n_atoms);

/// Long-range part of the dynamical matrices of an insulator: Born charges interacting in a dielectric.
///
/// Gonze and Lee, PRB 55, 10355 (1997), the reciprocal part of the Ewald sum alone. With K = 2 pi (q + G), x = K.eps.K,
/// w = exp(-x/(4 alpha))/x:
///   C_{si,tj}(q) = 4 pi e^2/V { sum_G w (K Z_s)_i (K Z_t)_j exp(iK.(tau_s - tau_t)) - delta_st [sum over t at q = 0]
///   }.
/// What is left out is short-ranged, so that subtracting C from matrices before an interpolation and adding it behind
/// changes nothing on the grid. Phases as in DynamicalMatrices.
class DipoleInteraction {
 public:
  /// `polar` is taken as it is: see neutral(). @throws as check().
  DipoleInteraction(const Crystal& crystal, Polar polar, const DipoleOptions& options = {},
                    const UnitSet& units = units::codata2022);

  /// C(q) at q in crystal coordinates, (3n, 3n) Hermitian, eV/angstrom^2. At q = G the term K = 0 is left out.
  Eigen::MatrixXcd operator()(const Eigen::Vector3d& q) const;

  /// dC/dk along the Cartesian axes, k = 2 pi (q in Cartesian coordinates), 3 x (3n, 3n) Hermitian, eV/angstrom. At q =
  /// G the term K = 0, which has no derivative there, is left out.
  std::array<Eigen::MatrixXcd, 3> gradient(const Eigen::Vector3d& q) const;

  /// What C(q -> 0) has beyond C(0) when q comes along `direction` (Cartesian, any length), (3n, 3n), eV/angstrom^2:
  ///   4 pi e^2/V (n Z_s)_i (n Z_t)_j/(n.eps.n).
  /// @throws InputError for the zero vector.
  Eigen::MatrixXd non_analytic(const Eigen::Vector3d& direction) const;

  double alpha() const { return alpha_; }  ///< 1/angstrom^2

 private:
  struct Terms {                              // of the sum over G
    std::vector<Eigen::RowVector3d> vectors;  // K
    std::vector<double> roots;                // sqrt(4 pi e^2/V w)
  };
  Terms terms(const Eigen::Vector3d& q) const;
  // One row a G: sqrt(w) (K Z_s)_i exp(-iK.tau_s), so that C is its Gram matrix.
  Eigen::MatrixXcd rows(const Terms& terms) const;

  Crystal crystal_;
  Polar polar_;
  DipoleOptions options_;
  double alpha_;
  double prefactor_;                   // 4 pi e^2/V, eV/angstrom
  Eigen::Vector3d reach_;              // largest |q_i + G_i|, crystal coordinates
  std::vector<Eigen::Matrix3d> self_;  // [n_atoms]
};

/// q - G, exactly 0 when q is a reciprocal lattice vector to 1e-6 (crystal coordinates): the rounding left over would
/// act as a direction of its own.
Eigen::Vector3d folded(const Eigen::Vector3d& q);

}  // namespace zeropoint::phonons
