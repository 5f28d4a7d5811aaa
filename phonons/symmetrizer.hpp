#pragma once

#include <vector>

#include "core/space_group.hpp"
#include "phonons/dynamical_matrices.hpp"

namespace zeropoint::phonons {

/// The operations of `group` that map every q point of `grid` onto one: a grid such as 3x1x1 keeps only some.
SpaceGroup keeping_grid(SpaceGroup group, const QGrid& grid);

/// Averages matrices, vectors and stresses over a space group, time reversal and the acoustic sum rule.
///
/// Under {S|t} Bloch vectors turn by Gamma(S,q)_{s'a,sb} = delta_{s',S(s)} S_ab exp(-2 pi i q'.L_s), q' = S q.
/// The group average is a product of averages over cosets of a chain of subgroups: 48 operations cost six.
class Symmetrizer {
 public:
  /// @throws InputError when `operations` are not a group, or lead a q point out of the grid.
  Symmetrizer(const SpaceGroup& group, const Crystal& crystal, const QGrid& grid);

  int n_operations() const { return n_operations_; }

  /// Group average, hermiticity, D(-q) = D(q)^*, realness at q = -q + G and D(0) -> Q D(0) Q. A projector.
  void matrices(std::vector<Eigen::MatrixXcd>& blocks) const;
  /// The same for one of each pair (q, -q): the blocks of QGrid::independent() alone are read and written.
  void independent_matrices(std::vector<Eigen::MatrixXcd>& blocks) const;
  /// Group average of a vector on the atoms of the unit cell, [n_atoms, 3].
  void vectors(Vectors& values) const;
  /// Group average of a 3x3 tensor.
  Eigen::Matrix3d tensor(const Eigen::Matrix3d& value) const;

 private:
  struct Action {  // one coset representative
    Eigen::Matrix3d cartesian;
    std::vector<int> permutation;         // [n_atoms]
    std::vector<int> q_image;             // [n_q]
    std::vector<Eigen::VectorXcd> phase;  // [n_q] exp(-2 pi i q'.L_s) per atom s, q' the image
  };
  void add_rotated(const Action& action, const std::vector<Eigen::MatrixXcd>& from,
                   std::vector<Eigen::MatrixXcd>& sum) const;

  std::vector<std::vector<Action>> chain_;  // cosets of each subgroup in the next, the identity left out
  QGrid grid_;
  int n_operations_;
  int n_atoms_;
};

/// D(0) -> Q D(0) Q with Q the projector on non-uniform displacements.
void impose_acoustic_sum_rule(Eigen::MatrixXcd& gamma_block);

}  // namespace zeropoint::phonons
