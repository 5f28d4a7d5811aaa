#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "core/cell_kind.hpp"
#include "core/potential.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::sscha {

using zeropoint::CellKind;

/// Finds the cell in which the stress is minus the target pressure, one strain a population.
///
/// The residual is r = sigma + P (of the components that may move), eV/angstrom^3; the strain is -K^-1 r with an
/// elastic matrix K of its own that starts isotropic, K = 3 B, and learns from each step (Broyden's rank-one update),
/// where the change of the residual stands out of the noise.
class CellStep {
 public:
  /// `pressure` and `bulk_modulus` in eV/angstrom^3.
  CellStep(CellKind kind, double pressure, double bulk_modulus);

  /// What of a stress (positive = tensile) is not yet as wanted.
  Eigen::Matrix3d residual(const Eigen::Matrix3d& stress) const;
  /// Largest |residual| over its error; 0/0 counts as 0.
  double deviation(const Eigen::Matrix3d& stress, const Eigen::Matrix3d& errors) const;
  /// The next strain, symmetric, no component beyond 0.03.
  Eigen::Matrix3d strain(const Eigen::Matrix3d& stress, const Eigen::Matrix3d& errors);
  /// What it has learned: K^-1, column by column, and once there was a step, its residual and strain; 36 or 48 numbers.
  std::vector<double> memory() const;
  /// As if it had learned that itself. @throws InputError for another number of numbers.
  void remember(const std::vector<double>& memory);
  /// -V dP/dV of the elastic matrix, eV/angstrom^3.
  double bulk_modulus() const;

 private:
  using Vector6 = Eigen::Matrix<double, 6, 1>;
  CellKind kind_;
  double pressure_;
  Eigen::Matrix<double, 6, 6> inverse_;  // K^-1
  std::optional<Vector6> last_residual_, last_strain_;
};

/// The same matrices in a strained cell: h -> h (1 + strain), fractional coordinates, q points and D(q) as they are.
phonons::DynamicalMatrices strained(phonons::DynamicalMatrices matrices, const Eigen::Matrix3d& strain);

/// -V dP/dV of the potential alone, atoms in their sites, by strains of half a per cent; eV/angstrom^3. That of a hard
/// metal where the crystal is not stable. @throws phonons::MissingStress, and as the potential does.
double static_bulk_modulus(const Potential& potential, const phonons::DynamicalMatrices& matrices);

}  // namespace zeropoint::sscha
