#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "phonons/q_grid.hpp"
#include "sscha/mode_samples.hpp"

namespace zeropoint::sscha {

/// Pairs of modes whose q points add up to one q: Z^{(q1,q2)}_{mu nu}, q1 + q2 = q modulo G.
///
/// Everything in this space is symmetric under exchange, Z^{(q2,q1)} = transpose of Z^{(q1,q2)} (no conjugation), so
/// that each unordered pair {mu q1, nu q2} is kept once, times sqrt2 unless its two modes are the same one: then
///   sum_k conj(x_k) z_k = sum over all (q1, mu, nu) of conj(X) Z.
/// A vector is a column of [size, m].
class PairSpace {
 public:
  /// Pairs of two q points, q1 <= q2 in the grid: row a n2 + b, or of q1 = q2 the upper triangle row by row.
  struct Block {
    int q1, q2;
    std::int64_t n1, n2, offset, size;
  };

  PairSpace(const ModeRows& rows, const phonons::QGrid& grid, int iq, at::Device device);

  int iq() const { return iq_; }
  std::int64_t size() const { return size_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  /// The block in which a q point occurs, as the first or the second.
  const Block& block_of(int q) const { return blocks_[block_of_[static_cast<std::size_t>(q)]]; }

  /// All of a block, Z^{(q1,q2)} of each column: [n1, n2, m].
  at::Tensor expanded(const at::Tensor& vectors, const Block& block) const;
  /// The reverse; of q1 = q2 the upper triangle alone is read.
  void put(const at::Tensor& full, const Block& block, at::Tensor& vectors) const;

  /// Products of two modes of each configuration, written to rows begin <= k < end of [size, c]:
  /// yy = y(q1) y(q2)^T and yphi = y(q1) phi(q2)^T + phi(q1) y(q2)^T.
  void put_products(const ModeChunk& chunk, std::int64_t begin, std::int64_t end, const at::Tensor& yy,
                    const at::Tensor& yphi) const;

  /// Z^{(q1,-q1)} = 1 of the space at q = 0, [size].
  at::Tensor identity(const at::TensorOptions& options) const;
  /// Multiplies by sqrt2 or 1, divides: between elements of Z and rows, [size] float64.
  const at::Tensor& scale() const { return scale_; }

 private:
  /// Pairs of one mode with neighbours, the first of which may be itself.
  struct Run {
    std::int64_t offset, mode, first_partner, length;
    bool from_itself;
  };

  int iq_;
  std::int64_t size_ = 0;
  std::vector<Run> runs_;
  std::vector<Block> blocks_;
  std::vector<int> block_of_;
  at::Tensor row1_, row2_, scale_, same_mode_;
  std::vector<at::Tensor> triangle_,
      square_;  // of blocks q1 = q2: places of the triangle in the square, and the reverse
};

}  // namespace zeropoint::sscha
