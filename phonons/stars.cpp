#include "phonons/stars.hpp"

#include "core/space_group.hpp"
#include "phonons/symmetrizer.hpp"

namespace zeropoint::phonons {

QGrid grid_in_stars(const Crystal& crystal, const Eigen::Vector3i& divisions) {
  const QGrid plain(divisions);
  const SpaceGroup group = keeping_grid(find_space_group(crystal), plain);
  std::vector<Eigen::Vector3d> points;
  std::vector<int> stars;
  std::vector<bool> taken(static_cast<std::size_t>(plain.size()), false);
  for (int iq = 0; iq < plain.size(); ++iq) {
    int count = 0;
    const auto take = [&](int image) {
      if (taken[static_cast<std::size_t>(image)]) return;
      taken[static_cast<std::size_t>(image)] = true;
      points.push_back(plain.points()[static_cast<std::size_t>(image)]);
      ++count;
    };
    if (taken[static_cast<std::size_t>(iq)]) continue;
    for (const SymmetryOperation& operation : group.operations) {
      // q.f is invariant, and with an operation the group holds its inverse.
      const Eigen::Vector3d q =
          operation.rotation.transpose().cast<double>() * plain.points()[static_cast<std::size_t>(iq)];
      const int image = plain.find(q);
      take(image);
      take(plain.minus(image));
    }
    stars.push_back(count);
  }
  return QGrid(std::move(points), std::move(stars));
}

}  // namespace zeropoint::phonons
