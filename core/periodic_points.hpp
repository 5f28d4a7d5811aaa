#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <vector>

namespace zeropoint {

/// Points in a periodic cell, found by position.
class PeriodicPoints {
 public:
  PeriodicPoints() = default;
  /// Points that are searched within at most `reach` (angstrom, any lattice vectors aside); `cell` has the cell vectors
  /// in rows. Numbers of points are their places in `positions` [n, 3], angstrom.
  PeriodicPoints(const Eigen::Matrix3d& cell, double reach,
                 const Eigen::Ref<const Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>>& positions);

  /// The numbers of all points within `reach` of `position`, and perhaps of some a little farther, ascending.
  std::vector<std::int64_t> near(const Eigen::RowVector3d& position) const;

 private:
  struct Entry {
    std::uint64_t box;
    std::int64_t point;
  };

  std::uint64_t box_number(std::int64_t i, std::int64_t j, std::int64_t k) const;

  Eigen::Matrix3d to_fractional_;
  Eigen::Vector3d reach_;                    // in crystal coordinates
  Eigen::Matrix<std::int64_t, 3, 1> boxes_;  // along each cell vector
  std::vector<Entry> entries_;               // sorted
};

/// The shortest `vector` + lattice vector as far as rounding crystal coordinates finds it: exact for vectors that are
/// short against the cell. `shift` gets the integers n that were subtracted.
Eigen::RowVector3d nearest_image(const Eigen::RowVector3d& vector, const Eigen::Matrix3d& cell,
                                 const Eigen::Matrix3d& to_fractional, Eigen::RowVector3d& shift);

}  // namespace zeropoint
