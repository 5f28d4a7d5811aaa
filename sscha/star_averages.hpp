#pragma once

#include <vector>

#include "sscha/anharmonic_averages.hpp"
#include "sscha/mode_rotations.hpp"

namespace zeropoint::sscha {

/// One q of a star where bare averages are taken, and the operations that lead there from its first point.
struct StarMember {
  int iq;
  std::vector<PairRotation> rotations;
};
struct Star {
  int iq;                           ///< the first point
  std::vector<StarMember> members;  ///< q or -q of each pair, the first point first
  std::int64_t n_operations() const;
  /// Operations, with or without time reversal, that keep q.
  const std::vector<PairRotation>& little_group() const { return members.front().rotations; }
};
/// The stars of a grid under a space group and time reversal.
std::vector<Star> find_stars(const ModeRotations& rotations, const phonons::QGrid& grid);

/// Images of vectors [modes at the first point of a star, m] under an operation, with time reversal or without.
at::Tensor image_of_modes(const ModeRotations& rotations, const PairRotation& rotation, int iq,
                          const at::Tensor& vectors);
/// Modes at the first point of a star, in their order, of which the images under the little group span all others.
std::vector<std::int64_t> generating_modes(const ModeRotations& rotations, const ModeRows& rows, const Star& star,
                                           const at::TensorOptions& options);

/// Third and fourth order at the first point of a star, averaged over all operations: what the population would give if
/// it were replaced by all its symmetry images. Vectors are rotated, configurations are not.
class StarAverages {
 public:
  /// All must outlive this. `spaces` [n_q].
  StarAverages(const ModeSamples& samples, const ModeMoments& moments, const ModeRotations& rotations,
               const std::vector<PairSpace>& spaces, const Star& star)
      : samples_(samples), moments_(moments), rotations_(rotations), spaces_(spaces), star_(star) {}

  const PairSpace& space() const { return spaces_[star_.iq]; }
  const Star& star() const { return star_; }

  /// [pairs, modes at q] from the bare averages of each member.
  at::Tensor third(const std::vector<at::Tensor>& bare) const;
  /// [pairs, pairs]
  at::Tensor fourth() const;
  /// Fourth order of the columns of [pairs, m].
  at::Tensor apply_fourth(const at::Tensor& vectors) const;

  std::vector<std::int64_t> modes_to_solve() const;  ///< generating_modes of the star
  /// Solutions [pairs, modes at q] of an equation that has the symmetry, from those of the generating modes [pairs, n].
  at::Tensor completed(const std::vector<std::int64_t>& modes, const at::Tensor& solutions) const;

  /// Standard errors of x_i^dagger C x_i, C = -(J D3)^dagger A^-1 (J D3), for the columns of x [modes at q, m] by
  /// influence: with u_i = J A^-1 J D3 x_i a configuration changes it by -2 Re(u^dagger d3_c x) + u^dagger d4_c u, and
  /// nothing is solved again. `sets` of columns, [begin, end) each, are degenerate: they share the error of their mean,
  /// for which one operation of each member of the star is enough. Returns one error a set.
  std::vector<double> errors(const Weights& weights, const at::Tensor& u, const at::Tensor& x, int order,
                             const std::vector<std::pair<int, int>>& sets) const;

 private:
  const ModeSamples& samples_;
  const ModeMoments& moments_;
  const ModeRotations& rotations_;
  const std::vector<PairSpace>& spaces_;
  const Star& star_;
};

}  // namespace zeropoint::sscha
