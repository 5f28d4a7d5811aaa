#include "phonons/band_structure.hpp"

#include <algorithm>
#include <cmath>

#include "core/standard_cell.hpp"
#include "phonons/band_errors.hpp"
#include "phonons/dipole.hpp"
#include "phonons/spectrum.hpp"

namespace zeropoint::phonons {

Bands bands_along(const SampledPath& path, const Interpolation& interpolation, const DynamicalMatrices& matrices,
                  const std::vector<std::vector<double>>& squared_errors) {
  Bands bands{frequencies_at(interpolation, path.points, path.directions)};
  if (!squared_errors.empty())
    bands.errors = BandErrors(matrices, squared_errors)(interpolation, path.points, path.directions);
  return bands;
}

std::vector<GammaLimit> gamma_limits(const SampledPath& path, const Interpolation& interpolation) {
  std::vector<GammaLimit> limits;
  if (interpolation.alpha() == 0) return limits;
  for (std::size_t i = 0; i < path.points.size(); ++i) {
    const Eigen::Vector3d& direction = path.directions[i];
    const bool known = std::ranges::any_of(
        limits, [&](const GammaLimit& limit) { return std::abs(limit.direction.dot(direction)) > 1 - 1e-9; });
    if (!folded(path.points[i]).isZero(0) || known) continue;
    const Eigen::MatrixXcd block = interpolation(Eigen::Vector3d::Zero(), direction);
    limits.push_back({direction, modes_at(block, interpolation.crystal()).frequencies});
  }
  return limits;
}

std::optional<GammaModes> gamma_modes(const Interpolation& interpolation, const SpaceGroup& group, double tolerance) {
  const Crystal& crystal = interpolation.crystal();
  const Eigen::Matrix3d conventional = find_standard_cell(crystal, tolerance).transformation.inverse() * crystal.cell;
  return gamma_modes(interpolation(Eigen::Vector3d::Zero()), crystal, group, conventional);
}

}  // namespace zeropoint::phonons
