#include "mlp/power_spectrum.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace zeropoint::mlp {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t most_channels = 32, atoms_a_piece = 64;

int order_of(const at::Tensor& channels) { return static_cast<int>(std::lround(std::sqrt(static_cast<double>(channels.size(1))))) - 1; }

std::int64_t n_pairs(std::int64_t n, bool diagonal) { return diagonal ? n : n * (n + 1) / 2; }

// G_l,nn'(B, C) = sum_m (B_n C_n' + B_n' C_n)/2/(2l + 1). The channel number is known when the loops are compiled.
template <class Real, int n>
void gram_of_atom(const Real* b, const Real* c, int order, bool diagonal, Real* out) {
  for (int l = 0; l <= order; ++l) {
    Real sums[n][n] = {};
    for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm) {
      for (int i = 0; i < n; ++i) {
        for (int j = 0; j < n; ++j) sums[i][j] += b[lm * n + i] * c[lm * n + j];
      }
    }
    const Real factor = Real{1} / static_cast<Real>(2 * l + 1);
    for (int i = 0; i < n; ++i) {
      for (int j = i; j < (diagonal ? i + 1 : n); ++j) *out++ = factor * (sums[i][j] + sums[j][i]) / 2;
    }
  }
}

// H_lm,n(g, C) = sum_n' S(g)_l,nn' C_lm,n'/(2l + 1), S symmetric with g on its diagonal and g/2 beside it: the derivative of
// g.G(B, C) with respect to B.
template <class Real, int n>
void product_of_atom(const Real* g, const Real* c, int order, bool diagonal, Real* out) {
  for (int l = 0; l <= order; ++l) {
    const Real factor = Real{1} / static_cast<Real>(2 * l + 1);
    Real s[n][n] = {};
    for (int i = 0; i < n; ++i) {
      s[i][i] = factor * *g++;
      for (int j = i + 1; j < (diagonal ? 0 : n); ++j) s[i][j] = s[j][i] = factor * *g++ / 2;
    }
    for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm) {
      Real row[n] = {};
      for (int j = 0; j < n; ++j) {
        for (int i = 0; i < n; ++i) row[i] += s[j][i] * c[lm * n + j];
      }
      std::copy_n(row, n, out + lm * n);
    }
  }
}

/// Calls body(type, number of channels) with both as compile-time constants.
template <class Body>
void dispatch(const at::Tensor& channels, const Body& body) {
  const auto with_number = [&](auto zero) {
    switch (channels.size(2)) {
#define ZEROPOINT_CHANNELS(n) \
  case n: return body(zero, std::integral_constant<int, n>{})
      ZEROPOINT_CHANNELS(1);
      ZEROPOINT_CHANNELS(2);
      ZEROPOINT_CHANNELS(4);
      ZEROPOINT_CHANNELS(6);
      ZEROPOINT_CHANNELS(8);
      ZEROPOINT_CHANNELS(10);
      ZEROPOINT_CHANNELS(12);
      ZEROPOINT_CHANNELS(16);
      ZEROPOINT_CHANNELS(24);
      ZEROPOINT_CHANNELS(32);
#undef ZEROPOINT_CHANNELS
      default: throw InputError{"{} channels: 1, 2, 4, 6, 8, 10, 12, 16, 24 or 32 are possible", channels.size(2)};
    }
  };
  return channels.scalar_type() == at::kFloat ? with_number(float{}) : with_number(double{});
}

template <class Body>
void for_atoms(std::int64_t n, const Body& body) {
  parallel_for((n + atoms_a_piece - 1) / atoms_a_piece, [&](std::int64_t piece) {
    for (std::int64_t i = piece * atoms_a_piece; i < std::min((piece + 1) * atoms_a_piece, n); ++i) body(i);
  });
}

