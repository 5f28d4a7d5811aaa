#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/space_group.hpp"
#include "sscha/pair_space.hpp"

namespace zeropoint::sscha {

/// How the operations of a space group act on modes: y(Sq) = O(S,q) y(q), O(S,q) = e(Sq)^dagger Gamma(S,q) e(q), with
///   Gamma(S,q)_{s'a,sb} = delta_{s',S(s)} S_ab exp(-2 pi i Sq.L_s).
/// The density must have the symmetry of the group.
class ModeRotations {
 public:
  ModeRotations(const TrialDensity& density, const SpaceGroup& group, const ModeRows& rows,
                const at::TensorOptions& options);

  int n_operations() const { return static_cast<int>(image_.size()); }
  const std::vector<SymmetryOperation>& operations() const { return operations_; }
  int image(int operation, int iq) const { return image_[operation][iq]; }
  /// [modes at Sq, modes at q], unitary.
  const at::Tensor& matrix(int operation, int iq) const { return matrices_[operation][iq]; }

 private:
  std::vector<SymmetryOperation> operations_;
  std::vector<std::vector<int>> image_;
  std::vector<std::vector<at::Tensor>> matrices_;
};

/// An operation that leads pairs at q to pairs at Sq, or, followed by complex conjugation (time reversal), to -Sq.
struct PairRotation {
  int operation;
  bool conjugate;
};
/// Vectors of the space `from`, [size, m], as vectors of `to`.
at::Tensor rotated(const ModeRotations& rotations, const PairRotation& rotation, const phonons::QGrid& grid,
                   const PairSpace& from, const PairSpace& to, const at::Tensor& vectors);
/// The inverse: vectors of `to` as vectors of `from`.
at::Tensor rotated_back(const ModeRotations& rotations, const PairRotation& rotation, const phonons::QGrid& grid,
                        const PairSpace& from, const PairSpace& to, const at::Tensor& vectors);
/// R M R^dagger for an operation that keeps q, without conjugation.
at::Tensor rotated_both(const ModeRotations& rotations, int operation, const phonons::QGrid& grid,
                        const PairSpace& space, const at::Tensor& matrix);
/// Matrix [size of `to`, size of `to`] as one of `from`: back on both sides.
at::Tensor rotated_back_both(const ModeRotations& rotations, const PairRotation& rotation, const phonons::QGrid& grid,
                             const PairSpace& from, const PairSpace& to, const at::Tensor& matrix);

}  // namespace zeropoint::sscha
