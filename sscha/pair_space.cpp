#include "sscha/pair_space.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <numbers>

#include "core/error.hpp"

namespace zeropoint::sscha {
PairSpace::PairSpace(const ModeRows& rows, const phonons::QGrid& grid, int iq, at::Device device)
    : iq_(iq), block_of_(static_cast<std::size_t>(grid.size()), -1) {
  std::vector<std::int64_t> row1, row2;
  std::vector<double> scale, same;
  for (int q1 = 0; q1 < grid.size(); ++q1) {
    const int q2 = grid.find(grid.points()[iq] - grid.points()[q1]);
    if (q2 < 0) throw InternalError{"q point {} less q point {} is not in the grid", iq + 1, q1 + 1};
    if (q2 < q1) continue;
    const std::int64_t n1 = rows.count(q1), n2 = rows.count(q2), offset = size_;
    const std::int64_t first1 = rows.first[q1], first2 = rows.first[q2];
    std::vector<std::int64_t> triangle, square(q1 == q2 ? static_cast<std::size_t>(n1 * n1) : 0);
    for (std::int64_t a = 0; a < n1; ++a) {
      const std::int64_t b0 = q1 == q2 ? a : 0;
      if (b0 < n2) runs_.push_back({size_, first1 + a, first2 + b0, n2 - b0, q1 == q2});
      for (std::int64_t b = q1 == q2 ? a : 0; b < n2; ++b) {
        if (q1 == q2) {
          square[a * n1 + b] = square[b * n1 + a] = size_ - offset;
          triangle.push_back(a * n1 + b);
        }
        row1.push_back(first1 + a);
        row2.push_back(first2 + b);
        scale.push_back(q1 == q2 && a == b ? 1.0 : std::numbers::sqrt2);
        same.push_back(a == b ? 1.0 : 0.0);
        ++size_;
      }
    }
    block_of_[q1] = block_of_[q2] = static_cast<int>(blocks_.size());
    blocks_.push_back({q1, q2, n1, n2, offset, size_ - offset});
    triangle_.push_back(at::tensor(triangle).to(device));
    square_.push_back(at::tensor(square).to(device));
  }
  row1_ = at::tensor(row1).to(device);
  row2_ = at::tensor(row2).to(device);
  scale_ = at::tensor(scale).to(device);
  same_mode_ = at::tensor(same).to(device);
}

at::Tensor PairSpace::expanded(const at::Tensor& vectors, const Block& block) const {
  const at::Tensor rows = vectors.slice(0, block.offset, block.offset + block.size) /
                          scale_.slice(0, block.offset, block.offset + block.size).unsqueeze(1);
  if (block.q1 != block.q2) return rows.view({block.n1, block.n2, vectors.size(1)});
  const at::Tensor& square = square_[&block - blocks_.data()];
  return rows.index_select(0, square).view({block.n1, block.n2, vectors.size(1)});
}

void PairSpace::put(const at::Tensor& full, const Block& block, at::Tensor& vectors) const {
  at::Tensor rows = full.reshape({block.n1 * block.n2, vectors.size(1)});
  if (block.q1 == block.q2) rows = rows.index_select(0, triangle_[&block - blocks_.data()]);
  vectors.slice(0, block.offset, block.offset + block.size)
      .copy_(rows * scale_.slice(0, block.offset, block.offset + block.size).unsqueeze(1));
}

void PairSpace::put_products(const ModeChunk& chunk, std::int64_t begin, std::int64_t end, const at::Tensor& yy,
                             const at::Tensor& yphi) const {
  if (!chunk.y.device().is_cpu()) {  // few large operations
    const at::Tensor i1 = row1_.slice(0, begin, end), i2 = row2_.slice(0, begin, end);
    const at::Tensor factor = scale_.slice(0, begin, end).unsqueeze(1);
    const at::Tensor y1 = chunk.y.index_select(0, i1).mul_(factor), y2 = chunk.y.index_select(0, i2);
    at::Tensor mixed = chunk.phi.index_select(0, i1).mul_(factor).mul_(y2);
    yy.slice(0, begin, end).copy_(y1 * y2);
    yphi.slice(0, begin, end).copy_(mixed.addcmul_(y1, chunk.phi.index_select(0, i2)));
    return;
  }
  // Once through memory for each product: it is what this costs.
  auto run =
      std::upper_bound(runs_.begin(), runs_.end(), begin, [](std::int64_t k, const Run& r) { return k < r.offset; });
  if (run != runs_.begin()) --run;
  for (; run != runs_.end() && run->offset < end; ++run) {
    const std::int64_t from = std::max(begin, run->offset), to = std::min(end, run->offset + run->length);
    if (from >= to) continue;
    const std::int64_t partner = run->first_partner + from - run->offset;
    const at::Tensor y2 = chunk.y.slice(0, partner, partner + to - from),
                     phi2 = chunk.phi.slice(0, partner, partner + to - from);
    const at::Tensor y1 = chunk.y.select(0, run->mode) * std::numbers::sqrt2,
                     phi1 = chunk.phi.select(0, run->mode) * std::numbers::sqrt2;
    at::Tensor here = yy.slice(0, from, to), mixed = yphi.slice(0, from, to);
    at::mul_out(here, y2, y1);
    at::mul_out(mixed, phi2, y1);
    mixed.addcmul_(y2, phi1);
    if (run->from_itself && from == run->offset) {
      here.select(0, 0).mul_(std::numbers::sqrt2 / 2);
      mixed.select(0, 0).mul_(std::numbers::sqrt2 / 2);
    }
  }
}

at::Tensor PairSpace::identity(const at::TensorOptions& options) const {
  return (scale_ * same_mode_).to(options.dtype());
}

}  // namespace zeropoint::sscha
