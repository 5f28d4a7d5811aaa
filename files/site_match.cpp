#include "files/site_match.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/periodic_points.hpp"

namespace zeropoint {
namespace {

constexpr double same_cell = 1e-4;  // angstrom

/// The shortest of the vectors that differ by lattice vectors, for vectors shorter than half the cell.
Eigen::RowVector3d shortest_image(const Eigen::RowVector3d& vector, const Eigen::Matrix3d& cell,
                                  const Eigen::Matrix3d& inverse) {
  Eigen::RowVector3d shift;
  const Eigen::RowVector3d rounded = nearest_image(vector, cell, inverse, shift);
  // Rounding is not enough in skewed cells: look at the neighbours, too.
  Eigen::RowVector3d best = rounded;
  for (int i = -1; i <= 1; ++i) {
    for (int j = -1; j <= 1; ++j) {
      for (int k = -1; k <= 1; ++k) {
        const Eigen::RowVector3d image = rounded + Eigen::RowVector3d(i, j, k) * cell;
        if (image.squaredNorm() < best.squaredNorm() - 1e-12) best = image;
      }
    }
  }
  return best;
}

}  // namespace

SiteMatch match_to_sites(const LabelledStructure& structure, const Supercell& reference) {
  const Crystal sites = reference.crystal();
  const auto n = static_cast<std::size_t>(sites.n_atoms());
  SiteMatch match;
  if (structure.species.size() != n) {
    match.reason = fmt::format("{} atoms, the supercell has {}", structure.species.size(), n);
    return match;
  }
  if (const double off = (structure.cell - sites.cell).cwiseAbs().maxCoeff(); !(off < same_cell)) {
    match.reason =
        fmt::format("another cell: its vectors differ by up to {:.4f} angstrom from those of the supercell", off);
    return match;
  }
  const Eigen::Matrix3d inverse = sites.cell.inverse();
  const auto displacement = [&](std::size_t atom, std::size_t site) {
    return shortest_image(
        structure.positions.row(static_cast<Eigen::Index>(atom)) - sites.positions.row(static_cast<Eigen::Index>(site)),
        sites.cell, inverse);
  };
  match.displacements.resize(static_cast<Eigen::Index>(n), 3);
  match.order.resize(n);
  if (structure.species == sites.species) {
    const double limit = std::max(shortest_distance(reference.unit_cell()), 1.5);
    std::iota(match.order.begin(), match.order.end(), 0);
    for (std::size_t i = 0; i < n; ++i) match.displacements.row(static_cast<Eigen::Index>(i)) = displacement(i, i);
    if (match.displacements.rowwise().norm().maxCoeff() <= limit) return match;
  }
  std::fill(match.order.begin(), match.order.end(), -1);
  for (std::size_t atom = 0; atom < n; ++atom) {
    std::size_t nearest = n;
    double distance = 0;
    for (std::size_t site = 0; site < n; ++site) {
      if (sites.species[site] != structure.species[atom]) continue;
      const double here = displacement(atom, site).norm();
      if (nearest == n || here < distance) {
        nearest = site;
        distance = here;
      }
    }
    if (nearest == n) {
      match.reason = fmt::format("atom {} is {}, which the crystal does not have", atom + 1, structure.species[atom]);
    } else if (match.order[nearest] >= 0) {
      match.reason =
          fmt::format("atoms {} and {} are both nearest to site {} ({}): their order or the crystal is another",
                      match.order[nearest] + 1, atom + 1, nearest + 1, sites.species[nearest]);
    } else {
      match.order[nearest] = static_cast<int>(atom);
      match.displacements.row(static_cast<Eigen::Index>(nearest)) = displacement(atom, nearest);
      continue;
    }
    match.displacements.resize(0, 3);
    match.order.clear();
    return match;
  }
  return match;
}

}  // namespace zeropoint
