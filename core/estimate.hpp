#pragma once

namespace zeropoint {

/// A stochastic result.
struct Estimate {
  double value = 0;
  double standard_error = 0;
};

}  // namespace zeropoint
