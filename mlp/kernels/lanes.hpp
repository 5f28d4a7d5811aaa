#pragma once

// Numbers of several configurations beside one another, for the instruction set that the including file is compiled
// for. That file names its own namespace (ZEROPOINT_KERNELS): nothing here may be shared between instruction sets, or
// the linker would keep one copy for all. For the same reason nothing from the standard library is called.

#include <immintrin.h>

#include <cstdint>

#ifndef ZEROPOINT_KERNELS
#error "define ZEROPOINT_KERNELS, the namespace of this instruction set"
#endif

#define ZEROPOINT_LANE_INLINE [[gnu::always_inline]] static inline

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

#if defined(__AVX512F__)
constexpr int register_bytes = 64;
constexpr int outer_rows = 5, outer_columns = 5;  // a tile of accumulators that the registers hold
constexpr int weigh_rows = 8, weigh_alone = 24;
#elif defined(__AVX2__)
constexpr int register_bytes = 32;
constexpr int outer_rows = 3, outer_columns = 4;
constexpr int weigh_rows = 4, weigh_alone = 12;
#else
constexpr int register_bytes = 16;
constexpr int outer_rows = 3, outer_columns = 4;
constexpr int weigh_rows = 4, weigh_alone = 12;
#endif

template <class R>
struct IntegerOf;
template <>
struct IntegerOf<float> {
  using type = std::int32_t;
};
template <>
struct IntegerOf<double> {
  using type = std::int64_t;
};

/// W numbers; arithmetic and comparisons are element by element.
template <class R>
struct Lanes {
  using Real = R;
  using Integer = typename IntegerOf<R>::type;
  static constexpr int width = register_bytes / static_cast<int>(sizeof(R));
  typedef R V __attribute__((vector_size(register_bytes)));
  typedef Integer I __attribute__((vector_size(register_bytes)));
  typedef double D __attribute__((vector_size(width * sizeof(double))));  // the same numbers in double
};

using VF = Lanes<float>::V;
using VD = Lanes<double>::V;

#if defined(__AVX512F__)
ZEROPOINT_LANE_INLINE VF square_root(VF v) { return (VF)_mm512_maskz_sqrt_ps(0xffff, (__m512)v); }
ZEROPOINT_LANE_INLINE VD square_root(VD v) { return (VD)_mm512_maskz_sqrt_pd(0xff, (__m512d)v); }
ZEROPOINT_LANE_INLINE bool any_less(VF a, VF b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ) != 0; }
ZEROPOINT_LANE_INLINE bool any_less(VD a, VD b) { return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_LT_OQ) != 0; }
#elif defined(__AVX2__)
ZEROPOINT_LANE_INLINE VF square_root(VF v) { return (VF)_mm256_sqrt_ps((__m256)v); }
ZEROPOINT_LANE_INLINE VD square_root(VD v) { return (VD)_mm256_sqrt_pd((__m256d)v); }
ZEROPOINT_LANE_INLINE bool any_less(VF a, VF b) {
  return _mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LT_OQ)) != 0;
}
ZEROPOINT_LANE_INLINE bool any_less(VD a, VD b) {
  return _mm256_movemask_pd(_mm256_cmp_pd((__m256d)a, (__m256d)b, _CMP_LT_OQ)) != 0;
}
#else
ZEROPOINT_LANE_INLINE VF square_root(VF v) { return (VF)_mm_sqrt_ps((__m128)v); }
ZEROPOINT_LANE_INLINE VD square_root(VD v) { return (VD)_mm_sqrt_pd((__m128d)v); }
ZEROPOINT_LANE_INLINE bool any_less(VF a, VF b) { return _mm_movemask_ps(_mm_cmplt_ps((__m128)a, (__m128)b)) != 0; }
ZEROPOINT_LANE_INLINE bool any_less(VD a, VD b) { return _mm_movemask_pd(_mm_cmplt_pd((__m128d)a, (__m128d)b)) != 0; }
#endif

template <class R>
ZEROPOINT_LANE_INLINE typename Lanes<R>::V broadcast(R value) {
  return value - typename Lanes<R>::V{};
}

