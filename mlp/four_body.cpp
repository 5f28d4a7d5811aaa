#include "mlp/four_body.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/parallel.hpp"
#include "mlp/atom_batch.hpp"
#include "mlp/best_processor.hpp"
#include "mlp/channel_mixing.hpp"
#include "mlp/spherical_harmonics.hpp"

namespace zeropoint::mlp {
namespace {

// Gauss-Legendre on [-1, 1], 5 points: exact for polynomials of degree 9 in z; the weights add up to 2.
constexpr std::array nodes{-0.90617984593866399280, -0.53846931010568309104, 0.0, 0.53846931010568309104,
                           0.90617984593866399280};
constexpr std::array node_weights{0.23692688505618908751, 0.47862867049936646804, 0.56888888888888888889,
                                  0.47862867049936646804, 0.23692688505618908751};
constexpr int n_azimuths = 10;

constexpr std::int64_t atoms_a_piece = 64;

/// Mean over directions of Y_i Y_j Y_k.
struct Coupling {
  int i, j, k;
  double value;
};

/// All that are not zero, in the order of i; n is 1, 4, 9 or 16.
const std::vector<Coupling>& couplings_of(int n) {
  static const std::array<std::vector<Coupling>, 4> all = [] {
    std::array<std::vector<Coupling>, 4> tables;
    for (int order = 0; order < 4; ++order) {
      const at::Tensor grid = four_body_harmonics(order);
      const at::Tensor y = grid.narrow(1, 0, grid.size(1) - 1);
      const at::Tensor means = at::einsum("g,gi,gj,gk->ijk", {grid.select(1, grid.size(1) - 1), y, y, y}).contiguous();
      const double* value = means.const_data_ptr<double>();
      const int size = (order + 1) * (order + 1);
      for (int i = 0; i < size; ++i) {
        for (int j = 0; j < size; ++j) {
          for (int k = 0; k < size; ++k, ++value) {
            if (std::abs(*value) > 1e-12) tables[at_place(order)].push_back({i, j, k, *value});
          }
        }
      }
    }
    return tables;
  }();
  return all[at_place(static_cast<int>(std::lround(std::sqrt(n))) - 1)];
}

/// The columns from `p` on, `width` of them, of an atom.
template <int width, class Real>
ZEROPOINT_INLINE void products_of_columns(const Real* u, const Real* v, std::int64_t n_used, std::int64_t n_terms,
                                          std::int64_t p, const Coupling* begin, const Coupling* end, Real* out) {
  const std::int64_t row = 3 * n_terms;
  for (int a = 0; a < 3; ++a) {
    const std::int64_t b = (a + 1) % 3 * n_terms + p, c = (a + 2) % 3 * n_terms + p;
    const Coupling* next = begin;
    for (std::int64_t i = 0; i < n_used; ++i) {
      Real sums[width] = {};
      for (; next != end && next->i == i; ++next) {
        const Real value = static_cast<Real>(next->value);
        const Real *const ub = u + next->j * row + b, *const vc = v + next->k * row + c;
        const Real *const vb = v + next->j * row + b, *const uc = u + next->k * row + c;
        for (int w = 0; w < width; ++w) sums[w] += value * (ub[w] * vc[w] + vb[w] * uc[w]);
      }
      for (int w = 0; w < width; ++w) out[i * row + a * n_terms + p + w] = sums[w];
    }
  }
}

#define ZEROPOINT_PRODUCTS(Real)                                                                                  \
  ZEROPOINT_BEST_PROCESSOR void products_##Real(const Real* u, const Real* v, std::int64_t n_atoms,               \
                                                std::int64_t n_used, std::int64_t n_terms, const Coupling* begin, \
                                                const Coupling* end, Real* out) {                                 \
    for (std::int64_t atom = 0; atom < n_atoms; ++atom) {                                                         \
      const std::int64_t at = atom * n_used * 3 * n_terms;                                                        \
      std::int64_t p = 0;                                                                                         \
      for (; p + 16 <= n_terms; p += 16)                                                                          \
        products_of_columns<16>(u + at, v + at, n_used, n_terms, p, begin, end, out + at);                        \
      for (; p + 8 <= n_terms; p += 8)                                                                            \
        products_of_columns<8>(u + at, v + at, n_used, n_terms, p, begin, end, out + at);                         \
      for (; p < n_terms; ++p) products_of_columns<1>(u + at, v + at, n_used, n_terms, p, begin, end, out + at);  \
    }                                                                                                             \
  }
ZEROPOINT_PRODUCTS(float)
ZEROPOINT_PRODUCTS(double)

}  // namespace

at::Tensor four_body_harmonics(int angular_order) {
  const int order = std::min(3, angular_order), n = (order + 1) * (order + 1);
  const SphericalHarmonics<double> harmonics(order);
  const std::int64_t n_points = static_cast<std::int64_t>(nodes.size()) * n_azimuths;
  at::Tensor table = at::empty({n_points, n + 1}, at::kDouble);
  double* row = table.mutable_data_ptr<double>();
  std::array<double, 3 * 16> gradients;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (int k = 0; k < n_azimuths; ++k, row += n + 1) {
      const double phi = 2 * std::numbers::pi * k / n_azimuths, across = std::sqrt(1 - nodes[i] * nodes[i]);
      harmonics(across * std::cos(phi), across * std::sin(phi), nodes[i], row, gradients.data());
      row[n] = node_weights[i] / 2 / n_azimuths;
    }
  }
  return table;
}

