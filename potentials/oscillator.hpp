#pragma once

#include <Eigen/Core>

#include "core/potential.hpp"
#include "potentials/kind.hpp"

namespace zeropoint::potentials {

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

PotentialKind oscillator_kind();

}  // namespace zeropoint::potentials
