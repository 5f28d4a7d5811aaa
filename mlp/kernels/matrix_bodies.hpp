#pragma once

// Products of matrices of middling size: columns of the result in lanes, tiles of it in registers.

#include "mlp/kernels/block_kernels.hpp"
#include "mlp/kernels/lanes.hpp"

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

template <class R>
class Product {
 public:
  static constexpr int W = Lanes<R>::width;
  static constexpr int most_rows = weigh_rows, most_registers = 3;  // of a tile

  /// Columns of b that do not lie side by side, or do not fill a register, are copied to where they do.
  static std::size_t size(int n, int k) { return static_cast<std::size_t>(k) * ((n + W - 1) / W * W); }

  explicit Product(const ProductTask<R>& task) : t_(task) {}

  void run() {
    const int whole = t_.b_column == 1 ? t_.n / W * W : 0;  // columns that are read where they are
    columns(t_.b, t_.b_row, 0, whole, t_.n);
    if (whole == t_.n) return;
    const int rest = (t_.n - whole + W - 1) / W * W;
    for (int k = 0; k < t_.k; ++k) {
      const R* const from = t_.b + k * t_.b_row + whole * t_.b_column;
      R* const to = t_.workspace + static_cast<long>(k) * rest;
      for (int j = 0; j < t_.n - whole; ++j) to[j] = from[j * t_.b_column];
      for (int j = t_.n - whole; j < rest; ++j) to[j] = R(0);
    }
    columns(t_.workspace - whole, rest, whole, whole + rest, t_.n);
  }

 private:
  /// Numbers that need not lie on a multiple of their register's size.
  typedef R U __attribute__((vector_size(register_bytes), aligned(sizeof(R))));

  void columns(const R* b, long b_row, int begin, int end, int n) const {
    int j = begin;
    for (; j + 3 * W <= end; j += 3 * W) rows<3>(b + j, b_row, j, n);
    for (; j + W <= end; j += W) rows<1>(b + j, b_row, j, n);
  }

  template <int nj>
  void rows(const R* b, long b_row, int j, int n) const {
    int i = 0;
    for (; i + most_rows <= t_.m; i += most_rows) tile<most_rows, nj>(i, b, b_row, j, n);
    if constexpr (most_rows > 4) {
      for (; i + 4 <= t_.m; i += 4) tile<4, nj>(i, b, b_row, j, n);
    }
    for (; i < t_.m; ++i) tile<1, nj>(i, b, b_row, j, n);
  }

  template <int ni, int nj>
  [[gnu::noinline]] void tile(int i0, const R* b, long b_row, int j0, int n) const {
    using V = typename Lanes<R>::V;
    const R* a = t_.a + i0 * t_.a_row;
    const long a_row = t_.a_row, a_column = t_.a_column;
    V sums[ni][nj] = {};
    for (int k = 0; k < t_.k; ++k, a += a_column, b += b_row) {
      V right[nj];
#pragma GCC unroll 8
      for (int j = 0; j < nj; ++j) right[j] = *reinterpret_cast<const U*>(b + j * W);
#pragma GCC unroll 8
      for (int i = 0; i < ni; ++i) {
#pragma GCC unroll 8
        for (int j = 0; j < nj; ++j) sums[i][j] += a[i * a_row] * right[j];
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < ni; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < nj; ++j) store(sums[i][j], t_.c + (i0 + i) * t_.c_row + j0 + j * W, n - j0 - j * W);
    }
  }

  /// The first `n` of them.
  void store(typename Lanes<R>::V sum, R* to, int n) const {
    sum *= t_.scale;
    if (n >= W) {
      U* const all = reinterpret_cast<U*>(to);
      *all = t_.keep * *all + sum;
      return;
    }
    for (int j = 0; j < n; ++j) to[j] = t_.keep * to[j] + sum[j];
  }

  const ProductTask<R>& t_;
};

template <class R>
static std::size_t product_workspace(int n, int k) {
  return Product<R>::size(n, k);
}

template <class R>
static void multiply(const ProductTask<R>& task) {
  Product<R>(task).run();
}

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
