#pragma once

// Configurations of one supercell in lanes: the same centre of each, one after another.

#include "mlp/kernels/block_kernels.hpp"
#include "mlp/kernels/centre_bodies.hpp"

namespace zeropoint::mlp::ZEROPOINT_KERNELS {

template <class R, int L>
class Block {
 public:
  using V = typename Lanes<R>::V;
  using D = typename Lanes<R>::D;
  static constexpr int W = Lanes<R>::width;

  static std::size_t size(const KernelModel<R>& model, const KernelPairs& pairs) {
    const std::size_t n3 = 3 * pairs.species.size(), heads = model.n_heads();
    return n3 * (1 + heads) + Room<R>::template lanes_of<double>(heads * W) +
           Room<R>::template lanes_of<double>(6 * heads * W) + Centre<R, L>::size(model.sizes, most_pairs(pairs));
  }

  explicit Block(const BlockTask<R>& task, Room<R> room)
      : task_(task),
        model_(task.model),
        displacements_(room.lanes(3 * task.pairs.species.size())),
        forces_(room.lanes(3 * task.pairs.species.size() * model_.n_heads())),
        energies_(room.template numbers<double>(static_cast<std::size_t>(model_.n_heads()) * W)),
        virials_(room.template numbers<double>(6 * static_cast<std::size_t>(model_.n_heads()) * W)),
        centre_(model_, most_pairs(task.pairs), room) {}

  BlockProblem run() {
    load();
    const long n3 = 3L * task_.pairs.n_atoms();
    for (int i = 0; i < task_.pairs.n_atoms(); ++i) {
      if (const BlockProblem problem = geometry(i); problem.kind != BlockProblem::Kind::none) return problem;
      centre_.moments();
      const int z = task_.pairs.species[i];
      V own[3] = {}, virial[6] = {};
      centre_.networks(
          z,
          [&](int head, const V& energy) {
            double* const sums = energies_ + static_cast<long>(W) * head;
            add(energy, sums);
            for (int c = 0; c < W; ++c) sums[c] += model_.reference_energies[z];
          },
          // The centre is pushed along dE/dr, the neighbour against it.
          [&](int head, int which, const Edge<R>& edge, const EdgeForce<R>& f) {
            V* const other = forces_ + n3 * head + 3L * task_.pairs.neighbour[first_ + which];
            own[0] += f.x;
            own[1] += f.y;
            own[2] += f.z;
            other[0] -= f.x;
            other[1] -= f.y;
            other[2] -= f.z;
            const V x = edge.x * edge.r, y = edge.y * edge.r, z_part = edge.z * edge.r;
            virial[0] += f.x * x;
            virial[1] += f.x * y;
            virial[2] += f.x * z_part;
            virial[3] += f.y * y;
            virial[4] += f.y * z_part;
            virial[5] += f.z * z_part;
          },
          [&](int head) {
            for (int a = 0; a < 3; ++a) {
              forces_[n3 * head + 3L * i + a] += own[a];
              own[a] = V{};
            }
            for (int a = 0; a < 6; ++a) {
              add(virial[a], virials_ + (6L * head + a) * W);
              virial[a] = V{};
            }
          });
    }
    store();
    return {};
  }

 private:
  static std::size_t most_pairs(const KernelPairs& pairs) {
    std::size_t most = 0;
    const std::size_t S = static_cast<std::size_t>(pairs.n_species);
    for (std::size_t i = 0; i < pairs.species.size(); ++i) {
      const std::size_t n = static_cast<std::size_t>(pairs.first[(i + 1) * S] - pairs.first[i * S]);
      most = n > most ? n : most;
    }
    return most;
  }

  void load() {
    const long n3 = 3L * task_.pairs.n_atoms();
    R* const to = reinterpret_cast<R*>(displacements_);
    for (int c = 0; c < W; ++c) {
      const double* const from = c < task_.n_config ? task_.displacements + c * n3 : nullptr;
      for (long a = 0; a < n3; ++a) to[a * W + c] = from ? static_cast<R>(from[a]) : R(0);
    }
    for (long a = 0; a < n3 * model_.n_heads(); ++a) forces_[a] = V{};
    for (long a = 0; a < static_cast<long>(W) * model_.n_heads(); ++a) energies_[a] = 0;
    for (long a = 0; a < 6L * W * model_.n_heads(); ++a) virials_[a] = 0;
  }

