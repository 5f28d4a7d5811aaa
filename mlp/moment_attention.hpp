#pragma once

#include <ATen/core/Tensor.h>

namespace zeropoint::mlp {

/// One layer of attention between channels, made of invariants alone: as equivariant and smooth as what it acts on.
///
///   S^h = W_Q^hT (sum_l softmax(lambda^h)_l Gamma^l) W_K^h/sqrt(n),  alpha^h = softmax over rows of S^h,
///   M = 1 + sum_h alpha^h W_V^h
struct AttentionWeights {
  at::Tensor query, key, value;  ///< [n_heads, n, n] W_Q, W_K, W_V
  at::Tensor degrees;            ///< [n_heads, l_max + 1] lambda
};

/// Channels and their invariants.
struct Channels {
  at::Tensor values;    ///< B [n_atoms, n_harmonics, n]
  at::Tensor spectrum;  ///< Gamma^l = B_l B_l^T/(2l + 1) [n_atoms, l_max + 1, n, n]
};

/// Gamma of B.
at::Tensor full_gram(const at::Tensor& values);

/// B <- M B, Gamma^l <- M Gamma^l M^T.
Channels attend(const Channels& channels, const AttentionWeights& weights);

}  // namespace zeropoint::mlp
