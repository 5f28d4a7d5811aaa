#include "mlp/power_spectrum.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/triu_indices.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "mlp/best_processor.hpp"

namespace zeropoint::mlp {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t atoms_a_piece = 64;

int order_of(const at::Tensor& channels) {
  return static_cast<int>(std::lround(std::sqrt(static_cast<double>(channels.size(1))))) - 1;
}

std::int64_t n_pairs(std::int64_t n, bool diagonal) { return diagonal ? n : n * (n + 1) / 2; }

// P_l,nn'(B, C) = sum_m (B_n C_n' + B_n' C_n)/2/(2l + 1). The channel number is known when the loops are compiled.
template <class Real, int n>
ZEROPOINT_INLINE void form_of_atom(const Real* b, const Real* c, int order, bool diagonal, Real* out) {
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

// H_lm,n(g, C) = sum_n' S(g)_l,nn' C_lm,n'/(2l + 1), S symmetric with g on its diagonal and g/2 beside it: the
// derivative of g.P(B, C) with respect to B.
template <class Real, int n>
ZEROPOINT_INLINE void gradient_of_atom(const Real* g, const Real* c, int order, bool diagonal, Real* out) {
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
      for (int i = 0; i < n; ++i) out[lm * n + i] = row[i];
    }
  }
}

/// Both for `n_atoms` atoms, whose numbers lie one after another.
template <class Real>
struct Kernels {
  using Function = void(const Real* left, const Real* right, std::int64_t n_atoms, int order, bool diagonal, Real* out);
  Function *form, *gradient;
};

#define ZEROPOINT_SPECTRUM(Real, n)                                                                                  \
  ZEROPOINT_BEST_PROCESSOR void form_##Real##_##n(const Real* b, const Real* c, std::int64_t n_atoms, int order,     \
                                                  bool diagonal, Real* out) {                                        \
    const std::int64_t in = (order + 1) * (order + 1) * n, to = (order + 1) * n_pairs(n, diagonal);                  \
    for (std::int64_t i = 0; i < n_atoms; ++i)                                                                       \
      form_of_atom<Real, n>(b + i * in, c + i * in, order, diagonal, out + i * to);                                  \
  }                                                                                                                  \
  ZEROPOINT_BEST_PROCESSOR void gradient_##Real##_##n(const Real* g, const Real* c, std::int64_t n_atoms, int order, \
                                                      bool diagonal, Real* out) {                                    \
    const std::int64_t in = (order + 1) * (order + 1) * n, from = (order + 1) * n_pairs(n, diagonal);                \
    for (std::int64_t i = 0; i < n_atoms; ++i)                                                                       \
      gradient_of_atom<Real, n>(g + i * from, c + i * in, order, diagonal, out + i * in);                            \
  }
#define ZEROPOINT_ALL_CHANNELS(of, Real)                                                                          \
  of(Real, 1) of(Real, 2) of(Real, 4) of(Real, 6) of(Real, 8) of(Real, 10) of(Real, 12) of(Real, 16) of(Real, 24) \
      of(Real, 32)

ZEROPOINT_ALL_CHANNELS(ZEROPOINT_SPECTRUM, float)
ZEROPOINT_ALL_CHANNELS(ZEROPOINT_SPECTRUM, double)

#define ZEROPOINT_CASE(Real, n) \
  case n:                       \
    return {form_##Real##_##n, gradient_##Real##_##n};
#define ZEROPOINT_KERNELS_OF(Real)                                                        \
  Kernels<Real> kernels(Real, std::int64_t n) {                                           \
    switch (n) { ZEROPOINT_ALL_CHANNELS(ZEROPOINT_CASE, Real) }                           \
    throw InputError{"{} channels: 1, 2, 4, 6, 8, 10, 12, 16, 24 or 32 are possible", n}; \
  }
ZEROPOINT_KERNELS_OF(float)
ZEROPOINT_KERNELS_OF(double)

template <class Body>
void for_pieces(std::int64_t n, const Body& body) {
  parallel_for((n + atoms_a_piece - 1) / atoms_a_piece, [&](std::int64_t piece) {
    body(piece * atoms_a_piece, std::min(atoms_a_piece, n - piece * atoms_a_piece));
  });
}

/// Calls body(Real{}) with the type of the numbers.
template <class Body>
void with_type_of(const at::Tensor& values, const Body& body) {
  if (values.scalar_type() == at::kFloat) return body(float{});
  body(double{});
}

at::Tensor form_values(const at::Tensor& b, const at::Tensor& c, bool diagonal) {
  if (!b.is_cpu()) return spectrum_form_by_tensors(b, c, diagonal);
  const int order = order_of(b);
  const std::int64_t n_out = (order + 1) * n_pairs(b.size(2), diagonal), n_in = b.size(1) * b.size(2);
  at::Tensor out = at::empty({b.size(0), n_out}, b.options());
  with_type_of(b, [&](auto zero) {
    using Real = decltype(zero);
    const Real *const from_b = b.const_data_ptr<Real>(), *const from_c = c.const_data_ptr<Real>();
    Real* const to = out.mutable_data_ptr<Real>();
    const auto form = kernels(zero, b.size(2)).form;
    for_pieces(b.size(0), [&](std::int64_t i, std::int64_t n) {
      form(from_b + i * n_in, from_c + i * n_in, n, order, diagonal, to + i * n_out);
    });
  });
  return out;
}

at::Tensor gradient_values(const at::Tensor& g, const at::Tensor& c, bool diagonal) {
  if (!c.is_cpu()) return spectrum_gradient_by_tensors(g, c, diagonal);
  const int order = order_of(c);
  const std::int64_t n_in = c.size(1) * c.size(2);
  at::Tensor out = at::empty(c.sizes(), c.options());
  with_type_of(c, [&](auto zero) {
    using Real = decltype(zero);
    const Real *const from_g = g.const_data_ptr<Real>(), *const from_c = c.const_data_ptr<Real>();
    Real* const to = out.mutable_data_ptr<Real>();
    const auto gradient = kernels(zero, c.size(2)).gradient;
    for_pieces(c.size(0), [&](std::int64_t i, std::int64_t n) {
      gradient(from_g + i * g.size(1), from_c + i * n_in, n, order, diagonal, to + i * n_in);
    });
  });
  return out;
}

// Both are bilinear, and each is the derivative of the other.
struct Form : torch::autograd::Function<Form> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& b, const at::Tensor& c, bool diagonal);
  static variable_list backward(AutogradContext* context, const variable_list& gradients);
};

