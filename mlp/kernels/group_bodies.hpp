#pragma once

// Centres of one species in lanes, from structures of any kind.

#include "mlp/kernels/block_kernels.hpp"
#include "mlp/kernels/centre_bodies.hpp"

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

template <class R, int L>
class Group {
 public:
  using V = typename Lanes<R>::V;
  using D = typename Lanes<R>::D;
  static constexpr int W = Lanes<R>::width;

  static std::size_t size(const KernelModel<R>& model, int n_slots) {
    return Centre<R, L>::size(model.sizes, static_cast<std::size_t>(n_slots));
  }

  explicit Group(const GroupTask<R>& task, Room<R> room)
      : task_(task), centre_(task.model, static_cast<std::size_t>(task.first_slot[task.model.sizes.n_species]), room) {}

  void run() {
    const V* const vectors = reinterpret_cast<const V*>(task_.vectors);
    V* const gradients = reinterpret_cast<V*>(task_.gradients);
    const int S = task_.model.sizes.n_species, n_slots = task_.first_slot[S];
    for (long a = 0; a < 3L * n_slots * task_.model.n_heads(); ++a) gradients[a] = V{};
    centre_.clear();
    for (int s = 0; s < S; ++s) {
      centre_.begin_species(s);
      for (int e = task_.first_slot[s]; e < task_.first_slot[s + 1]; ++e) {
        const V x = vectors[3 * e], y = vectors[3 * e + 1], z = vectors[3 * e + 2];
        centre_.add(e, x, y, z, square_root(x * x + y * y + z * z));
      }
    }
    centre_.begin_species(S);
    centre_.moments();
    centre_.networks(
        task_.species,
        [&](int head, const V& energy) {
          const D wide = __builtin_convertvector(energy, D);
          for (int c = 0; c < W; ++c) task_.energies[head * W + c] = wide[c];
        },
        [&](int head, int which, const Edge<R>&, const EdgeForce<R>& f) {
          V* const gradient = gradients + 3L * (static_cast<long>(n_slots) * head + which);
          gradient[0] += f.x;
          gradient[1] += f.y;
          gradient[2] += f.z;
        },
        [](int) {});
  }

 private:
  const GroupTask<R>& task_;
  Centre<R, L> centre_;
};

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
