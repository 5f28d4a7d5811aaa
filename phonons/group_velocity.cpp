#include "phonons/group_velocity.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/decompositions.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "phonons/spectrum.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double degenerate =
    1e-5;  // of the largest frequency: 0.01 of 1000 cm^-1, as files split what symmetry makes equal
constexpr double small_step = 2e-3;  // of 2 pi over the longest cell vector, where the slope of acoustic modes is taken

/// Slopes of the acoustic modes, [3]: omega/k is even in k, what is left after two steps is of fourth order.
Eigen::Vector3d slopes_at_gamma(const Interpolation& interpolation, const Eigen::Vector3d& direction) {
  const Crystal& crystal = interpolation.crystal();
  const double h = small_step / crystal.cell.rowwise().norm().maxCoeff();  // without 2 pi
  const Eigen::Vector3d q = h * crystal.cell * direction;
  // The acoustic modes are the three of smallest size: optical ones may be imaginary.
  const auto slopes = [&](double t) -> Eigen::Vector3d {
    const Eigen::VectorXd all = modes_at(interpolation(t * q), crystal).frequencies;
    std::vector<double> sorted(all.begin(), all.end());
    std::sort(sorted.begin(), sorted.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    std::sort(sorted.begin(), sorted.begin() + 3);
    return Eigen::Vector3d(sorted[0], sorted[1], sorted[2]) / (2 * std::numbers::pi * t * h);
  };
  return (4 * slopes(0.5) - slopes(1)) / 3;
}

}  // namespace

Eigen::MatrixX3d group_velocities(const Interpolation& interpolation, const Eigen::Vector3d& q,
                                  const Eigen::Vector3d& direction) {
  if (!(direction.norm() > 0)) throw InputError{"group velocities need a direction, not the zero vector"};
  const Eigen::Vector3d along = direction.normalized();
  const Crystal& crystal = interpolation.crystal();
  const Modes modes = modes_at(interpolation(q, along), crystal);
  const std::array<Eigen::MatrixXcd, 3> gradient = interpolation.gradient(q);
  const Eigen::MatrixXcd patterns = displacement_patterns(modes, crystal);
  const Eigen::Index n = modes.frequencies.size();
  const double largest = modes.frequencies.cwiseAbs().maxCoeff();
  const bool at_gamma = folded(q).isZero(0);

  Eigen::MatrixX3d velocities = Eigen::MatrixX3d::Zero(n, 3);
  for (Eigen::Index first = 0, last; first < n; first = last) {
    last = first + 1;
    while (last < n && modes.frequencies[last] - modes.frequencies[last - 1] < degenerate * largest) ++last;
    const double frequency = modes.frequencies.segment(first, last - first).mean();
    if (std::abs(frequency) < degenerate * largest) {
      if (at_gamma && last - first == 3)
        velocities.middleRows(first, 3) = slopes_at_gamma(interpolation, along) * along.transpose();
      continue;
    }
    const auto set = patterns.middleCols(first, last - first);
    std::array<Eigen::MatrixXcd, 3> inside;
    Eigen::MatrixXcd derivative = Eigen::MatrixXcd::Zero(last - first, last - first);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      inside[axis] = set.adjoint() * gradient[axis] * set;
      derivative += along[static_cast<Eigen::Index>(axis)] * inside[axis];
    }
    const Eigen::MatrixXcd unmixed = hermitian_eigensystem(derivative).vectors;
    for (Eigen::Index axis = 0; axis < 3; ++axis) {
      velocities.col(axis).segment(first, last - first) =
          (unmixed.adjoint() * inside[axis] * unmixed).diagonal().real() / (2 * std::abs(frequency));
    }
  }
  return velocities;
}

std::vector<Eigen::MatrixX3d> group_velocities(const Interpolation& interpolation,
                                               const std::vector<Eigen::Vector3d>& points,
                                               const std::vector<Eigen::Vector3d>& directions) {
  if (directions.size() != points.size())
    throw InternalError{"{} directions for {} q points", directions.size(), points.size()};
  std::vector<Eigen::MatrixX3d> all(points.size());
  parallel_for(static_cast<std::int64_t>(points.size()), [&](std::int64_t i) {
    const auto iq = static_cast<std::size_t>(i);
    all[iq] = group_velocities(interpolation, points[iq], directions[iq]);
  });
  return all;
}

}  // namespace zeropoint::phonons
