#pragma once

#include <ATen/core/Tensor.h>

namespace zeropoint::mlp {

/// One layer of attention between channels, made of invariants alone: as equivariant and smooth as what it acts on.
///
///   Gamma^l = B_l B_l^T/(2l + 1),  S^h = W_Q^hT (sum_l softmax(lambda^h)_l Gamma^l) W_K^h/sqrt(n),
///   alpha^h = softmax over rows of S^h,  M = 1 + sum_h alpha^h W_V^h
struct AttentionWeights {
  at::Tensor query, key, value;  ///< [n_heads, n, n] W_Q, W_K, W_V
  at::Tensor degrees;            ///< [n_heads, l_max + 1] lambda
};

/// M B of `channels` B [n_atoms, n_harmonics, n].
at::Tensor attend(const at::Tensor& channels, const AttentionWeights& weights);

}  // namespace zeropoint::mlp
