#pragma once

#include <c10/core/Device.h>

#include "phonons/real_bloch_basis.hpp"

namespace zeropoint {

/// What one step of a minimisation costs, before it is made.
struct StepTime {
  /// Of the matrix products of weights and gradient: 8 N n_q n^2, pairs (q, -q) counting twice.
  double flops;
  double rate;  ///< flop/s that such products reach on this device now, with all threads

  double seconds() const { return flops / rate; }
};

/// Counts the products of one step over `n_config` configurations and measures their rate, for about a tenth of a
/// second: a lower estimate. Products by element, symmetries and diagonalisation are left out; they are most of the time
/// of a small crystal, a fraction of it where n_q n^2 is large.
StepTime estimate_step(const phonons::RealBlochBasis& basis, std::int64_t n_config, at::Device device);

}  // namespace zeropoint
