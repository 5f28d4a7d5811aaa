#include "phonons/real_bloch_basis.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <cmath>
#include <numbers>

namespace zeropoint::phonons {
namespace {

constexpr int slabs_per_kind = 4;

}  // namespace

RealBlochBasis::RealBlochBasis(const QGrid& grid, int n_modes) : n_modes_(n_modes), n_cells_(grid.size()) {
  const Eigen::Vector3i& n = grid.divisions();
  cells_ = at::empty({n_cells_, n_cells_}, at::kDouble);
  auto entry = cells_.accessor<double, 2>();
  int row = 0;
  for (const bool pairs : {false, true}) {
    std::vector<int> members;
    if (!pairs) members.push_back(grid.gamma());
    for (const int iq : grid.independent()) {
      if (iq != grid.gamma() && grid.is_real(iq) != pairs) members.push_back(iq);
    }
    const int first_block = static_cast<int>(blocks_.size());
    for (const int iq : members) {
      blocks_.push_back({iq, pairs, row * n_modes, pairs ? 2 * n_modes : n_modes});
      const Eigen::Vector3i k = grid.integers(iq);
      for (int cell = 0; cell < n_cells_; ++cell) {
        const int r[3] = {cell / (n[1] * n[2]), cell / n[2] % n[1], cell % n[2]};
        double turns = 0;  // q.R
        for (int axis = 0; axis < 3; ++axis) turns += static_cast<double>(k[axis] * r[axis] % n[axis]) / n[axis];
        turns -= std::floor(turns);
        const double angle = 2 * std::numbers::pi * turns;
        const double scale = std::sqrt((pairs ? 2.0 : 1.0) / n_cells_);
        if (pairs) {
          entry[row][cell] = scale * std::cos(angle);
          entry[row + 1][cell] = -scale * std::sin(angle);
        } else {
          entry[row][cell] = turns > 0.25 && turns < 0.75 ? -scale : scale;
        }
      }
      row += pairs ? 2 : 1;
    }
    const int n_blocks = static_cast<int>(members.size());
    const int n_slabs = std::min(slabs_per_kind, n_blocks);
    for (int i = 0; i < n_slabs; ++i) {
      const int begin = first_block + i * n_blocks / n_slabs, end = first_block + (i + 1) * n_blocks / n_slabs;
      const Block& first = blocks_[begin];
      slabs_.push_back({begin, end - begin, first.size, first.first_row});
    }
  }
}

at::Tensor RealBlochBasis::transform(const at::Tensor& vectors) const {
  at::Tensor coordinates = at::empty({n_rows(), vectors.size(0)}, vectors.options());
  transform(vectors, coordinates);
  return coordinates;
}

void RealBlochBasis::transform(const at::Tensor& vectors, at::Tensor coordinates) const {
  const std::int64_t n_config = vectors.size(0);
  const at::Tensor by_cell =
      vectors.reshape({n_config, n_rows()}).t().contiguous().view({n_cells_, n_modes_ * n_config});
  at::Tensor result = coordinates.view({n_cells_, n_modes_ * n_config});
  at::mm_out(result, cells_.to(vectors.device()), by_cell);
}

at::Tensor RealBlochBasis::inverse(const at::Tensor& coordinates) const {
  const std::int64_t n_config = coordinates.size(1);
  const at::Tensor by_row = coordinates.contiguous().view({n_cells_, n_modes_ * n_config});
  return at::mm(cells_.to(coordinates.device()).t(), by_row).view({n_rows(), n_config}).t().contiguous();
}

at::Tensor RealBlochBasis::real_blocks(const std::vector<Eigen::MatrixXcd>& matrices, const Slab& slab) const {
  at::Tensor real = at::empty({slab.n_blocks, slab.block_size, slab.block_size}, at::kDouble);
  using Row = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  for (int i = 0; i < slab.n_blocks; ++i) {
    const Block& block = blocks_[slab.first_block + i];
    const Eigen::MatrixXcd& matrix = matrices[block.iq];
    Eigen::Map<Row> to(real.data_ptr<double>() + static_cast<std::int64_t>(i) * slab.block_size * slab.block_size,
                       slab.block_size, slab.block_size);
    const int n = n_modes_;
    to.topLeftCorner(n, n) = matrix.real();
    if (block.pair) {
      to.bottomRightCorner(n, n) = matrix.real();
      to.topRightCorner(n, n) = -matrix.imag();
      to.bottomLeftCorner(n, n) = matrix.imag();
    }
  }
  return real;
}

void RealBlochBasis::add_complex_blocks(const at::Tensor& real, const Slab& slab,
                                        std::vector<Eigen::MatrixXcd>& matrices) const {
  const at::Tensor host = real.cpu();
  for (int i = 0; i < slab.n_blocks; ++i) {
    const Block& block = blocks_[slab.first_block + i];
    const double* const from = host.const_data_ptr<double>() + i * host.stride(0);
    Eigen::MatrixXcd& matrix = matrices[block.iq];
    const std::int64_t n = n_modes_, size = slab.block_size;
    for (std::int64_t x = 0; x < n; ++x) {
      const double *const real_row = from + x * size, *const imaginary_row = from + (x + n) * size;
      for (std::int64_t y = 0; y < n; ++y) {
        matrix(x, y) += block.pair ? std::complex{0.5 * (real_row[y] + imaginary_row[y + n]),
                                                  0.5 * (imaginary_row[y] - real_row[y + n])}
                                   : std::complex{real_row[y], 0.0};
      }
    }
  }
}

}  // namespace zeropoint::phonons