  BlockProblem geometry(int i) {
    const KernelPairs& pairs = task_.pairs;
    const V* const own = displacements_ + 3L * i;
    V nearest = broadcast<R>(R(1e6));
    const std::int64_t* const of_species = &pairs.first[static_cast<long>(i) * pairs.n_species];
    first_ = static_cast<long>(of_species[0]);
    centre_.clear();
    for (int s = 0; s < pairs.n_species; ++s) {
      centre_.begin_species(s);
      for (long e = static_cast<long>(of_species[s]); e < static_cast<long>(of_species[s + 1]); ++e) {
        const V* const other = displacements_ + 3L * pairs.neighbour[e];
        const double* const site = &pairs.vectors[3 * e];
        const V x = (other[0] - own[0]) + static_cast<R>(site[0]), y = (other[1] - own[1]) + static_cast<R>(site[1]),
                z = (other[2] - own[2]) + static_cast<R>(site[2]);
        const V r2 = x * x + y * y + z * z;
        nearest = smaller<V>(nearest, r2);
        centre_.add(static_cast<int>(e - first_), x, y, z, square_root(r2));
      }
    }
    centre_.begin_species(pairs.n_species);
    const R cutoff = static_cast<R>(model_.sizes.angular_cutoff), touching = R(touching2), alone = cutoff * cutoff;
    if (any_less(nearest, broadcast<R>(touching)) || any_less(broadcast<R>(alone), nearest)) {
      for (int c = 0; c < task_.n_config; ++c) {
        if (nearest[c] < touching) return {BlockProblem::Kind::touching, c, i};
        if (nearest[c] > alone) return {BlockProblem::Kind::alone, c, i};
      }
    }
    return {};
  }

  static constexpr double touching2 = 0.01;  // angstrom^2

  static void add(const V& values, double* sums) {
    D wide = __builtin_convertvector(values, D);
    for (int c = 0; c < W; ++c) sums[c] += wide[c];
  }

  void store() const {
    const long n_atoms = task_.pairs.n_atoms();
    const int heads = model_.n_heads();
    const double share = 1.0 / heads;
    const R* const forces = reinterpret_cast<const R*>(forces_);
    for (int c = 0; c < task_.n_config; ++c) {
      double energy = 0, virial[6] = {};
      for (int h = 0; h < heads; ++h) {
        energy += share * energies_[h * W + c];
        for (int a = 0; a < 6; ++a) virial[a] += share * virials_[(h * 6 + a) * W + c];
      }
      task_.energies[c] = energy;
      const int place[9] = {0, 1, 2, 1, 3, 4, 2, 4, 5};
      for (int a = 0; a < 9; ++a) task_.virials[9L * c + a] = virial[place[a]];
      double* const out = task_.forces + 3 * n_atoms * c;
      for (long i = 0; i < n_atoms; ++i) {
        double squares = 0;
        for (long a = 3 * i; a < 3 * i + 3; ++a) {
          double mean = 0;
          for (int h = 0; h < heads; ++h) mean += share * static_cast<double>(forces[(3 * n_atoms * h + a) * W + c]);
          for (int h = 0; h < heads; ++h) {
            const double d = static_cast<double>(forces[(3 * n_atoms * h + a) * W + c]) - mean;
            squares += d * d;
          }
          out[a] = mean;
        }
        if (task_.deviations) task_.deviations[n_atoms * c + i] = heads > 1 ? __builtin_sqrt(squares / (heads - 1)) : 0;
      }
    }
  }

  const BlockTask<R>& task_;
  const KernelModel<R>& model_;
  V *displacements_, *forces_;
  double *energies_, *virials_;  // [heads][W], [heads][6][W]
  Centre<R, L> centre_;
  long first_ = 0;  // pair of the centre at hand
};

}  // namespace zeropoint::mlp::ZEROPOINT_KERNELS
