#pragma once

#include <ATen/core/Tensor.h>

namespace zeropoint::mlp {

/// Invariants of four atoms: q_p = mean over directions of prod_{a=1..3} U^a_p(direction), U^a_p = sum_n w^a_np
/// B_n(direction), where B_n(direction) = sum over l <= 3 and m of B_n,lm Y_lm. The mean is exact: 5 x 10 points of a
/// product grid.
///
/// `channels` [n_atoms, n_harmonics, n], `weights` [3, n, n_terms], `harmonics` from four_body_harmonics(): [n_atoms,
/// n_terms].
at::Tensor four_body_terms(const at::Tensor& channels, const at::Tensor& weights, const at::Tensor& harmonics);

/// Y_lm, l <= min(3, angular_order), at the points: [50, n_harmonics used], the last column the weight of the point.
at::Tensor four_body_harmonics(int angular_order);

/// The same terms with their first and second derivatives by formulas.
class FourBodyPass {
 public:
  FourBodyPass(const at::Tensor& channels, const at::Tensor& weights, const at::Tensor& harmonics);

  /// q [n_atoms, n_terms].
  at::Tensor terms() const;
  /// d(g.q)/dB for g [n_atoms, n_terms], in the shape of B.
  at::Tensor gradient(const at::Tensor& g) const;
  /// Derivative of q along dB.
  at::Tensor tangent(const at::Tensor& channels_dot) const;
  /// Of q_bar.q + g.tangent(channels_dot), with respect to B and the weights.
  struct Second {
    at::Tensor channels, weights;
  };
  Second second(const at::Tensor& q_bar, const at::Tensor& g, const at::Tensor& channels_dot) const;

 private:
  at::Tensor used(const at::Tensor& channels) const;  // those l <= 3, contiguous
  at::Tensor to_channels(const at::Tensor& by_factors) const;

  std::int64_t n_harmonics_, n_terms_;
  at::Tensor harmonics_, weights_;  // weights [..., n, 3 n_terms]
  at::Tensor channels_;             // those of B that are used [n_atoms, n_used, n]
  at::Tensor factors_, others_;     // U^a, and the products of the two others: [n_atoms, n_used, 3 n_terms]
};

/// Products of functions on the sphere, given and returned by their harmonics l <= 3, of three blocks of columns
/// [n_atoms, n_used, 3 n]: block a is u_b v_c + v_b u_c, (a, b, c) = (0, 1, 2) and so on around.
at::Tensor mixed_products(const at::Tensor& u, const at::Tensor& v, const at::Tensor& harmonics);
/// The same in operations of tensors, for other devices than the processor.
at::Tensor mixed_products_by_tensors(const at::Tensor& u, const at::Tensor& v, const at::Tensor& harmonics);

}  // namespace zeropoint::mlp
