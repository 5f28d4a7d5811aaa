#pragma once

#include <cmath>
#include <numbers>

#include "mlp/descriptor.hpp"

namespace zeropoint::mlp {

template <class Real>
struct ValueAndSlope {
  Real value, slope;
};

/// f_c(r) and its derivative for 0 <= r < cutoff.
template <class Real>
ValueAndSlope<Real> cutoff_function(CutoffFunction kind, Real r, Real cutoff) {
  switch (kind) {
    case CutoffFunction::cosine: {
      const Real wave = std::numbers::pi_v<Real> / cutoff;
      return {(1 + std::cos(wave * r)) / 2, -wave * std::sin(wave * r) / 2};
    }
    case CutoffFunction::cubic: {
      const Real d = 1 - r * r / (cutoff * cutoff);
      return {d * d * d, -6 * d * d * r / (cutoff * cutoff)};
    }
    case CutoffFunction::quintic: {
      const Real u = 2 * r / cutoff - 1;
      if (u <= 0) return {1, 0};
      return {u * u * u * (-6 * u * u + 15 * u - 10) + 1, -30 * u * u * (1 - u) * (1 - u) * 2 / cutoff};
    }
  }
  return {0, 0};
}

/// f_k(r) and f_k'(r) for 0 <= k < n, 0 <= r < cutoff; see DescriptorOptions.
template <class Real>
void radial_functions(CutoffFunction kind, Real r, Real cutoff, int n, Real* values, Real* slopes) {
  const auto [fc, fc_slope] = cutoff_function(kind, r, cutoff);
  const Real d = r / cutoff - 1;
  const Real x = 2 * d * d - 1, x_slope = 4 * d / cutoff;
  // T_{k+1} = 2x T_k - T_{k-1}, and the same differentiated.
  Real before = 1, here = x, before_slope = 0, here_slope = 1;
  values[0] = fc;
  slopes[0] = fc_slope;
  for (int k = 1; k < n; ++k) {
    values[k] = (here + 1) / 2 * fc;
    slopes[k] = here_slope * x_slope / 2 * fc + (here + 1) / 2 * fc_slope;
    const Real next = 2 * x * here - before, next_slope = 2 * here + 2 * x * here_slope - before_slope;
    before = here;
    here = next;
    before_slope = here_slope;
    here_slope = next_slope;
  }
}

}  // namespace zeropoint::mlp
