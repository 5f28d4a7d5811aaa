#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "sscha/population.hpp"
#include "sscha/trial_density.hpp"
#include "sscha/weights.hpp"

namespace zeropoint::sscha {

/// The non-acoustic modes of all q points in one list, q after q in the order of the grid.
struct ModeRows {
  explicit ModeRows(const TrialDensity& density);

  std::vector<std::int64_t> first;  ///< [n_q + 1] row of the first mode of each q
  bool real;                        ///< every q is its own negative: Bloch vectors are real

  std::int64_t size() const { return first.back(); }
  std::int64_t count(int iq) const { return first[static_cast<std::size_t>(iq) + 1] - first[iq]; }
  /// Rows of one q of any tensor whose first axis is this list.
  at::Tensor at(const at::Tensor& all, int iq) const;
};

/// Some configurations in the unit-variance frame.
struct ModeChunk {
  at::Tensor y;        ///< [n_rows, c] E u, complex128, or float64 when all rows are real
  at::Tensor phi;      ///< [n_rows, c] L df, df = f + D u: what the auxiliary crystal does not explain; eV
  at::Tensor weights;  ///< [c] w_c / sum w
};

/// A weighted population in the unit-variance frame of a density, one chunk after another.
class ModeSamples {
 public:
  /// All three must outlive this.
  ModeSamples(const Population& population, const Weights& weights, const TrialDensity& density);

  const ModeRows& rows() const { return rows_; }
  const Population& population() const { return population_; }
  const TrialDensity& density() const { return density_; }
  at::TensorOptions options() const;  ///< type and device of y and phi
  int n_chunks() const { return population_.n_chunks(); }
  ModeChunk chunk(int chunk) const;

  /// Calls body(piece, first configuration) for all configurations in order, pieces of at most `size`.
  template <class Body>
  void for_each_piece(std::int64_t size, Body&& body) const {
    for (int k = 0; k < n_chunks(); ++k) {
      const ModeChunk all = chunk(k);
      const std::int64_t n = all.weights.size(0);
      for (std::int64_t begin = 0; begin < n; begin += size) {
        const std::int64_t end = std::min(n, begin + size);
        const auto cut = [&](const at::Tensor& rows) {
          return end - begin == n ? rows : rows.slice(1, begin, end).contiguous();
        };
        body(ModeChunk{cut(all.y), cut(all.phi), all.weights.slice(0, begin, end)}, population_.chunk_begin(k) + begin);
      }
    }
  }

 private:
  at::Tensor as_rows(const std::vector<at::Tensor>& slabs) const;

  const Population& population_;
  const Weights& weights_;
  const TrialDensity& density_;
  ModeRows rows_;
  at::Tensor shift_;
  bool moved_;
  std::vector<at::Tensor> to_modes_, matrices_, to_forces_;  // for each slab
};

/// Averages of one and two modes that the Hermite terms of third and fourth order hold.
struct ModeMoments {
  at::Tensor forces;                  ///< [n_rows at q = 0] <phi(0)>
  std::vector<at::Tensor> gradients;  ///< [n_q] <y phi^dagger + phi y^dagger>/2, Hermitian: the gradient in this frame
};
ModeMoments mode_moments(const ModeSamples& samples);

}  // namespace zeropoint::sscha