template <class V>
ZEROPOINT_LANE_INLINE V smaller(V a, V b) {
  return a < b ? a : b;
}
template <class V>
ZEROPOINT_LANE_INLINE V larger(V a, V b) {
  return a > b ? a : b;
}

/// e^x: relative error 1.2e-7 and 3e-16; x is clamped to where the result is a normal number.
template <class R>
ZEROPOINT_LANE_INLINE typename Lanes<R>::V exponential(typename Lanes<R>::V x) {
  using V = typename Lanes<R>::V;
  using I = typename Lanes<R>::I;
  constexpr bool is_float = sizeof(R) == 4;
  constexpr R most = is_float ? R(87) : R(708);
  x = larger<V>(smaller<V>(x, broadcast<R>(most)), broadcast<R>(-most));
  // x = n ln 2 + r; adding this number leaves n in the last bits.
  constexpr R magic = is_float ? R(12582912.0) : R(6755399441055744.0);
  const V shifted = x * R(1.4426950408889634074) + magic;
  const V n = shifted - magic;
  constexpr R ln2_high = is_float ? R(0.693359375) : R(6.93147180369123816490e-1);
  constexpr R ln2_low = is_float ? R(-2.12194440e-4) : R(1.90821492927058770002e-10);
  const V r = (x - n * ln2_high) - n * ln2_low;
  constexpr int terms = is_float ? 7 : 13;  // of Taylor's series, |r| <= ln 2/2
  constexpr double inverse[14] = {1.0,     1.0,     1.0 / 2, 1.0 / 3,    1.0 / 4,    1.0 / 5,    1.0 / 6,
                                  1.0 / 7, 1.0 / 8, 1.0 / 9, 1.0 / 10.0, 1.0 / 11.0, 1.0 / 12.0, 1.0 / 13.0};
  V sum = broadcast<R>(R(1));
#pragma GCC unroll 16
  for (int k = terms; k >= 1; --k) sum = sum * (r * R(inverse[k])) + R(1);
  constexpr int mantissa = is_float ? 23 : 52, bias = is_float ? 127 : 1023;
  union {
    V numbers;
    I bits;
  } power;
  power.numbers = shifted;
  power.bits = (power.bits + static_cast<typename Lanes<R>::Integer>(bias)) << mantissa;
  return sum * power.numbers;
}

/// Absolute error 2e-7 and 4e-16.
template <class R>
ZEROPOINT_LANE_INLINE typename Lanes<R>::V hyperbolic_tangent(typename Lanes<R>::V x) {
  return R(1) - R(2) / (exponential<R>(R(2) * x) + R(1));
}

/// sin(pi s/2) for 0 <= s <= 1, exactly zero at zero.
template <class R>
ZEROPOINT_LANE_INLINE typename Lanes<R>::V sine_of_quarter(typename Lanes<R>::V s) {
  constexpr double half_pi = 1.57079632679489661923;
  constexpr int terms = sizeof(R) == 4 ? 6 : 11;
  const typename Lanes<R>::V y = s * R(half_pi), y2 = y * y;
  typename Lanes<R>::V sum = broadcast<R>(R(1));
#pragma GCC unroll 16
  for (int k = terms; k >= 1; --k) sum = R(1) - y2 * sum * R(1.0 / (2 * k * (2 * k + 1)));
  return y * sum;
}

// --- small matrices of lanes, in tiles that stay in registers -------------------------------------------------------

template <class V, int ni, int nj>
ZEROPOINT_LANE_INLINE void outer_tile(int nk, const V* p, long row_p, const V* q, long row_q, V* c, long row_c,
                                      bool add) {
  V sums[ni][nj];
#pragma GCC unroll 8
  for (int i = 0; i < ni; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < nj; ++j) sums[i][j] = add ? c[i * row_c + j] : V{};
  }
  for (int k = 0; k < nk; ++k, p += row_p, q += row_q) {
    V right[nj];
#pragma GCC unroll 8
    for (int j = 0; j < nj; ++j) right[j] = q[j];
#pragma GCC unroll 8
    for (int i = 0; i < ni; ++i) {
      const V left = p[i];
#pragma GCC unroll 8
      for (int j = 0; j < nj; ++j) sums[i][j] += left * right[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < ni; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < nj; ++j) c[i * row_c + j] = sums[i][j];
  }
}

