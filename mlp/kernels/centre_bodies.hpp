#pragma once

// One centre in every lane, whose pairs are known: raw moments of its neighbours, networks, derivatives along the
// pairs.

#include "mlp/kernels/edge_bodies.hpp"
#include "mlp/kernels/node_bodies.hpp"

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

constexpr int forward_group = 8, backward_group = 4;  // edges whose functions lie in the first cache
constexpr int most_species = 128;

/// A pair: unit vector, distance.
template <class R>
struct Edge {
  using V = typename Lanes<R>::V;
  V x, y, z, r, inverse_r;
};

/// Takes pieces of a workspace.
template <class R>
class Room {
 public:
  using V = typename Lanes<R>::V;
  explicit Room(R* from) : next_(reinterpret_cast<V*>(from)) {}
  V* lanes(std::size_t n) {
    V* const taken = next_;
    next_ += n;
    return taken;
  }
  template <class T>
  T* numbers(std::size_t n) {
    return reinterpret_cast<T*>(lanes(lanes_of<T>(n)));
  }
  template <class T>
  static constexpr std::size_t lanes_of(std::size_t n) {
    return (n * sizeof(T) + sizeof(V) - 1) / sizeof(V);
  }

 private:
  V* next_;
};

/// The sums below run over pairs one after another, in the order of the list: pairs beyond the cutoff add exact zeros,
/// so that leaving them out changes no bit.
template <class R, int L>
class Centre {
 public:
  using V = typename Lanes<R>::V;
  static constexpr int n_lm = (L + 1) * (L + 1);

  static std::size_t size(const KernelSizes& s, std::size_t most_pairs) {
    const std::size_t K = s.n_functions, S = s.n_species;
    return 5 * most_pairs + 2 * Room<R>::template lanes_of<int>(most_pairs) + S * K * (2 + 2 * n_lm) + K +
           2 * backward_group * (K + n_lm) + forward_group * (K + n_lm) + NodeSpace<R>::size(s);
  }

  Centre(const KernelModel<R>& model, std::size_t most_pairs, Room<R>& room) : model_(model), sizes_(model.sizes) {
    const std::size_t K = sizes_.n_functions, S = sizes_.n_species;
    edges = reinterpret_cast<Edge<R>*>(room.lanes(5 * most_pairs));
    near_ = room.template numbers<int>(most_pairs);
    angular_near_ = room.template numbers<int>(most_pairs);
    radial_ = room.lanes(S * K);
    by_radial_ = room.lanes(S * K);
    derivative_ = room.lanes(K);
    angular_ = room.lanes(S * K * n_lm);
    by_angular_ = room.lanes(S * K * n_lm);
    columns_ = room.lanes(2 * backward_group * K);
    products_ = room.lanes(2 * backward_group * n_lm);
    functions_ = room.lanes(forward_group * K);
    harmonics_ = room.lanes(forward_group * n_lm);
    node_space_ = room.lanes(NodeSpace<R>::size(sizes_));
  }

  Edge<R>* edges;  ///< [pairs] filled by the caller

  void clear() { n_near_ = n_angular_ = 0; }
  /// The pairs from here on have neighbours of species `s`; also called with the number of species, at the end.
  void begin_species(int s) {
    near_begin_[s] = n_near_;
    angular_begin_[s] = n_angular_;
  }
  /// Edge number `which` counts where any lane is inside a cutoff.
  void add(int which, V x, V y, V z, V r) {
    if (!any_less(r, broadcast<R>(static_cast<R>(sizes_.radial_cutoff)))) return;
    const V inverse = R(1) / r;
    edges[which] = {x * inverse, y * inverse, z * inverse, r, inverse};
    near_[n_near_++] = which;
    if (any_less(r, broadcast<R>(static_cast<R>(sizes_.angular_cutoff)))) angular_near_[n_angular_++] = which;
  }

  void moments() {
    const int K = sizes_.n_functions;
    for (int s = 0; s < sizes_.n_species; ++s) {
      radial_moments(s, radial_ + s * K);
      angular_moments(s, angular_ + static_cast<long>(s) * K * n_lm);
    }
  }

