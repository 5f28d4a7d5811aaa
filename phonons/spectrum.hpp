#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/space_group.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/modes.hpp"

namespace zeropoint::phonons {

/// Modes of one D(q), (3n, 3n) Hermitian in eV/angstrom^2; none is called acoustic.
Modes modes_at(const Eigen::MatrixXcd& block, const Crystal& crystal);

/// Frequencies, [n_q, 3n] in sqrt(eV/amu)/angstrom, ascending in each row, at points q in crystal coordinates;
/// `directions` [n_q] as in Interpolation (Cartesian, zero: none), or empty.
Eigen::MatrixXd frequencies_at(const Interpolation& interpolation, const std::vector<Eigen::Vector3d>& points,
                               const std::vector<Eigen::Vector3d>& directions = {});

/// Modes on a regular mesh n1 x n2 x n3 through Gamma, q = (i1/n1, i2/n2, i3/n3); no direction is taken at Gamma.
///
/// Points that symmetry turns into one another, q and -q at least, have the same frequencies and are held once, as one
/// row.
struct MeshModes {
  Crystal crystal;
  Eigen::Vector3i divisions;
  std::vector<int> row;                 ///< [n_q] row of mesh point (i1 n2 + i2) n3 + i3
  std::vector<Eigen::Vector3d> points;  ///< [n_rows] crystal coordinates
  Eigen::VectorXi counts;               ///< [n_rows] mesh points of each row
  Eigen::MatrixXd frequencies;  ///< [n_rows, 3n] ascending in each row; the three translations at Gamma are exactly 0
  /// [n_rows] (3n modes, n atoms), |e_s|^2: the share of each atom in each mode, averaged over degenerate modes and
  /// over the points of the row.
  std::vector<Eigen::MatrixXf> shares;
  int gamma = 0;               ///< row of q = 0
  std::vector<bool> acoustic;  ///< [3n] which modes at Gamma are the translations

  int n_points() const { return divisions.prod(); }
};

/// Called with each row and its modes while they are found; rows of one piece of mesh_piece rows by one thread, in
/// order.
using ModeVisitor = std::function<void(int row, const Modes& modes)>;
constexpr int mesh_piece = 64;

/// Operations of `group` that do not keep the mesh count for nothing; the matrices must have its symmetry.
/// @throws InputError for a division below 1.
MeshModes modes_on_mesh(const Interpolation& interpolation, const Eigen::Vector3i& divisions, const SpaceGroup& group,
                        const ModeVisitor& visit = {});
/// The same with no symmetry but q and -q.
MeshModes modes_on_mesh(const Interpolation& interpolation, const Eigen::Vector3i& divisions);

}  // namespace zeropoint::phonons