at::Tensor four_body_terms(const at::Tensor& channels, const at::Tensor& weights, const at::Tensor& harmonics) {
  const std::int64_t n = harmonics.size(1) - 1;
  const at::Tensor used = channels.narrow(1, 0, n), y = harmonics.narrow(1, 0, n);
  const auto on_grid = [&](std::int64_t a) {
    return at::matmul(y, mix(used, weights.select(-3, a)));
  };  // [n_atoms, 50, n_terms]
  return at::matmul(harmonics.select(1, n), on_grid(0) * on_grid(1) * on_grid(2));
}

at::Tensor mixed_products_by_tensors(const at::Tensor& u, const at::Tensor& v, const at::Tensor& harmonics) {
  const std::int64_t n = harmonics.size(1) - 1;
  const at::Tensor y = harmonics.narrow(1, 0, n), back = (y * harmonics.narrow(1, n, 1)).t();
  const std::vector<at::Tensor> on_u = at::matmul(y, u).chunk(3, 2), on_v = at::matmul(y, v).chunk(3, 2);
  std::vector<at::Tensor> products;
  for (std::size_t a = 0; a < 3; ++a) {
    const std::size_t b = (a + 1) % 3, c = (a + 2) % 3;
    products.push_back(on_u[b] * on_v[c] + on_v[b] * on_u[c]);
  }
  return at::matmul(back, at::cat(products, 2));
}

at::Tensor mixed_products(const at::Tensor& u, const at::Tensor& v, const at::Tensor& harmonics) {
  if (!u.is_cpu()) return mixed_products_by_tensors(u, v, harmonics);
  const at::Tensor from_u = u.contiguous(), from_v = v.contiguous();
  at::Tensor out = at::empty(from_u.sizes(), from_u.options());
  const std::vector<Coupling>& couplings = couplings_of(static_cast<int>(u.size(1)));
  const auto run = [&](auto zero, auto* kernel) {
    using Real = decltype(zero);
    const std::int64_t n = u.size(1) * u.size(2);
    parallel_for((u.size(0) + atoms_a_piece - 1) / atoms_a_piece, [&](std::int64_t piece) {
      const std::int64_t begin = piece * atoms_a_piece, count = std::min(atoms_a_piece, u.size(0) - begin);
      kernel(from_u.const_data_ptr<Real>() + begin * n, from_v.const_data_ptr<Real>() + begin * n, count, u.size(1),
             u.size(2) / 3, couplings.data(), couplings.data() + couplings.size(),
             out.mutable_data_ptr<Real>() + begin * n);
    });
  };
  u.scalar_type() == at::kFloat ? run(float{}, products_float) : run(double{}, products_double);
  return out;
}

FourBodyPass::FourBodyPass(const at::Tensor& channels, const at::Tensor& weights, const at::Tensor& harmonics)
    : n_harmonics_(channels.size(1)),
      n_terms_(weights.size(-1)),
      harmonics_(harmonics),
      weights_(weights.movedim(-3, -2).flatten(-2)),
      channels_(used(channels)),
      factors_(mix(channels_, weights_)),
      others_(mixed_products(factors_, factors_, harmonics) * 0.5) {}

at::Tensor FourBodyPass::used(const at::Tensor& channels) const {
  return channels.narrow(1, 0, harmonics_.size(1) - 1).contiguous();
}

at::Tensor FourBodyPass::to_channels(const at::Tensor& by_factors) const {
  return at::constant_pad_nd(mix(by_factors, weights_.transpose(-2, -1)), {0, 0, 0, n_harmonics_ - by_factors.size(1)});
}

at::Tensor FourBodyPass::terms() const {
  return (factors_.narrow(2, 0, n_terms_) * others_.narrow(2, 0, n_terms_)).sum(1);
}

at::Tensor FourBodyPass::gradient(const at::Tensor& g) const {
  return to_channels(others_ * g.repeat({1, 3}).unsqueeze(1));
}

at::Tensor FourBodyPass::tangent(const at::Tensor& channels_dot) const {
  return (others_ * mix(used(channels_dot), weights_)).sum(1).view({-1, 3, n_terms_}).sum(1);
}

FourBodyPass::Second FourBodyPass::second(const at::Tensor& q_bar, const at::Tensor& g,
                                          const at::Tensor& channels_dot) const {
  const at::Tensor dots = used(channels_dot), around = g.repeat({1, 3}).unsqueeze(1), by_dots = others_ * around;
  const at::Tensor bars = at::addcmul(others_ * q_bar.repeat({1, 3}).unsqueeze(1),
                                      mixed_products(factors_, mix(dots, weights_), harmonics_), around);
  const at::Tensor by_weights = mixing_gradient(channels_, bars, weights_) + mixing_gradient(dots, by_dots, weights_);
  return {to_channels(bars), by_weights.unflatten(-1, {3, n_terms_}).movedim(-2, -3)};
}

}  // namespace zeropoint::mlp
