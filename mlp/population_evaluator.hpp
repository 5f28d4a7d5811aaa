#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "core/potential.hpp"
#include "core/supercell.hpp"
#include "mlp/pair_topology.hpp"
#include "mlp/prediction.hpp"

namespace zeropoint::mlp {

/// A model on displaced copies of one supercell: what all copies share (species, volume, which atoms can be neighbours)
/// is found once.
///
/// Kernels that work on many copies side by side get their place here: they see the topology, displacements and
/// results, and no structure of another kind. Predictor is the path for those.
class PopulationEvaluator {
 public:
  /// `margin` (angstrom): a copy whose two longest displacements add up to more gets pairs of its own, which costs time
  /// and changes numbers by rounding at most; with 0, of use for a single copy, all do. `predict` must outlive the
  /// object.
  /// @throws InputError for an element that the model does not know; ConfigurationError for atoms at one place.
  PopulationEvaluator(const Predictor& predict, const Supercell& reference, double margin);

  /// Margin that holds for `displacements` [n_config, n_atoms, 3] (angstrom) and somewhat longer ones, 2 angstrom at
  /// most: pairs grow with its cube.
  static double margin_for(const at::Tensor& displacements);
  /// Whether it is of this supercell, and `displacements` are within the margin as far as a margin goes.
  bool suits(const Supercell& reference, const at::Tensor& displacements) const;

  /// Energies, forces and stresses, and of a committee the deviations of the forces, on the device of `displacements`
  /// [n_config, n_atoms, 3] (float64): they are copied to the CPU, and the results from there, in one piece each. Bits
  /// do not depend on the number of threads; beyond the margin the order of pairs that are equally far, and so
  /// rounding, may differ.
  /// @throws ConfigurationError as Predictor::geometry().
  Evaluation operator()(const at::Tensor& displacements) const;

 private:
  Geometry geometry(const Eigen::Ref<const Vectors>& displacements) const;

  const Predictor& predict_;
  Crystal crystal_;  // the supercell at rest
  std::optional<PairTopology> topology_;
};

}  // namespace zeropoint::mlp