at::Tensor gram_values(const at::Tensor& b, const at::Tensor& c, bool diagonal) {
  const int order = order_of(b);
  const std::int64_t n = b.size(2), n_out = (order + 1) * n_pairs(n, diagonal), n_in = b.size(1) * n;
  at::Tensor out = at::empty({b.size(0), n_out}, b.options());
  dispatch(b, [&](auto zero, auto number) {
    using Real = decltype(zero);
    const Real *const pb = b.const_data_ptr<Real>(), *const pc = c.const_data_ptr<Real>();
    Real* const to = out.mutable_data_ptr<Real>();
    for_atoms(b.size(0),
              [&](std::int64_t i) { gram_of_atom<Real, number.value>(pb + i * n_in, pc + i * n_in, order, diagonal, to + i * n_out); });
  });
  return out;
}

at::Tensor product_values(const at::Tensor& g, const at::Tensor& c, bool diagonal) {
  const int order = order_of(c);
  const std::int64_t n = c.size(2), n_pair = g.size(1), n_in = c.size(1) * n;
  at::Tensor out = at::empty(c.sizes(), c.options());
  dispatch(c, [&](auto zero, auto number) {
    using Real = decltype(zero);
    const Real *const pg = g.const_data_ptr<Real>(), *const pc = c.const_data_ptr<Real>();
    Real* const to = out.mutable_data_ptr<Real>();
    for_atoms(c.size(0), [&](std::int64_t i) {
      product_of_atom<Real, number.value>(pg + i * n_pair, pc + i * n_in, order, diagonal, to + i * n_in);
    });
  });
  return out;
}

// Both are bilinear, and each is the derivative of the other.
struct Gram : torch::autograd::Function<Gram> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& b, const at::Tensor& c, bool diagonal);
  static variable_list backward(AutogradContext* context, const variable_list& gradients);
};

struct Product : torch::autograd::Function<Product> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& g, const at::Tensor& c, bool diagonal);
  static variable_list backward(AutogradContext* context, const variable_list& gradients);
};

/// G(B, B).
struct Square : torch::autograd::Function<Square> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& b, bool diagonal) {
    context->save_for_backward({b});
    context->saved_data["diagonal"] = diagonal;
    return gram_values(b.contiguous(), b.contiguous(), diagonal);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    return {Product::apply(2 * gradients[0], saved[0], context->saved_data["diagonal"].toBool()), at::Tensor()};
  }
};

at::Tensor Gram::forward(AutogradContext* context, const at::Tensor& b, const at::Tensor& c, bool diagonal) {
  context->save_for_backward({b, c});
  context->saved_data["diagonal"] = diagonal;
  return gram_values(b.contiguous(), c.contiguous(), diagonal);
}

variable_list Gram::backward(AutogradContext* context, const variable_list& gradients) {
  const variable_list saved = context->get_saved_variables();
  const bool diagonal = context->saved_data["diagonal"].toBool();
  variable_list result(3);
  if (context->needs_input_grad(0)) result[0] = Product::apply(gradients[0], saved[1], diagonal);
  if (context->needs_input_grad(1)) result[1] = Product::apply(gradients[0], saved[0], diagonal);
  return result;
}

at::Tensor Product::forward(AutogradContext* context, const at::Tensor& g, const at::Tensor& c, bool diagonal) {
  context->save_for_backward({g, c});
  context->saved_data["diagonal"] = diagonal;
  return product_values(g.contiguous(), c.contiguous(), diagonal);
}

variable_list Product::backward(AutogradContext* context, const variable_list& gradients) {
  const variable_list saved = context->get_saved_variables();
  const bool diagonal = context->saved_data["diagonal"].toBool();
  variable_list result(3);
  if (context->needs_input_grad(0)) result[0] = Gram::apply(gradients[0], saved[1], diagonal);
  if (context->needs_input_grad(1)) result[1] = Product::apply(saved[0], gradients[0], diagonal);
  return result;
}

}  // namespace

at::Tensor power_spectrum(const at::Tensor& channels, bool diagonal) { return Square::apply(channels, diagonal); }

}  // namespace zeropoint::mlp
