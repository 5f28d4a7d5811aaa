#pragma once

#include <Eigen/Core>
#include <cmath>

namespace zeropoint {

/// The larger of two numbers, NaN where either is: std::max(a, NaN) is a, and what is then compared with a limit
/// passes.
inline double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }
/// The smaller of two numbers, NaN where either is.
inline double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }

/// The largest magnitude of the elements, NaN where one is; Eigen's maxCoeff() alone leaves that open.
template <class Derived>
double largest_magnitude(const Eigen::MatrixBase<Derived>& values) {
  return values.cwiseAbs().template maxCoeff<Eigen::PropagateNaN>();
}

}  // namespace zeropoint
