#include "phonons/q_stars.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

bool keeps(const Eigen::Matrix3i& rotation, const Eigen::Vector3i& divisions) {
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      if (divisions[i] * rotation(i, j) % divisions[j] != 0) return false;
    }
  }
  return true;
}

Eigen::Vector3i wrapped(Eigen::Vector3i k, const Eigen::Vector3i& divisions) {
  for (int i = 0; i < 3; ++i) k[i] = (k[i] % divisions[i] + divisions[i]) % divisions[i];
  return k;
}

int number_of(const Eigen::Vector3i& k, const Eigen::Vector3i& divisions) {
  return (k[0] * divisions[1] + k[1]) * divisions[2] + k[2];
}

Eigen::Vector3i integers_of(int point, const Eigen::Vector3i& divisions) {
  return {point / (divisions[1] * divisions[2]), point / divisions[2] % divisions[1], point % divisions[2]};
}

}  // namespace

SpaceGroup keeping_mesh(SpaceGroup group, const Eigen::Vector3i& divisions) {
  // W and its inverse are both in the group: whether q -> W^T q keeps the mesh says it for q -> W^-T q, too.
  std::erase_if(group.operations,
                [&](const SymmetryOperation& operation) { return !keeps(operation.rotation.transpose(), divisions); });
  return group;
}

MeshOrbits orbits(const Eigen::Vector3i& divisions, const SpaceGroup& group) {
  if ((divisions.array() < 1).any()) {
    throw InputError{"mesh {} x {} x {}: every division must be at least 1", divisions[0], divisions[1], divisions[2]};
  }
  std::vector<Eigen::Matrix3i> rotations;
  for (const SymmetryOperation& operation : keeping_mesh(group, divisions).operations) {
    rotations.emplace_back(operation.rotation.transpose());
  }
  MeshOrbits result;
  result.orbit.assign(static_cast<std::size_t>(divisions.prod()), -1);
  for (int point = 0; point < divisions.prod(); ++point) {
    if (result.orbit[point] >= 0) continue;
    const Eigen::Vector3i k = integers_of(point, divisions);
    int count = 0;
    for (const Eigen::Matrix3i& rotation : rotations) {
      // q_i = k_i/N_i, so that k'_i = N_i sum_j W_ij k_j/N_j.
      Eigen::Vector3i image;
      for (int i = 0; i < 3; ++i) {
        image[i] = 0;
        for (int j = 0; j < 3; ++j) image[i] += divisions[i] * rotation(i, j) / divisions[j] * k[j];
      }
      for (const int sign : {1, -1}) {
        int& orbit = result.orbit[number_of(wrapped(sign * image, divisions), divisions)];
        if (orbit < 0) ++count;
        orbit = result.size();
      }
    }
    result.first.push_back(point);
    result.counts.push_back(count);
  }
  return result;
}

QGrid grid_of_stars(const Eigen::Vector3i& divisions, const SpaceGroup& group) {
  const MeshOrbits mesh = orbits(divisions, group);
  std::vector<std::vector<int>> members(mesh.first.size());
  for (int point = 0; point < divisions.prod(); ++point) {
    members[mesh.orbit[static_cast<std::size_t>(point)]].push_back(point);
  }
  std::vector<Eigen::Vector3d> points;
  std::vector<bool> taken(mesh.orbit.size(), false);
  for (const std::vector<int>& star : members) {
    for (const int point : star) {
      if (taken[point]) continue;
      const Eigen::Vector3i k = integers_of(point, divisions);
      const int partner = number_of(wrapped(-k, divisions), divisions);
      taken[point] = taken[partner] = true;
      Eigen::Vector3d q;
      for (int i = 0; i < 3; ++i)
        q[i] = static_cast<double>(2 * k[i] > divisions[i] ? k[i] - divisions[i] : k[i]) / divisions[i];
      points.push_back(q);
      if (partner != point) points.push_back(-q);
    }
  }
  return {std::move(points), mesh.counts};
}

}  // namespace zeropoint::phonons
