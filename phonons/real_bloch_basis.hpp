#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "phonons/q_grid.hpp"

namespace zeropoint::phonons {

/// An orthogonal, real basis of supercell displacements, block-diagonal for everything that is periodic.
///
/// A point q = -q + G contributes u(q), which is real: a block of n rows. A pair (q, -q) contributes
/// sqrt2 (Re u(q), Im u(q)): a block of 2n rows. Real blocks first, then pairs, so that
///   rows:  [ q real: n | ... | pair: Re n, Im n | ... ]      M = n n_q rows in all,
/// and a Hermitian A(q) acts on its pair as [[Re A, -Im A], [Im A, Re A]]. Norms and products are those of the
/// supercell.
class RealBlochBasis {
 public:
  struct Block {
    int iq;  ///< the point, or the first of the pair, in the grid
    bool pair;
    int first_row;  ///< of the [M] rows
    int size;       ///< n or 2n
  };
  /// A run of blocks of one size, worked on in one batched call.
  struct Slab {
    int first_block, n_blocks, block_size, first_row;
    int n_rows() const { return n_blocks * block_size; }
  };

  RealBlochBasis(const QGrid& grid, int n_modes);

  int n_modes() const { return n_modes_; }  ///< n = 3 n_atoms of the unit cell
  int n_rows() const { return n_modes_ * n_cells_; }
  const std::vector<Block>& blocks() const { return blocks_; }
  /// At most four slabs of each kind, whatever the number of threads.
  const std::vector<Slab>& slabs() const { return slabs_; }
  /// The block of q = 0 is the first.
  const Block& gamma() const { return blocks_.front(); }

  /// [c, M] supercell vectors (cell slowest, as in Supercell) to [M, c] in this basis; same device.
  at::Tensor transform(const at::Tensor& vectors) const;
  /// The same into `coordinates` [M, c], contiguous.
  void transform(const at::Tensor& vectors, at::Tensor coordinates) const;
  /// The inverse: [M, c] in this basis to [c, M] supercell vectors.
  at::Tensor inverse(const at::Tensor& coordinates) const;

  /// Square matrices (n, n), one per q of the grid, as real blocks of one slab: [n_blocks, size, size], float64, CPU.
  at::Tensor real_blocks(const std::vector<Eigen::MatrixXcd>& matrices, const Slab& slab) const;
  /// The reverse for sums over configurations: [n_blocks, size, size] of any real matrices (each contiguous) to the
  /// complex (n, n) of each q of the slab; what is not of the form [[A, -B], [B, A]] averages out over the phases of
  /// the pair.
  void add_complex_blocks(const at::Tensor& real, const Slab& slab, std::vector<Eigen::MatrixXcd>& matrices) const;

 private:
  int n_modes_, n_cells_;
  std::vector<Block> blocks_;
  std::vector<Slab> slabs_;
  at::Tensor cells_;  // [n_cells, n_cells] orthogonal, rows as above, columns cells in the order of Supercell
};

}  // namespace zeropoint::phonons