struct Gradient : torch::autograd::Function<Gradient> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& g, const at::Tensor& c, bool diagonal);
  static variable_list backward(AutogradContext* context, const variable_list& gradients);
};

/// P(B, B).
struct Square : torch::autograd::Function<Square> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& b, bool diagonal) {
    context->save_for_backward({b});
    context->saved_data["diagonal"] = diagonal;
    return form_values(b.contiguous(), b.contiguous(), diagonal);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    return {Gradient::apply(2 * gradients[0], saved[0], context->saved_data["diagonal"].toBool()), at::Tensor()};
  }
};

at::Tensor Form::forward(AutogradContext* context, const at::Tensor& b, const at::Tensor& c, bool diagonal) {
  context->save_for_backward({b, c});
  context->saved_data["diagonal"] = diagonal;
  return form_values(b.contiguous(), c.contiguous(), diagonal);
}

variable_list Form::backward(AutogradContext* context, const variable_list& gradients) {
  const variable_list saved = context->get_saved_variables();
  const bool diagonal = context->saved_data["diagonal"].toBool();
  variable_list result(3);
  if (context->needs_input_grad(0)) result[0] = Gradient::apply(gradients[0], saved[1], diagonal);
  if (context->needs_input_grad(1)) result[1] = Gradient::apply(gradients[0], saved[0], diagonal);
  return result;
}

at::Tensor Gradient::forward(AutogradContext* context, const at::Tensor& g, const at::Tensor& c, bool diagonal) {
  context->save_for_backward({g, c});
  context->saved_data["diagonal"] = diagonal;
  return gradient_values(g.contiguous(), c.contiguous(), diagonal);
}

variable_list Gradient::backward(AutogradContext* context, const variable_list& gradients) {
  const variable_list saved = context->get_saved_variables();
  const bool diagonal = context->saved_data["diagonal"].toBool();
  variable_list result(3);
  if (context->needs_input_grad(0)) result[0] = Form::apply(gradients[0], saved[1], diagonal);
  if (context->needs_input_grad(1)) result[1] = Gradient::apply(saved[0], gradients[0], diagonal);
  return result;
}

}  // namespace

at::Tensor power_spectrum(const at::Tensor& channels, bool diagonal) { return Square::apply(channels, diagonal); }

at::Tensor spectrum_form(const at::Tensor& b, const at::Tensor& c, bool diagonal) {
  return form_values(b, c, diagonal);
}

at::Tensor spectrum_gradient(const at::Tensor& gradients, const at::Tensor& c, bool diagonal) {
  return gradient_values(gradients.contiguous(), c, diagonal);
}

at::Tensor spectrum_form_by_tensors(const at::Tensor& b, const at::Tensor& c, bool diagonal) {
  const std::int64_t n = b.size(2);
  const at::Tensor pairs = at::triu_indices(n, n, 0, b.options().dtype(at::kLong));
  std::vector<at::Tensor> parts;
  for (std::int64_t l = 0; l * l < b.size(1); ++l) {
    const at::Tensor gram = at::matmul(b.narrow(1, l * l, 2 * l + 1).transpose(1, 2), c.narrow(1, l * l, 2 * l + 1)) /
                            static_cast<double>(2 * l + 1);
    parts.push_back(diagonal ? gram.diagonal(0, 1, 2)
                             : ((gram + gram.transpose(1, 2)) / 2).flatten(1).index_select(1, pairs[0] * n + pairs[1]));
  }
  return at::cat(parts, 1);
}

at::Tensor spectrum_gradient_by_tensors(const at::Tensor& gradients, const at::Tensor& c, bool diagonal) {
  const std::int64_t n = c.size(2), per_degree = n_pairs(n, diagonal);
  const at::Tensor pairs = at::triu_indices(n, n, 0, c.options().dtype(at::kLong));
  std::vector<at::Tensor> parts;
  for (std::int64_t l = 0; l * l < c.size(1); ++l) {
    const at::Tensor g = gradients.narrow(1, l * per_degree, per_degree) / static_cast<double>(2 * l + 1),
                     channels = c.narrow(1, l * l, 2 * l + 1);
    if (diagonal) {
      parts.push_back(channels * g.unsqueeze(1));
      continue;
    }
    const at::Tensor half =
        at::zeros({c.size(0), n * n}, c.options()).index_copy(1, pairs[0] * n + pairs[1], g / 2).view({-1, n, n});
    parts.push_back(at::matmul(channels, half + half.transpose(1, 2)));
  }
  return at::cat(parts, 1);
}

}  // namespace zeropoint::mlp
