#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/space_group.hpp"
#include "files/ensemble.hpp"
#include "sscha/trial_density.hpp"

namespace zeropoint::test {

/// All images of configurations under the operations of a group, the displacements from the sites of the crystal. With
/// `translations` under all lattice translations of the supercell too. Image i of configuration c is number i N + c.
Configurations symmetry_images(const Configurations& configurations, const Supercell& supercell,
                               const SpaceGroup& group, bool translations);

struct DenseHessian {
  Eigen::MatrixXd third_only, full;  ///< [M, M] force constants of the supercell, eV/angstrom^2
  Eigen::MatrixXd third,
      fourth;  ///< d3_yzx [M^2, M] and d4_xyzw [M^2, M^2]; row y + M z, eV/angstrom^3 and eV/angstrom^4
};

/// The free-energy Hessian by its definition in real space: all elements of d3 and d4 in Cartesian components of the
/// supercell,
///   d3_xyz = <[Upsilon_yz - v_y v_z] df_x>, d4_xyzw = -<He3_xyz df_w>, v = Upsilon u, symmetrised over permutations,
///   and H = Phi + d3 Lambda (1 - d4 Lambda)^-1 d3.
/// `weights` [N] of the configurations; sums run over all symmetry images. Memory M^4.
DenseHessian dense_hessian(const sscha::TrialDensity& density, const Configurations& configurations,
                           const std::vector<double>& weights, const SpaceGroup& group, bool hermite_terms);

}  // namespace zeropoint::test
