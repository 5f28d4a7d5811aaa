#pragma once

#include <vector>

#include "mlp/loss.hpp"
#include "mlp/model.hpp"
#include "mlp/training_data.hpp"

namespace zeropoint::mlp {

struct LastLayerOptions {
  double rows_per_weight = 6;  ///< force rows that are drawn for each weight of the last layer
  int folds = 5;               ///< of the cross-validation that chooses the strength of the ridge; whole groups
  bool change = true;          ///< false: only C is made
};

/// What came out, in units of the loss' scales: squared errors by cross-validation, for structures that a fit has not
/// seen.
struct LastLayerReport {
  double before = 0, after = 0;
  double strength = 0;  ///< of the ridge, relative to the diagonal; 0: the weights were left as they were
  bool changed = false;
};

/// Energies, forces and stresses are linear in the last layer w = (w3, v) of all species: its change is found by least
/// squares with a ridge, (C + lambda diag C) dw = b with C = sum of phi phi^T.
///
/// Force rows are projections phi.F.d on random directions d of all atoms of a structure: sum_d (phi.d)(phi.d)^T is an
/// unbiased estimate of the sum over all components, and one tangent pass gives a row of every structure of a batch.
/// The ridge is chosen by cross-validation; when no strength helps, nothing is changed.
///
/// C is kept in the member (Member::covariance): with it phi^T (C + lambda diag C)^-1 phi tells how far phi, the
/// features of a structure or a force, lies from all that was trained on.
LastLayerReport solve_last_layer(Model& model, std::size_t member, const TrainingData& data,
                                 const std::vector<std::size_t>& of, const LossOptions& loss,
                                 const LastLayerOptions& options = {});

}  // namespace zeropoint::mlp
