#include "sscha/anharmonic_averages.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/real.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "sscha/device_loop.hpp"

namespace zeropoint::sscha {
namespace {

constexpr std::int64_t bytes_of_products = 96 << 20;  // of each product of a piece of configurations
constexpr std::int64_t tile_rows = 256;               // what a thread takes at once

at::Tensor adjoint(const at::Tensor& matrix) { return matrix.conj().t(); }

}  // namespace

template <class Body>
void AnharmonicAverages::for_each_tile(Body&& body) const {
  const at::Device device = samples_.population().device();
  const std::int64_t rows = device.is_cpu() ? tile_rows : space_.size();
  if (space_.size() == 0) return;
  for_each_item(device, (space_.size() + rows - 1) / rows,
                [&](std::int64_t tile) { body(tile * rows, std::min(space_.size(), (tile + 1) * rows)); });
}

std::int64_t AnharmonicAverages::piece_size() const {
  const std::int64_t row = std::max<std::int64_t>(space_.size(), 1) * 16;
  return std::max<std::int64_t>(bytes_of_products / row, 64);
}

bool AnharmonicAverages::at_gamma() const { return space_.iq() == samples_.density().matrices().grid.gamma(); }

at::Tensor AnharmonicAverages::third() const {
  const ModeRows& rows = samples_.rows();
  const int iq = space_.iq(), gamma = samples_.density().matrices().grid.gamma();
  at::Tensor result = at::zeros({space_.size(), rows.count(iq)}, samples_.options());
  samples_.for_each_piece(piece_size(), [&](const ModeChunk& piece, std::int64_t) {
    const at::Tensor weights = piece.weights * (-1.0 / 3);
    const at::Tensor y = adjoint(rows.at(piece.y, iq) * weights), phi = adjoint(rows.at(piece.phi, iq) * weights);
    at::Tensor yy = at::empty({space_.size(), piece.weights.size(0)}, samples_.options()), yphi = at::empty_like(yy);
    for_each_tile([&](std::int64_t begin, std::int64_t end) {
      space_.put_products(piece, begin, end, yy, yphi);
      result.slice(0, begin, end).addmm_(yy.slice(0, begin, end), phi).addmm_(yphi.slice(0, begin, end), y);
    });
  });
  // v fbar^T and fbar v^T on the pairs (q, 0) and (0, q).
  const at::Tensor forces = moments_.forces / 3.0;
  const PairSpace::Block& block = space_.block_of(gamma);
  const std::int64_t n = rows.count(iq), n0 = rows.count(gamma);
  if (block.size > 0) {
    const at::Tensor one = at::eye(n, samples_.options());
    at::Tensor full = one.unsqueeze(1) * forces.view({1, n0, 1});  // [q, 0, v]
    if (at_gamma()) {
      full = full + full.transpose(0, 1);
    } else if (block.q1 == gamma) {
      full = full.transpose(0, 1);
    }
    at::Tensor addition = at::zeros_like(result);
    space_.put(full, block, addition);
    result += addition;
  }
  if (at_gamma()) result += space_.identity(samples_.options()).unsqueeze(1) * forces.conj().unsqueeze(0);
  return result;
}

at::Tensor AnharmonicAverages::gradient_vector() const {
  at::Tensor vector = at::zeros({space_.size(), 1}, samples_.options());
  for (const PairSpace::Block& block : space_.blocks()) {
    if (block.size > 0) space_.put(moments_.gradients[block.q1].unsqueeze(2), block, vector);
  }
  return vector;
}

void AnharmonicAverages::add_hermite_fourth(const at::Tensor& vectors, at::Tensor& result) const {
  at::Tensor addition = at::zeros_like(vectors);
  for (const PairSpace::Block& block : space_.blocks()) {
    if (block.size == 0) continue;
    const at::Tensor z = space_.expanded(vectors, block);
    const at::Tensor& k1 = moments_.gradients[block.q1];
    const at::Tensor& k2 = moments_.gradients[block.q2];
    const at::Tensor left = at::mm(k1, z.view({block.n1, -1})).view(z.sizes());
    space_.put(left.add_(at::matmul(k2, z)), block, addition);
  }
  if (at_gamma()) {
    const at::Tensor one = space_.identity(samples_.options()).unsqueeze(1), k = gradient_vector();
    addition.addmm_(one, at::mm(adjoint(k), vectors), 1, 0.5).addmm_(k, at::mm(adjoint(one), vectors), 1, 0.5);
  }
  result += addition;
}

at::Tensor AnharmonicAverages::fourth() const {
  at::Tensor half = at::zeros({space_.size(), space_.size()}, samples_.options());
  samples_.for_each_piece(piece_size(), [&](const ModeChunk& piece, std::int64_t) {
    at::Tensor yy = at::empty({space_.size(), piece.weights.size(0)}, samples_.options()), yphi = at::empty_like(yy);
    for_each_tile([&](std::int64_t begin, std::int64_t end) {
      space_.put_products(piece, begin, end, yy, yphi);
      yphi.slice(0, begin, end).mul_(piece.weights);
    });
    for_each_tile([&](std::int64_t begin, std::int64_t end) {
      half.slice(0, begin, end).addmm_(yy.slice(0, begin, end), adjoint(yphi), 1, -0.25);
    });
  });
  at::Tensor result = half + adjoint(half);
  if (hermite_fourth()) {
    constexpr std::int64_t panel = 512;
    for (std::int64_t begin = 0; begin < space_.size(); begin += panel) {
      const std::int64_t end = std::min(space_.size(), begin + panel);
      at::Tensor unit = at::zeros({space_.size(), end - begin}, samples_.options());
      unit.slice(0, begin, end).diagonal().fill_(1);
      at::Tensor columns = result.slice(1, begin, end);
      add_hermite_fourth(unit, columns);
    }
  }
  return result;
}

at::Tensor AnharmonicAverages::apply_fourth(const at::Tensor& vectors) const {
  at::Tensor result = at::zeros_like(vectors);
  samples_.for_each_piece(piece_size(), [&](const ModeChunk& piece, std::int64_t) {
    at::Tensor yy = at::empty({space_.size(), piece.weights.size(0)}, samples_.options()), yphi = at::empty_like(yy);
    for_each_tile([&](std::int64_t begin, std::int64_t end) { space_.put_products(piece, begin, end, yy, yphi); });
    const at::Tensor weights = (piece.weights * -0.25).unsqueeze(1);
    at::Tensor s = at::empty({yy.size(1), vectors.size(1)}, samples_.options()), p = at::empty_like(s);
    // Threads share configurations here and pairs below, so that no sum is split.
    const at::Device device = yy.device();
    const std::int64_t n = yy.size(1), share = device.is_cpu() ? std::max<std::int64_t>((n + 7) / 8, 32) : n;
    for_each_item(device, (n + share - 1) / share, [&](std::int64_t i) {
      const std::int64_t begin = i * share, end = std::min(n, begin + share);
      const at::Tensor w = weights.slice(0, begin, end);
      s.slice(0, begin, end).copy_(at::mm(adjoint(yy.slice(1, begin, end)), vectors).mul_(w));
      p.slice(0, begin, end).copy_(at::mm(adjoint(yphi.slice(1, begin, end)), vectors).mul_(w));
    });
    for_each_tile([&](std::int64_t begin, std::int64_t end) {
      result.slice(0, begin, end).addmm_(yy.slice(0, begin, end), p).addmm_(yphi.slice(0, begin, end), s);
    });
  });
  if (hermite_fourth()) add_hermite_fourth(vectors, result);
  return result;
}

at::Tensor AnharmonicAverages::contributions(const at::Tensor& u, const at::Tensor& x, int order) const {
  const ModeRows& rows = samples_.rows();
  const phonons::QGrid& grid = samples_.density().matrices().grid;
  const int iq = space_.iq(), gamma = grid.gamma();
  const std::int64_t m = u.size(1);
  const at::TensorOptions real = samples_.options().dtype(at::kDouble);
  at::Tensor result = at::empty({samples_.population().size(), m}, real);

  // Linear forms of the Hermite terms: g^T phi(0), <1, u>, and phi^dagger M y at each q.
  at::Tensor force_form, trace;
  std::vector<at::Tensor> gradient_forms;
  if (const PairSpace::Block& block = space_.block_of(gamma); block.size > 0) {
    at::Tensor full = space_.expanded(u, block);  // [q, 0, m]
    if (block.q1 == gamma && iq != gamma) full = full.transpose(0, 1);
    force_form = (x.unsqueeze(1) * full.conj()).sum(0).mul(2);  // [modes at 0, m]
  }
  if (at_gamma()) trace = (space_.identity(samples_.options()).unsqueeze(1) * u).sum(0);  // [m]
  for (int q1 = 0; order == 4 && hermite_fourth() && q1 < grid.size(); ++q1) {
    const PairSpace::Block& block = space_.block_of(q1);
    if (block.size == 0) {
      gradient_forms.emplace_back();
      continue;
    }
    at::Tensor full = space_.expanded(u, block);
    if (block.q1 != q1) full = full.transpose(0, 1);
    full = full.permute({2, 0, 1}).contiguous();  // [m, q1, q2]
    at::Tensor form = at::matmul(full, full.conj().transpose(1, 2)).mul(2);
    if (at_gamma()) form = form + trace.conj().view({m, 1, 1}) * full;
    gradient_forms.push_back(
        (0.5 * (form + form.conj().transpose(1, 2))).reshape({m * rows.count(q1), rows.count(q1)}));
  }
  const auto real_part = [](const at::Tensor& z) { return z.is_complex() ? at::real(z) : z; };
  const std::int64_t most = std::min<std::int64_t>(piece_size(), 1024);
  samples_.for_each_piece(most, [&](const ModeChunk& piece, std::int64_t first) {
    const std::int64_t n_all = piece.weights.size(0);
    const at::Device device = u.device();
    const std::int64_t share = device.is_cpu() ? std::max<std::int64_t>((n_all + 7) / 8, 16) : n_all;
    for_each_item(device, (n_all + share - 1) / share, [&](std::int64_t item) {
      const std::int64_t begin = item * share, end = std::min(n_all, begin + share);
      const ModeChunk part{piece.y.slice(1, begin, end).contiguous(), piece.phi.slice(1, begin, end).contiguous(), {}};
      const at::Tensor yy = at::empty({space_.size(), end - begin}, samples_.options()), yphi = at::empty_like(yy);
      space_.put_products(part, 0, space_.size(), yy, yphi);
      const at::Tensor s = at::mm(adjoint(yy), u), p = at::mm(adjoint(yphi), u);  // [c, m]
      const at::Tensor a = at::mm(adjoint(rows.at(part.phi, iq)), x), b = at::mm(adjoint(rows.at(part.y, iq)), x);
      at::Tensor third = (s.conj() * a + p.conj() * b).mul(-1.0 / 3);
      const at::Tensor phi0 = rows.at(part.phi, gamma);
      if (force_form.defined()) third = third + at::mm(phi0.t(), force_form).mul(1.0 / 3);
      if (trace.defined()) third = third + a * trace.conj().mul(1.0 / 3);
      at::Tensor sum = real_part(third).mul(-2);
      if (order == 4) {
        sum = sum - real_part(s.conj() * p).mul(0.5);
        for (std::size_t q1 = 0; q1 < gradient_forms.size(); ++q1) {
          const std::int64_t n1 = rows.count(static_cast<int>(q1));
          if (!gradient_forms[q1].defined()) continue;
          const at::Tensor my =
              at::mm(gradient_forms[q1], rows.at(part.y, static_cast<int>(q1))).view({m, n1, end - begin});
          sum = sum + real_part((my * rows.at(part.phi, static_cast<int>(q1)).conj()).sum(1)).t();
        }
      }
      result.slice(0, first + begin, first + end).copy_(sum);
    });
  });
  return result;
}

}  // namespace zeropoint::sscha
