#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/supercell.hpp"

namespace zeropoint {

/// What a potential says about a batch of configurations, float64 on the device of the input.
struct Evaluation {
  at::Tensor energies;           ///< [n_config] eV per supercell
  at::Tensor forces;             ///< [n_config, n_atoms, 3] eV/angstrom
  at::Tensor stresses;           ///< [n_config, 3, 3] eV/angstrom^3, positive = tensile (ASE)
  at::Tensor force_uncertainty;  ///< [n_config, n_atoms] eV/angstrom; undefined when the potential has none
};

/// Configurations that a potential has no answer to, because somebody else computes them and they have not come in.
struct MissingLabels {
  std::vector<std::int64_t> configurations;  ///< numbers in the batch, from 0, in their order
  std::int64_t n_stored = 0;                 ///< labels that are there
};

/// A potential energy surface, evaluated for many displaced copies of one crystal at once.
///
/// Whoever works with it knows no kinds: the questions below tell all that differs between them.
class Potential {
 public:
  virtual ~Potential() = default;
  /// Energies, forces and stresses of `reference` with its atoms moved by `displacements` [n_config, n_atoms, 3]
  /// (angstrom, float64). Called from several threads at once.
  /// @throws InputError for an unknown element or a wrong shape, and where a label is missing; ConfigurationError for
  /// atoms where it knows nothing, or has no finite answer; CalculatorError when a program that it asks fails.
  virtual Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const = 0;

  /// Cells along each vector of the only supercell that it knows; nothing where it takes any.
  virtual std::optional<Eigen::Vector3i> bound_divisions() const { return {}; }
  /// The same potential for differences of forces, when this one rounds to single precision; else nullptr.
  virtual std::unique_ptr<Potential> in_double_precision() const { return nullptr; }
  /// Labels come in from elsewhere, and what is missing() today may be there tomorrow.
  virtual bool waits_for_labels() const { return false; }
  /// Those of a batch, as for evaluate(), that have no label yet.
  virtual MissingLabels missing(const Supercell& /*reference*/, const at::Tensor& /*displacements*/) const {
    return {};
  }
};

/// @throws InputError unless `displacements` are float64 of shape [n_config, n_atoms of reference, 3] and finite.
void check_displacements(const at::Tensor& displacements, const Supercell& reference);

/// @throws ConfigurationError, naming the first bad configuration (from 1), unless all numbers are finite; `potential`
/// says whose.
void check_finite(const Evaluation& evaluation, const std::string& potential);

}  // namespace zeropoint
