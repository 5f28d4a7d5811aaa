#pragma once

#include <ATen/core/Tensor.h>

namespace zeropoint::mlp {

/// Invariants of four atoms: q_p = mean over directions of prod_{a=1..3} (sum_n w^a_np B_n(direction)), where
/// B_n(direction) = sum over l <= 3 and m of B_n,lm Y_lm. The mean is exact: 5 x 10 points of a product grid.
///
/// `channels` [n_atoms, n_harmonics, n], `weights` [3, n, n_terms], `harmonics` from four_body_harmonics(): [n_atoms, n_terms].
at::Tensor four_body_terms(const at::Tensor& channels, const at::Tensor& weights, const at::Tensor& harmonics);

/// Y_lm, l <= min(3, angular_order), at the points: [50, n_harmonics used], the last column the weight of the point.
at::Tensor four_body_harmonics(int angular_order);

}  // namespace zeropoint::mlp
