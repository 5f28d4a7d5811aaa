#pragma once

#include <Eigen/Core>
#include <vector>

namespace zeropoint::phonons {

/// The N1 x N2 x N3 grid of q points commensurate with a supercell, in the order of the files it came from.
///
/// q is in crystal coordinates (q = sum_k q_k b_k, phase 2 pi q.R), as in the file: not folded into one zone.
class QGrid {
 public:
  /// All points of the grid, stars unknown (every pair (q, -q) is a star of its own), Gamma first.
  explicit QGrid(const Eigen::Vector3i& divisions);

  /// The points as listed, `stars[i]` = number of points in the i-th star (file).
  /// @throws InputError when the points do not form a complete grid: which are missing, twice, or without -q.
  QGrid(std::vector<Eigen::Vector3d> points, std::vector<int> stars);

  int size() const { return static_cast<int>(points_.size()); }
  const Eigen::Vector3i& divisions() const { return divisions_; }
  const std::vector<Eigen::Vector3d>& points() const { return points_; }
  /// Number of points in each star; stars are contiguous.
  const std::vector<int>& stars() const { return stars_; }
  /// The first point of each star.
  std::vector<int> representatives() const;
  int gamma() const { return gamma_; }
  /// Index of -q modulo G.
  int minus(int iq) const { return minus_[iq]; }
  /// q = -q + G: D(q) is real.
  bool is_real(int iq) const { return minus(iq) == iq; }
  /// Index of the point equal to `q` modulo G, -1 when there is none within 1e-4.
  int find(const Eigen::Vector3d& q) const;
  /// k with q = k_i / N_i modulo 1, 0 <= k_i < N_i.
  Eigen::Vector3i integers(int iq) const { return integers_[iq]; }
  /// One of each pair (q, -q), the one that comes first.
  const std::vector<int>& independent() const { return independent_; }

 private:
  void index_points();

  Eigen::Vector3i divisions_;
  std::vector<Eigen::Vector3d> points_;
  std::vector<int> stars_;
  std::vector<Eigen::Vector3i> integers_;
  std::vector<int> minus_, independent_, lookup_;
  int gamma_ = 0;
};

}  // namespace zeropoint::phonons