template <class V, int ni>
ZEROPOINT_LANE_INLINE void outer_rows_of(int nk, const V* p, long row_p, const V* q, long row_q, int nj, V* c,
                                         long row_c, bool add) {
  const int n_tiles = (nj + outer_columns - 1) / outer_columns;
  for (int tile = 0, j = 0; tile < n_tiles; ++tile) {
    const int size = (nj - j + n_tiles - tile - 1) / (n_tiles - tile);  // of equal sizes, as far as they go
    switch (size) {
      case 1:
        outer_tile<V, ni, 1>(nk, p, row_p, q + j, row_q, c + j, row_c, add);
        break;
      case 2:
        outer_tile<V, ni, 2>(nk, p, row_p, q + j, row_q, c + j, row_c, add);
        break;
      case 3:
        outer_tile<V, ni, 3>(nk, p, row_p, q + j, row_q, c + j, row_c, add);
        break;
      case 4:
        outer_tile<V, ni, 4>(nk, p, row_p, q + j, row_q, c + j, row_c, add);
        break;
      default:
        if constexpr (outer_columns >= 5) outer_tile<V, ni, 5>(nk, p, row_p, q + j, row_q, c + j, row_c, add);
    }
    j += size;
  }
}

/// c[i][j] (+)= sum_k p[k][i] q[k][j], in the order of k. Rows are `row_*` lanes apart.
template <class V>
[[gnu::noinline]] static void outer(int nk, const V* p, long row_p, int ni, const V* q, long row_q, int nj, V* c,
                                    long row_c, bool add) {
  const int n_tiles = (ni + outer_rows - 1) / outer_rows;
  for (int tile = 0, i = 0; tile < n_tiles; ++tile) {
    const int size = (ni - i + n_tiles - tile - 1) / (n_tiles - tile);
    switch (size) {
      case 1:
        outer_rows_of<V, 1>(nk, p + i, row_p, q, row_q, nj, c + i * row_c, row_c, add);
        break;
      case 2:
        outer_rows_of<V, 2>(nk, p + i, row_p, q, row_q, nj, c + i * row_c, row_c, add);
        break;
      case 3:
        outer_rows_of<V, 3>(nk, p + i, row_p, q, row_q, nj, c + i * row_c, row_c, add);
        break;
      case 4:
        if constexpr (outer_rows >= 4) outer_rows_of<V, 4>(nk, p + i, row_p, q, row_q, nj, c + i * row_c, row_c, add);
        break;
      default:
        if constexpr (outer_rows >= 5) outer_rows_of<V, 5>(nk, p + i, row_p, q, row_q, nj, c + i * row_c, row_c, add);
    }
    i += size;
  }
}

template <class V, class R, int ni, int nj>
ZEROPOINT_LANE_INLINE void weigh_tile(const R* w, long row_w, int nk, const V* x, long row_x, V* c, long row_c,
                                      bool add) {
  V sums[ni][nj];
#pragma GCC unroll 32
  for (int i = 0; i < ni; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < nj; ++j) sums[i][j] = add ? c[i * row_c + j] : V{};
  }
  for (int k = 0; k < nk; ++k, w += row_w, x += row_x) {
    V right[nj];
#pragma GCC unroll 8
    for (int j = 0; j < nj; ++j) right[j] = x[j];
#pragma GCC unroll 32
    for (int i = 0; i < ni; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < nj; ++j) sums[i][j] += w[i] * right[j];
    }
  }
#pragma GCC unroll 32
  for (int i = 0; i < ni; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < nj; ++j) c[i * row_c + j] = sums[i][j];
  }
}