  /// Every network and last layer for a centre of species z: energy(head, E) and, pair after pair, force(head, which,
  /// edge, dE/dr); done(head) at the end of each.
  template <class Energy, class Force, class Done>
  void networks(int z, const Energy& energy, const Force& force, const Done& done) {
    int head = 0;
    for (const KernelTrunk<R>& trunk : model_.trunks) {
      const Node<R> node{model_, trunk, trunk.species[z], NodeSpace<R>(sizes_, node_space_)};
      node.forward(radial_, angular_);
      for (const auto& last : trunk.heads) {
        energy(head, node.energy(last[z]));
        node.backward(last[z], by_radial_, by_angular_);
        const auto apply = [&](int which, const EdgeForce<R>& f) { force(head, which, edges[which], f); };
        for (int s = 0; s < sizes_.n_species; ++s) {
          radial_forces(s, apply);
          angular_forces(s, apply);
        }
        done(head++);
      }
    }
  }

 private:
  RadialStart<R> start(V r, double cutoff) const {
    return radial_start<R>(sizes_.cutoff_function, r, static_cast<R>(cutoff));
  }
  static int group_size(int begin, int end, int most) { return end - begin < most ? end - begin : most; }

  void radial_moments(int s, V* sums) {
    const int K = sizes_.n_functions;
    for (int k = 0; k < K; ++k) sums[k] = V{};
    for (int begin = near_begin_[s]; begin < near_begin_[s + 1]; begin += forward_group) {
      const int n = group_size(begin, near_begin_[s + 1], forward_group);
      for (int g = 0; g < n; ++g) {
        series<R>(start(edges[near_[begin + g]].r, sizes_.radial_cutoff), K, functions_ + g * K, 1);
      }
      for (int k = 0; k < K; ++k) {
        V sum = sums[k];
        for (int g = 0; g < n; ++g) sum += functions_[g * K + k];
        sums[k] = sum;
      }
    }
  }

  void angular_moments(int s, V* sums) {
    const int K = sizes_.n_functions;
    for (int a = 0; a < K * n_lm; ++a) sums[a] = V{};
    for (int begin = angular_begin_[s]; begin < angular_begin_[s + 1]; begin += forward_group) {
      const int n = group_size(begin, angular_begin_[s + 1], forward_group);
      for (int g = 0; g < n; ++g) {
        const Edge<R>& edge = edges[angular_near_[begin + g]];
        series<R>(start(edge.r, sizes_.angular_cutoff), K, functions_ + g * K, 1);
        harmonics<R, L>(edge.x, edge.y, edge.z, harmonics_ + g * n_lm);
      }
      outer<V>(n, functions_, K, K, harmonics_, n_lm, n_lm, sums, n_lm, true);
    }
  }

  template <class Apply>
  void radial_forces(int s, const Apply& apply) {
    const int K = sizes_.n_functions;
    const V* const p = by_radial_ + s * K;
    derivative_series<R>(K, p, derivative_);
    for (int at = near_begin_[s]; at < near_begin_[s + 1]; ++at) {
      const Edge<R>& edge = edges[near_[at]];
      const V slope = series_adjoint<R>(start(edge.r, sizes_.radial_cutoff), K, p, derivative_);
      apply(near_[at], {slope * edge.x, slope * edge.y, slope * edge.z});
    }
  }

  template <class Apply>
  void angular_forces(int s, const Apply& apply) {
    const int K = sizes_.n_functions;
    const V* const gradient = by_angular_ + static_cast<long>(s) * K * n_lm;
    for (int begin = angular_begin_[s]; begin < angular_begin_[s + 1]; begin += backward_group) {
      const int n = group_size(begin, angular_begin_[s + 1], backward_group);
      for (int g = 0; g < n; ++g) {
        series_with_slopes<R>(start(edges[angular_near_[begin + g]].r, sizes_.angular_cutoff), K, columns_ + 2 * g,
                              2 * n);
      }
      outer<V>(K, columns_, 2 * n, 2 * n, gradient, n_lm, n_lm, products_, n_lm, false);
      for (int g = 0; g < n; ++g) {
        const Edge<R>& edge = edges[angular_near_[begin + g]];
        apply(angular_near_[begin + g],
              harmonics_adjoint<R, L>(edge.x, edge.y, edge.z, edge.inverse_r, products_ + 2 * g * n_lm,
                                      products_ + (2 * g + 1) * n_lm));
      }
    }
  }

  const KernelModel<R>& model_;
  const KernelSizes& sizes_;
  int n_near_ = 0, n_angular_ = 0;
  int near_begin_[most_species + 1], angular_begin_[most_species + 1];
  int *near_, *angular_near_;
  V *radial_, *by_radial_, *derivative_, *angular_, *by_angular_, *columns_, *products_, *functions_, *harmonics_;
  V* node_space_;
};

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
