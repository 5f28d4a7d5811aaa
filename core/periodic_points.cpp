#include "core/periodic_points.hpp"

#include <algorithm>
#include <cmath>

namespace zeropoint {
namespace {

// Boxes many times larger than the reach: a point near a face is rare, and then both sides are looked at.
constexpr double box_per_reach = 8;
constexpr std::int64_t most_boxes = std::int64_t{1} << 20;  // along a vector; three of them fit into 64 bits

std::int64_t modulo(std::int64_t i, std::int64_t n) { return (i % n + n) % n; }

}  // namespace

PeriodicPoints::PeriodicPoints(
    const Eigen::Matrix3d& cell, double reach,
    const Eigen::Ref<const Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>>& positions)
    : to_fractional_(cell.inverse()) {
  const double box = box_per_reach * reach;
  for (int k = 0; k < 3; ++k) {
    const double planes = to_fractional_.col(k).norm();  // 1 / distance of lattice planes
    reach_[k] = reach * planes;
    boxes_[k] = std::clamp(static_cast<std::int64_t>(1 / (planes * box)), std::int64_t{1}, most_boxes);
  }
  entries_.reserve(static_cast<std::size_t>(positions.rows()));
  for (Eigen::Index point = 0; point < positions.rows(); ++point) {
    const Eigen::RowVector3d f = positions.row(point) * to_fractional_;
    std::int64_t i[3];
    for (int k = 0; k < 3; ++k) i[k] = static_cast<std::int64_t>(std::floor(f[k] * static_cast<double>(boxes_[k])));
    entries_.push_back({box_number(i[0], i[1], i[2]), point});
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.box != b.box ? a.box < b.box : a.point < b.point; });
}

std::uint64_t PeriodicPoints::box_number(std::int64_t i, std::int64_t j, std::int64_t k) const {
  return static_cast<std::uint64_t>((modulo(i, boxes_[0]) * boxes_[1] + modulo(j, boxes_[1])) * boxes_[2] +
                                    modulo(k, boxes_[2]));
}

std::vector<std::int64_t> PeriodicPoints::near(const Eigen::RowVector3d& position) const {
  std::vector<std::int64_t> found;
  if (entries_.empty()) return found;
  const Eigen::RowVector3d f = position * to_fractional_;
  std::int64_t low[3], high[3];
  for (int k = 0; k < 3; ++k) {
    const double n = static_cast<double>(boxes_[k]);
    low[k] = static_cast<std::int64_t>(std::floor((f[k] - reach_[k]) * n));
    high[k] = std::min(static_cast<std::int64_t>(std::floor((f[k] + reach_[k]) * n)),
                       low[k] + boxes_[k] - 1);  // each box once
  }
  for (std::int64_t i = low[0]; i <= high[0]; ++i) {
    for (std::int64_t j = low[1]; j <= high[1]; ++j) {
      for (std::int64_t k = low[2]; k <= high[2]; ++k) {
        const std::uint64_t box = box_number(i, j, k);
        auto entry = std::lower_bound(entries_.begin(), entries_.end(), box,
                                      [](const Entry& e, std::uint64_t b) { return e.box < b; });
        for (; entry != entries_.end() && entry->box == box; ++entry) found.push_back(entry->point);
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Eigen::RowVector3d nearest_image(const Eigen::RowVector3d& vector, const Eigen::Matrix3d& cell,
                                 const Eigen::Matrix3d& to_fractional, Eigen::RowVector3d& shift) {
  shift = (vector * to_fractional).array().round();
  return vector - shift * cell;
}

}  // namespace zeropoint