template <class V, class R, int nj>
ZEROPOINT_LANE_INLINE void weigh_columns(const R* w, long row_w, int ni, int nk, const V* x, long row_x, V* c,
                                         long row_c, bool add) {
  constexpr int rows = nj == 1 ? weigh_alone : weigh_rows;
  int i = 0;
  for (; i + rows <= ni; i += rows) {
    weigh_tile<V, R, rows, nj>(w + i, row_w, nk, x, row_x, c + i * row_c, row_c, add);
  }
  if constexpr (rows > 8) {
    for (; i + 8 <= ni; i += 8) weigh_tile<V, R, 8, nj>(w + i, row_w, nk, x, row_x, c + i * row_c, row_c, add);
  }
  switch (ni - i) {
    case 0:
      break;
    case 1:
      weigh_tile<V, R, 1, nj>(w + i, row_w, nk, x, row_x, c + i * row_c, row_c, add);
      break;
    case 2:
      weigh_tile<V, R, 2, nj>(w + i, row_w, nk, x, row_x, c + i * row_c, row_c, add);
      break;
    case 3:
      weigh_tile<V, R, 3, nj>(w + i, row_w, nk, x, row_x, c + i * row_c, row_c, add);
      break;
    case 4:
      weigh_tile<V, R, 4, nj>(w + i, row_w, nk, x, row_x, c + i * row_c, row_c, add);
      break;
    default:
      if constexpr (rows > 4) {
        switch (ni - i) {
          case 5:
            weigh_tile<V, R, 5, nj>(w + i, row_w, nk, x, row_x, c + i * row_c, row_c, add);
            break;
          case 6:
            weigh_tile<V, R, 6, nj>(w + i, row_w, nk, x, row_x, c + i * row_c, row_c, add);
            break;
          default:
            weigh_tile<V, R, 7, nj>(w + i, row_w, nk, x, row_x, c + i * row_c, row_c, add);
        }
      }
  }
}

/// c[i][j] (+)= sum_k w[k][i] x[k][j], w numbers that all lanes share.
template <class V, class R>
[[gnu::noinline]] static void weigh(const R* w, long row_w, int ni, int nk, const V* x, long row_x, int nj, V* c,
                                    long row_c, bool add) {
  int j = 0;
  for (; j + 3 <= nj; j += 3) weigh_columns<V, R, 3>(w, row_w, ni, nk, x + j, row_x, c + j, row_c, add);
  if (nj - j == 2) weigh_columns<V, R, 2>(w, row_w, ni, nk, x + j, row_x, c + j, row_c, add);
  if (nj - j == 1) weigh_columns<V, R, 1>(w, row_w, ni, nk, x + j, row_x, c + j, row_c, add);
}

template <class V, int ni, int nj>
ZEROPOINT_LANE_INLINE void gram_tile(int nk, const V* x, long row_x, const V* y, long row_y, V* c, long row_c) {
  V sums[ni][nj] = {};
  for (int k = 0; k < nk; ++k) {
    V right[nj];
#pragma GCC unroll 8
    for (int j = 0; j < nj; ++j) right[j] = y[j * row_y + k];
#pragma GCC unroll 8
    for (int i = 0; i < ni; ++i) {
      const V left = x[i * row_x + k];
#pragma GCC unroll 8
      for (int j = 0; j < nj; ++j) sums[i][j] += left * right[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < ni; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < nj; ++j) c[i * row_c + j] = sums[i][j];
  }
}

/// c[i][j] = sum_k x[i][k] y[j][k] of n rows each; with `upper` only where a tile has j >= i.
template <class V>
[[gnu::noinline]] static void gram(int nk, const V* x, long row_x, const V* y, long row_y, int n, V* c, long row_c,
                                   bool upper) {
  constexpr int tile = register_bytes == 64 ? 4 : 2;
  int i = 0;
  for (; i + tile <= n; i += tile) {
    int j = upper ? i : 0;
    for (; j + tile <= n; j += tile) {
      gram_tile<V, tile, tile>(nk, x + i * row_x, row_x, y + j * row_y, row_y, c + i * row_c + j, row_c);
    }
    for (; j < n; ++j) gram_tile<V, tile, 1>(nk, x + i * row_x, row_x, y + j * row_y, row_y, c + i * row_c + j, row_c);
  }
  for (; i < n; ++i) {
    for (int j = upper ? i : 0; j < n; ++j) {
      gram_tile<V, 1, 1>(nk, x + i * row_x, row_x, y + j * row_y, row_y, c + i * row_c + j, row_c);
    }
  }
}

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
