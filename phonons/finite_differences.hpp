#pragma once

#include <cstdint>
#include <functional>

#include "core/potential.hpp"
#include "core/space_group.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

struct DifferenceOptions {
  double displacement = 0.01;  ///< angstrom
  int order = 4;               ///< error of the differences: displacement^2, or displacement^4 from twice as many
  bool reduced = true;         ///< false: all atoms along all axes, whatever the symmetry says
  /// Called with displaced supercells done and in all.
  std::function<void(std::int64_t, std::int64_t)> progress = {};
};

/// Harmonic matrices by finite displacements, with what they say about their own quality.
struct HarmonicMatrices {
  DynamicalMatrices matrices;  ///< with the symmetry of the group, Hermitian, acoustic sum rule fulfilled
  int n_displacements = 0;     ///< supercells that were evaluated
  int n_operations = 0;        ///< of the group: those that keep the supercell
  double residual_force = 0;   ///< eV/angstrom: largest force on an atom where none is displaced
  /// Share of the norm of the matrices that the group average and the sum rule took away.
  double asymmetry = 0;
};

/// Second derivatives of `potential` at the sites of `crystal` in a supercell of `divisions`.
///
/// One atom of each orbit is displaced along as few directions as span space under the operations that keep the site,
/// by central differences of forces, (F(h) - F(-h))/2h or (8 F(h) - 8 F(-h) - F(2h) + F(-2h))/12h; F(-h) is not
/// computed where symmetry gives it. Stars in the order of grid_of_stars.
/// @throws InputError for an order that is not 2 or 4, a displacement that is not positive, and as the potential does.
HarmonicMatrices harmonic_matrices(const Potential& potential, const Crystal& crystal, const Eigen::Vector3i& divisions,
                                   const SpaceGroup& group, const DifferenceOptions& options = {});

}  // namespace zeropoint::phonons
