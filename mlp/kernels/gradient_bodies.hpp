#pragma once

// Centres of one species in lanes, from structures of any kind: derivatives with respect to the weights.

#include "mlp/kernels/block_kernels.hpp"
#include "mlp/kernels/centre_bodies.hpp"
#include "mlp/kernels/dual_bodies.hpp"

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

template <class R, int L>
class Gradient {
 public:
  using V = typename Lanes<R>::V;
  using P = Pair<V>;
  static constexpr int n_lm = (L + 1) * (L + 1);

  static std::size_t size(const KernelModel<R>& model, int) {
    const std::size_t K = model.sizes.n_functions, moments = model.sizes.n_species * K;
    return 2 * moments * (1 + n_lm) + forward_group * 4 * (K + n_lm) + DualNode<R>::size(model.sizes);
  }

  explicit Gradient(const GradientTask<R>& task, Room<R> room)
      : task_(task), s_(task.model.sizes), node_(task.model, room) {
    const std::size_t K = s_.n_functions, moments = s_.n_species * K;
    radial_ = {room.lanes(moments), room.lanes(moments)};
    angular_ = {room.lanes(moments * n_lm), room.lanes(moments * n_lm)};
    columns_ = room.lanes(forward_group * 2 * K);
    functions_ = room.lanes(forward_group * 2 * K);
    harmonics_ = room.lanes(forward_group * 2 * n_lm);
  }

  void run() {
    for (int s = 0; s < s_.n_species; ++s) moments(s);
    node_.forward(task_.species, radial_, angular_);
    const V weight = *reinterpret_cast<const V*>(task_.energy_weights);
    node_.backward(weight, reinterpret_cast<V*>(task_.sums));
    const PanelRows rows(s_);
    const int moments_count = s_.n_species * s_.n_functions;
    write(rows.radial, radial_, moments_count);
    write(rows.angular, angular_, moments_count * n_lm);
    write(rows.rho_bar, node_.rho_bar(), s_.radial_channels);
    write(rows.b_bar, node_.b_bar(), s_.channels * n_lm);
    write(rows.x, node_.x(), s_.n_invariants);
    write(rows.h1, node_.h1(), s_.hidden);
    write(rows.h2, node_.h2(), s_.hidden);
    write(rows.u1_bar, node_.u1_bar(), s_.hidden);
    write(rows.u2_bar, node_.u2_bar(), s_.hidden);
    V one = broadcast<R>(R(1)), copy = weight;
    write(rows.energy_weight, {&copy, &one}, 1);
  }

 private:
  void write(std::int64_t first, const P& numbers, int n) const {
    for (int i = 0; i < n; ++i) {
      R* const row = task_.panels + (first + i) * 2 * task_.n_columns;
      *reinterpret_cast<V*>(row) = numbers.value[i];
      *reinterpret_cast<V*>(row + task_.n_columns) = numbers.dot[i];
    }
  }

  RadialStart<R> start(V r, double cutoff) const {
    return radial_start<R>(s_.cutoff_function, r, static_cast<R>(cutoff));
  }

  /// Moments of the neighbours of species s, and their dots.
  void moments(int s) {
    const int K = s_.n_functions;
    const P sums{radial_.value + s * K, radial_.dot + s * K};
    const P angular{angular_.value + static_cast<long>(s) * K * n_lm, angular_.dot + static_cast<long>(s) * K * n_lm};
    for (int k = 0; k < K; ++k) sums.value[k] = sums.dot[k] = V{};
    for (int a = 0; a < K * n_lm; ++a) angular.value[a] = angular.dot[a] = V{};
    const V *const vectors = reinterpret_cast<const V*>(task_.vectors), *const directions = reinterpret_cast<const V*>(
                                                                            task_.directions);
    const V cutoff = broadcast<R>(static_cast<R>(s_.radial_cutoff)),
            angular_cutoff = broadcast<R>(static_cast<R>(s_.angular_cutoff));
    int n = 0;  // edges in the group
    for (int e = task_.first_slot[s]; e < task_.first_slot[s + 1]; ++e) {
      const V x = vectors[3 * e], y = vectors[3 * e + 1], z = vectors[3 * e + 2];
      const V r = square_root(x * x + y * y + z * z);
      if (!any_less(r, cutoff)) continue;
      const V inverse = R(1) / r, unit[3] = {x * inverse, y * inverse, z * inverse};
      const V along = unit[0] * directions[3 * e] + unit[1] * directions[3 * e + 1] + unit[2] * directions[3 * e + 2];
      series_with_slopes<R>(start(r, s_.radial_cutoff), K, columns_, 2);
      for (int k = 0; k < K; ++k) {
        sums.value[k] += columns_[2 * k];
        sums.dot[k] += columns_[2 * k + 1] * along;
      }
      if (!any_less(r, angular_cutoff)) continue;
      const V across[3] = {(directions[3 * e] - along * unit[0]) * inverse,
                           (directions[3 * e + 1] - along * unit[1]) * inverse,
                           (directions[3 * e + 2] - along * unit[2]) * inverse};
      series_with_slopes<R>(start(r, s_.angular_cutoff), K, columns_, 2);
      // Rows of the sums: value (t, Y); dot (t' along, Y) and (t, dY).
      V *const values = functions_ + 2 * n * K, *const slopes = values + K;
      for (int k = 0; k < K; ++k) {
        values[k] = columns_[2 * k];
        slopes[k] = columns_[2 * k + 1] * along;
      }
      harmonics_with_dots<R, L>(unit, across, harmonics_ + 2 * n * n_lm, harmonics_ + (2 * n + 1) * n_lm);
      if (++n == forward_group) {
        add_group(n, angular);
        n = 0;
      }
    }
    add_group(n, angular);
  }

  void add_group(int n, const P& angular) const {
    if (n == 0) return;
    const int K = s_.n_functions;
    outer<V>(n, functions_, 2 * K, K, harmonics_, 2 * n_lm, n_lm, angular.value, n_lm, true);
    outer<V>(n, functions_ + K, 2 * K, K, harmonics_, 2 * n_lm, n_lm, angular.dot, n_lm, true);
    outer<V>(n, functions_, 2 * K, K, harmonics_ + n_lm, 2 * n_lm, n_lm, angular.dot, n_lm, true);
  }

  const GradientTask<R>& task_;
  const KernelSizes& s_;
  DualNode<R> node_;
  P radial_, angular_;
  V *columns_, *functions_, *harmonics_;
};

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
