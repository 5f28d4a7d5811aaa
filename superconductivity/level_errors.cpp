#include "superconductivity/level_errors.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/contract.hpp"
#include "core/parallel.hpp"
#include "phonons/q_stars.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double degenerate = 1e-5;  // relative difference of energies that symmetry makes one
constexpr double step = 1e-3;        // of ln omega^2

}  // namespace

std::vector<Level> levels(const CoupledModes& modes, const std::vector<std::vector<double>>& squared_errors,
                          const phonons::QGrid& grid, const SpaceGroup& group, const UnitSet& units) {
  expect(std::ssize(squared_errors) == grid.size() && modes.energies.rows() == grid.size(), "errors of each q");
  const Eigen::Vector3i n = grid.divisions();
  const phonons::MeshOrbits orbits = phonons::orbits(n, group);
  std::map<std::pair<int, int>, Level> found;  // by orbit and first mode
  for (int iq = 0; iq < grid.size(); ++iq) {
    const Eigen::Vector3i k = grid.integers(iq);
    const int orbit = orbits.orbit[(k[0] * n[1] + k[1]) * n[2] + k[2]];
    int first = 0;
    for (int mode = 0; mode < modes.n_modes(); ++mode) {
      const double energy = modes.energies(iq, mode);
      if (energy - modes.energies(iq, first) > degenerate * std::abs(energy)) first = mode;
      bool couples = false;
      for (const Eigen::MatrixXd& lambda : modes.lambda) couples = couples || lambda(iq, mode) != 0;
      if (!couples || energy <= 0) continue;
      const double square = std::pow(energy / units.hbar, 2);
      Level& level = found.try_emplace({orbit, first}, Level{{}, 0}).first->second;
      level.modes.emplace_back(iq, mode);
      level.error =
          std::max(level.error, squared_errors[static_cast<std::size_t>(iq)][static_cast<std::size_t>(mode)] / square);
    }
  }
  std::vector<Level> result;
  for (auto& [key, level] : found) {
    if (level.error > 0) result.push_back(std::move(level));
  }
  return result;
}

CoupledModes with_level_moved(const CoupledModes& modes, const Level& level, double change) {
  CoupledModes moved = modes;
  for (const Eigen::Vector2i& at : level.modes) {
    moved.energies(at[0], at[1]) *= std::sqrt(1 + change);
    for (Eigen::MatrixXd& lambda : moved.lambda) lambda(at[0], at[1]) /= 1 + change;
  }
  return moved;
}

double propagated(const CoupledModes& modes, const std::vector<Level>& levels,
                  const std::function<double(const CoupledModes&)>& quantity) {
  std::vector<double> parts(levels.size());
  parallel_for(std::ssize(levels), [&](std::int64_t i) {
    const double up = quantity(with_level_moved(modes, levels[i], step)),
                 down = quantity(with_level_moved(modes, levels[i], -step));
    parts[i] = (up - down) / (2 * step) * levels[i].error;
  });
  double sum = 0;
  for (const double part : parts) sum += part * part;
  return std::sqrt(sum);
}

}  // namespace zeropoint::superconductivity
