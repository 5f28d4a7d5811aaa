#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "core/supercell.hpp"

namespace zeropoint {

/// What a potential says about a batch of configurations, float64 on the device of the input.
struct Evaluation {
  at::Tensor energies;           ///< [n_config] eV per supercell
  at::Tensor forces;             ///< [n_config, n_atoms, 3] eV/angstrom
  at::Tensor stresses;           ///< [n_config, 3, 3] eV/angstrom^3, positive = tensile (ASE)
  at::Tensor force_uncertainty;  ///< [n_config, n_atoms] eV/angstrom; undefined when the potential has none
};

/// A potential energy surface, evaluated for many displaced copies of one crystal at once.
class Potential {
 public:
  virtual ~Potential() = default;
  /// Energies, forces and stresses of `reference` with its atoms moved by `displacements` [n_config, n_atoms, 3]
  /// (angstrom, float64). @throws InputError for an unknown element, a wrong shape or a configuration that is not
  /// finite.
  virtual Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const = 0;
};

/// @throws InputError unless `displacements` are float64 of shape [n_config, n_atoms of reference, 3] and finite.
void check_displacements(const at::Tensor& displacements, const Supercell& reference);

/// @throws InputError, naming the first bad configuration (from 1), unless all numbers are finite; `potential` says
/// whose.
void check_finite(const Evaluation& evaluation, const std::string& potential);

}  // namespace zeropoint
