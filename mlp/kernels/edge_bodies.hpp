#pragma once

// Functions of one pair vector and their adjoints, for the lanes of lanes.hpp.

#include "mlp/descriptor.hpp"
#include "mlp/kernels/lanes.hpp"

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

/// The argument x of the Chebyshev polynomials and the cut-off function, with derivatives with respect to r.
template <class R>
struct RadialStart {
  using V = typename Lanes<R>::V;
  V x, x_slope, cutoff, cutoff_slope;
};

/// Beyond the cutoff all functions of r are exact zeros: whether such a pair is computed changes no bit.
template <class R>
ZEROPOINT_LANE_INLINE RadialStart<R> radial_start(CutoffFunction kind, typename Lanes<R>::V r, R cutoff) {
  using V = typename Lanes<R>::V;
  const R inverse = R(1) / cutoff;
  const V one = broadcast<R>(R(1));
  const V y = r < cutoff ? smaller<V>(r * inverse, one) : one;
  const V d = y - R(1);
  RadialStart<R> start;
  start.x = R(2) * d * d - R(1);
  start.x_slope = R(4) * inverse * d;
  if (kind == CutoffFunction::quintic) {
    const V u = larger<V>(R(2) * y - R(1), V{}), u2 = u * u, rest = R(1) - u;
    start.cutoff = u2 * u * ((R(15) - R(6) * u) * u - R(10)) + R(1);
    start.cutoff_slope = R(-60) * inverse * (u2 * (rest * rest));
  } else if (kind == CutoffFunction::cubic) {
    const V c = R(1) - y * y;
    start.cutoff = c * c * c;
    start.cutoff_slope = R(-6) * inverse * (c * c * y);
  } else {
    const V cosine = sine_of_quarter<R>(R(0) - d), sine = sine_of_quarter<R>(y);
    start.cutoff = cosine * cosine;
    start.cutoff_slope = R(-3.14159265358979323846) * inverse * (sine * cosine);
  }
  return start;
}

/// t_k = f_c T_k(x) for k < n, `step` places apart.
template <class R>
ZEROPOINT_LANE_INLINE void series(const RadialStart<R>& start, int n, typename Lanes<R>::V* t, long step) {
  using V = typename Lanes<R>::V;
  const V twice = start.x + start.x;
  V before = start.cutoff, here = start.x * start.cutoff;
  t[0] = before;
  for (int k = 1; k < n; ++k) {
    t[k * step] = here;
    const V next = twice * here - before;
    before = here;
    here = next;
  }
}

/// t_k and beside it dt_k/dr.
template <class R>
ZEROPOINT_LANE_INLINE void series_with_slopes(const RadialStart<R>& start, int n, typename Lanes<R>::V* t, long step) {
  using V = typename Lanes<R>::V;
  const V twice = start.x + start.x, twice_slope = start.x_slope + start.x_slope;
  V before = start.cutoff, here = start.x * start.cutoff;
  V before_slope = start.cutoff_slope, here_slope = start.x_slope * start.cutoff + start.x * start.cutoff_slope;
  t[0] = before;
  t[1] = before_slope;
  for (int k = 1; k < n; ++k) {
    t[k * step] = here;
    t[k * step + 1] = here_slope;
    const V next = twice * here - before, next_slope = twice * here_slope + twice_slope * here - before_slope;
    before = here;
    here = next;
    before_slope = here_slope;
    here_slope = next_slope;
  }
}

/// Q_lm(z) = z Q_l-1,m - b_lm Q_l-2,m of monic derivatives of Legendre polynomials.
constexpr double legendre_factor(int l, int m) {
  return static_cast<double>((l + m - 1) * (l - 1 - m)) / ((2 * l - 1) * (2 * l - 3));
}

/// Q_lm of one m for m <= l <= L, into q[l] of L + 3 places.
template <class R, int L>
ZEROPOINT_LANE_INLINE void legendre(int m, typename Lanes<R>::V z, typename Lanes<R>::V* q) {
  q[m] = broadcast<R>(R(1));
  q[m + 1] = z;
#pragma GCC unroll 8
  for (int l = m + 2; l <= L; ++l) q[l] = z * q[l - 1] - R(legendre_factor(l, m)) * q[l - 2];
}

/// Q_l|m|(z) times Re or Im (x + iy)^|m| of a unit vector, lm = l^2 + l + m.
template <class R, int L>
ZEROPOINT_LANE_INLINE void harmonics(typename Lanes<R>::V x, typename Lanes<R>::V y, typename Lanes<R>::V z,
                                     typename Lanes<R>::V* values) {
  using V = typename Lanes<R>::V;
  V c = broadcast<R>(R(1)), s{};
#pragma GCC unroll 8
  for (int m = 0; m <= L; ++m) {
    V q[L + 3];
    legendre<R, L>(m, z, q);
#pragma GCC unroll 8
    for (int l = m; l <= L; ++l) {
      values[l * l + l + m] = q[l] * c;
      if (m > 0) values[l * l + l - m] = q[l] * s;
    }
    const V next = x * c - y * s;
    s = x * s + y * c;
    c = next;
  }
}

