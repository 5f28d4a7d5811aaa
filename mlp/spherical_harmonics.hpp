#pragma once

#include <array>
#include <cmath>

#include "mlp/descriptor.hpp"

namespace zeropoint::mlp {

/// Real spherical harmonics of directions, sum_m Y_lm^2 = 2l + 1 for every l. Place of (l, m): l^2 + l + m.
///
/// With z^2 + x^2 + y^2 = 1: Y_lm = N_lm Q_lm(z) c_m(x, y) for m >= 0 and N_lm Q_l|m|(z) s_|m|(x, y) for m < 0, where
/// Q_lm = d^m P_l/dz^m and c_m + i s_m = (x + i y)^m. Gradients are those of these polynomials in x, y, z; what they
/// mean on the sphere is their part perpendicular to the direction.
template <class Real>
class SphericalHarmonics {
 public:
  explicit SphericalHarmonics(int order) : order_(order) {
    for (int l = 0; l <= order; ++l) {
      double ratio = 1;  // (l - m)! / (l + m)!
      for (int m = 0; m <= l; ++m) {
        if (m > 0) ratio /= static_cast<double>((l + m) * (l - m + 1));
        norms_[place(l, m)] = static_cast<Real>(std::sqrt((m > 0 ? 2.0 : 1.0) * (2 * l + 1) * ratio));
      }
    }
  }

  /// Values [(order + 1)^2] and gradients [3][(order + 1)^2] at a unit vector.
  void operator()(Real x, Real y, Real z, Real* values, Real* gradients) const {
    const int n = (order_ + 1) * (order_ + 1);
    Real q[n_places + highest_angular_order + 2];  // Q_lm; Q_l,l+1 = 0 is written, too
    Real c[highest_angular_order + 1], s[highest_angular_order + 1];
    c[0] = 1;
    s[0] = 0;
    for (int m = 1; m <= order_; ++m) {
      c[m] = x * c[m - 1] - y * s[m - 1];
      s[m] = x * s[m - 1] + y * c[m - 1];
    }
    const auto legendre = [&](int l, int m) -> Real& { return q[l * (l + 3) / 2 + m]; };  // m up to l + 1
    Real diagonal = 1;
    for (int m = 0; m <= order_; ++m) {
      if (m > 0) diagonal *= static_cast<Real>(2 * m - 1);
      legendre(m, m) = diagonal;
      legendre(m, m + 1) = 0;
      if (m < order_) legendre(m + 1, m) = static_cast<Real>(2 * m + 1) * z * diagonal;
      for (int l = m + 2; l <= order_; ++l) {
        legendre(l, m) = (static_cast<Real>(2 * l - 1) * z * legendre(l - 1, m) -
                          static_cast<Real>(l + m - 1) * legendre(l - 2, m)) /
                         static_cast<Real>(l - m);
      }
    }
    Real *dx = gradients, *dy = gradients + n, *dz = gradients + 2 * n;
    for (int l = 0; l <= order_; ++l) {
      const int centre = l * l + l;
      values[centre] = norms_[place(l, 0)] * legendre(l, 0);
      dx[centre] = dy[centre] = 0;
      dz[centre] = norms_[place(l, 0)] * legendre(l, 1);
      for (int m = 1; m <= l; ++m) {
        const Real norm = norms_[place(l, m)], value = norm * legendre(l, m), slope = norm * legendre(l, m + 1);
        const Real mr = static_cast<Real>(m);
        values[centre + m] = value * c[m];
        dx[centre + m] = value * mr * c[m - 1];
        dy[centre + m] = -value * mr * s[m - 1];
        dz[centre + m] = slope * c[m];
        values[centre - m] = value * s[m];
        dx[centre - m] = value * mr * s[m - 1];
        dy[centre - m] = value * mr * c[m - 1];
        dz[centre - m] = slope * s[m];
      }
    }
  }

 private:
  static constexpr int n_places = (highest_angular_order + 1) * (highest_angular_order + 4) / 2;
  static std::size_t place(int l, int m) { return static_cast<std::size_t>(l * (l + 1) / 2 + m); }

  int order_;
  std::array<Real, n_places> norms_{};
};

}  // namespace zeropoint::mlp
