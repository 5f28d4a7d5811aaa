#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "active_learning/calibration.hpp"
#include "active_learning/selection.hpp"
#include "core/potential.hpp"
#include "mlp/loss.hpp"
#include "mlp/model.hpp"

namespace zeropoint::active_learning {

struct UncertaintyOptions {
  int n_heads = 8;
  std::uint64_t seed = 1;
  double ridge = 1e-6;  ///< relative to the diagonal of C
};

/// What a model says, and how unsure it is, before calibration.
struct UncertainEvaluation {
  Evaluation mean;                  ///< of the model itself
  at::Tensor sigma;                 ///< [n, n_atoms] eV/angstrom, of force vectors
  at::Tensor energies;              ///< [n_heads, n] eV, differences of the heads from the model
  at::Tensor forces;                ///< [n_heads, n, n_atoms, 3] the same; only when asked for
  at::Tensor stresses;              ///< [n_heads, n, 3, 3]
  at::Tensor energy_sigma() const;  ///< [n] eV
};

/// A model with the spread of its last layers, or of its members where it is a committee.
class UncertainModel {
 public:
  UncertainModel(const mlp::Model& model, const UncertaintyOptions& options);
  ~UncertainModel();

  const Potential& potential() const;
  int n_heads() const;
  /// In batches; `idle` is called between them and may throw.
  UncertainEvaluation evaluate(const Supercell& reference, const at::Tensor& displacements, bool keep_heads,
                               const std::function<void()>& idle = {}) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Scores of all configurations; `calibration` scales the raw errors.
std::vector<Score> scores_of(const UncertainEvaluation& evaluation, const Supercell& reference,
                             const at::Tensor& displacements, const Calibration& calibration);

/// Whitened feature rows (energy and random directions of forces) of some configurations: what greedy_choice() takes.
std::vector<Eigen::MatrixXd> whitened_rows(const mlp::Model& model, const mlp::LossOptions& loss,
                                           const Supercell& reference, const at::Tensor& displacements,
                                           const std::vector<std::int64_t>& of, int n_directions, std::uint64_t seed,
                                           double ridge);

/// How far a model is off from a label, and how unsure it was.
Residual residual_of(const UncertainEvaluation& evaluation, std::int64_t c, double energy, const Vectors& forces,
                     const std::vector<std::string>& species, const std::string& reason, double weight);

}  // namespace zeropoint::active_learning
