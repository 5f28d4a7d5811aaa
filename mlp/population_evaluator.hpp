#pragma once

#include <ATen/core/Tensor.h>

#include "core/potential.hpp"
#include "core/supercell.hpp"
#include "mlp/kernels/kernel_pairs.hpp"
#include "mlp/prediction.hpp"

namespace zeropoint::mlp {

/// A model on displaced copies of one supercell, which lie side by side in the kernels: what all copies share (species,
/// volume, which atoms can be neighbours) is found once. Predictor is the path for structures of other kinds.
class PopulationEvaluator {
 public:
  /// Knows all pairs of copies whose atoms move by half of `margin` (angstrom) at most. `predict` must outlive the
  /// object. @throws InputError for an element that the model does not know; ConfigurationError for atoms at one place.
  PopulationEvaluator(const Predictor& predict, const Supercell& reference, double margin);

  /// Margin that holds for `displacements` [n_config, n_atoms, 3] (angstrom) and somewhat longer ones.
  static double margin_for(const at::Tensor& displacements);
  /// Whether it is of this supercell, and `displacements` are within the margin.
  bool suits(const Supercell& reference, const at::Tensor& displacements) const;

  /// Energies, forces and stresses, and of a committee the deviations of the forces, on the device of `displacements`
  /// [n_config, n_atoms, 3] (float64): they are copied to the CPU, and the results from there, in one piece each. Bits
  /// depend neither on the margin, nor on the number of threads, nor on the other copies.
  /// @throws ConfigurationError for atoms at one place and for those without a neighbour; InternalError for
  /// displacements beyond the margin.
  Evaluation operator()(const at::Tensor& displacements) const;

 private:
  const Predictor& predict_;
  Crystal crystal_;  // the supercell at rest
  double margin_;
  KernelPairs pairs_;
};

}  // namespace zeropoint::mlp