/// The same with their derivatives along (dx, dy, dz), those of the polynomials.
template <class R, int L>
ZEROPOINT_LANE_INLINE void harmonics_with_dots(const typename Lanes<R>::V (&r)[3], const typename Lanes<R>::V (&dr)[3],
                                               typename Lanes<R>::V* values, typename Lanes<R>::V* dots) {
  using V = typename Lanes<R>::V;
  V c = broadcast<R>(R(1)), s{}, c_dot{}, s_dot{};
#pragma GCC unroll 8
  for (int m = 0; m <= L; ++m) {
    V q[L + 3], above[L + 3];  // Q_lm and Q_l,m+1
    legendre<R, L>(m, r[2], q);
    legendre<R, L>(m + 1, r[2], above);
#pragma GCC unroll 8
    for (int l = m; l <= L; ++l) {
      const V q_dot = l > m ? R(l - m) * above[l] * dr[2] : V{};
      values[l * l + l + m] = q[l] * c;
      dots[l * l + l + m] = q_dot * c + q[l] * c_dot;
      if (m == 0) continue;
      values[l * l + l - m] = q[l] * s;
      dots[l * l + l - m] = q_dot * s + q[l] * s_dot;
    }
    const V next = r[0] * c - r[1] * s, next_dot = (dr[0] * c - dr[1] * s) + (r[0] * c_dot - r[1] * s_dot);
    s_dot = (dr[0] * s + dr[1] * c) + (r[0] * s_dot + r[1] * c_dot);
    s = r[0] * s + r[1] * c;
    c_dot = next_dot;
    c = next;
  }
}

template <class R>
struct EdgeForce {
  using V = typename Lanes<R>::V;
  V x, y, z;
};

/// dE/dr of E = sum_lm sum_k G_k,lm t_k(r) Y_lm, with `values` H_lm = sum_k G_k,lm t_k and `slopes` the same of
/// dt_k/dr.
template <class R, int L>
ZEROPOINT_LANE_INLINE EdgeForce<R> harmonics_adjoint(typename Lanes<R>::V x, typename Lanes<R>::V y,
                                                     typename Lanes<R>::V z, typename Lanes<R>::V inverse_r,
                                                     const typename Lanes<R>::V* values,
                                                     const typename Lanes<R>::V* slopes) {
  using V = typename Lanes<R>::V;
  V c = broadcast<R>(R(1)), s{}, c_before{}, s_before{};
  V along{}, gx{}, gy{}, gz{};
#pragma GCC unroll 8
  for (int m = 0; m <= L; ++m) {
    V q[L + 3], above[L + 3];  // Q_lm and Q_l,m+1
    legendre<R, L>(m, z, q);
    legendre<R, L>(m + 1, z, above);
    V cosine{}, sine{}, cosine_slope{}, sine_slope{}, cosine_z{}, sine_z{};
#pragma GCC unroll 8
    for (int l = m; l <= L; ++l) {
      const int plus = l * l + l + m, minus = l * l + l - m;
      cosine += q[l] * values[plus];
      cosine_slope += q[l] * slopes[plus];
      if (l > m) cosine_z += R(l - m) * above[l] * values[plus];
      if (m == 0) continue;
      sine += q[l] * values[minus];
      sine_slope += q[l] * slopes[minus];
      if (l > m) sine_z += R(l - m) * above[l] * values[minus];
    }
    along += c * cosine_slope;
    gz += c * cosine_z;
    if (m > 0) {
      along += s * sine_slope;
      gz += s * sine_z;
      gx += R(m) * (c_before * cosine + s_before * sine);
      gy += R(m) * (c_before * sine - s_before * cosine);
    }
    c_before = c;
    s_before = s;
    const V next = x * c - y * s;
    s = x * s + y * c;
    c = next;
  }
  const V inward = gx * x + gy * y + gz * z;
  return {along * x + (gx - inward * x) * inverse_r, along * y + (gy - inward * y) * inverse_r,
          along * z + (gz - inward * z) * inverse_r};
}

/// With e_k from derivative_series(): sum_k p_k dt_k/dr.
template <class R>
ZEROPOINT_LANE_INLINE typename Lanes<R>::V series_adjoint(const RadialStart<R>& start, int n,
                                                          const typename Lanes<R>::V* p,
                                                          const typename Lanes<R>::V* e) {
  using V = typename Lanes<R>::V;
  const V twice = start.x + start.x;
  V before = broadcast<R>(R(1)), here = start.x, values = p[0], slopes = e[0];
  for (int k = 1; k < n; ++k) {
    values += p[k] * here;
    slopes += e[k] * here;
    const V next = twice * here - before;
    before = here;
    here = next;
  }
  return start.cutoff_slope * values + start.cutoff * (start.x_slope * slopes);
}

/// Coefficients e_k of sum_k p_k dT_k/dx = sum_k e_k T_k, k < n.
template <class R>
ZEROPOINT_LANE_INLINE void derivative_series(int n, const typename Lanes<R>::V* p, typename Lanes<R>::V* e) {
  using V = typename Lanes<R>::V;
  e[n - 1] = V{};
  V above{}, here{};  // e_k+2, e_k+1
  for (int k = n - 2; k >= 0; --k) {
    const V value = above + R(2 * (k + 1)) * p[k + 1];
    above = here;
    here = value;
    e[k] = value;
  }
  e[0] *= R(0.5);
}

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
