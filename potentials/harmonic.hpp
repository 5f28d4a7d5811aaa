#pragma once

#include "core/potential.hpp"
#include "core/units.hpp"
#include "phonons/dynamical_matrices.hpp"
#include "potentials/kind.hpp"

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

PotentialKind harmonic_kind();

}  // namespace zeropoint::potentials
