#pragma once

#include <ATen/core/Tensor.h>

#include "sscha/mode_samples.hpp"
#include "sscha/pair_space.hpp"

namespace zeropoint::sscha {

/// Third and fourth order of one q, as sums over the configurations of a population: not averaged over any symmetry.
///
/// With Y = y(q1) y(q2)^T and P = y(q1) phi(q2)^T + phi(q1) y(q2)^T in the space of pairs (R. Bianco et al., PRB 96,
/// 014111 (2017), in the unit-variance frame of Bloch modes; contracted vectors are conjugated):
///   D3 = -(1/3) sum_c W_c [Y phi(q)^dagger + P y(q)^dagger] + Hermite terms with <phi(0)>,
///   D4 = -(1/4) sum_c W_c [Y P^dagger + P Y^dagger] + Hermite terms with K = <y phi^dagger + phi y^dagger>/2:
///        Z -> K(q1) Z + Z K(q2)^T + (delta_q0/2) [1 sum tr(K Z) + K sum tr Z].
/// Those of fourth order vanish where the density is self-consistent, and can be left out (python-sscha has none).
class AnharmonicAverages {
 public:
  /// All must outlive this. Moments without gradients leave the Hermite terms of fourth order out.
  AnharmonicAverages(const ModeSamples& samples, const ModeMoments& moments, const PairSpace& space)
      : samples_(samples), moments_(moments), space_(space) {}

  /// D3, [pairs, modes at q]; eV.
  at::Tensor third() const;
  /// D4, [pairs, pairs], Hermitian; eV.
  at::Tensor fourth() const;
  /// D4 of each column of [pairs, m].
  at::Tensor apply_fourth(const at::Tensor& vectors) const;

  /// What each configuration contributes to -2 Re(u^dagger D3 x) + u^dagger D4 u (without D4 for order 3) for the
  /// columns of u [pairs, m] and x [modes at q, m]: [N, m] float64, in the order of the population.
  at::Tensor contributions(const at::Tensor& u, const at::Tensor& x, int order) const;

 private:
  template <class Body>
  void for_each_tile(Body&& body) const;
  std::int64_t piece_size() const;
  bool at_gamma() const;
  bool hermite_fourth() const { return !moments_.gradients.empty(); }
  void add_hermite_fourth(const at::Tensor& vectors, at::Tensor& result) const;
  at::Tensor gradient_vector() const;

  const ModeSamples& samples_;
  const ModeMoments& moments_;
  const PairSpace& space_;
};

}  // namespace zeropoint::sscha
