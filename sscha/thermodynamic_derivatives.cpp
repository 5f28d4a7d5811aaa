#include "sscha/thermodynamic_derivatives.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace zeropoint::sscha {
namespace {

/// What the three points count in a slope, y[a] * numerator[a] / denominator[a] summed.
struct Stencil {
  std::array<const ThermalPoint*, 3> points;
  std::array<double, 3> numerator, denominator;

  Estimate slope(Estimate ThermalPoint::* y) const {
    double value = 0, variance = 0;
    for (std::size_t a = 0; a < 3; ++a) {
      const Estimate& here = points[a]->*y;
      value += here.value * numerator[a] / denominator[a];
      variance += std::pow(here.standard_error * numerator[a] / denominator[a], 2);
    }
    return {value, std::sqrt(variance)};
  }
};

/// The three of `ladder`, in the order of temperatures, next to its point i.
Stencil stencil_at(std::size_t i, const std::vector<const ThermalPoint*>& ladder) {
  const std::size_t first = std::min(i > 0 ? i - 1 : 0, ladder.size() - 3);
  const double x = ladder[i]->temperature;
  Stencil stencil{{ladder[first], ladder[first + 1], ladder[first + 2]}, {}, {}};
  for (std::size_t a = 0; a < 3; ++a) {
    const double xa = stencil.points[a]->temperature, xb = stencil.points[(a + 1) % 3]->temperature,
                 xc = stencil.points[(a + 2) % 3]->temperature;
    stencil.numerator[a] = 2 * x - xb - xc;
    stencil.denominator[a] = (xa - xb) * (xa - xc);
  }
  return stencil;
}

/// (dV/dT) / V: the volume of the point itself is in both.
Estimate expansion(const Stencil& stencil, const ThermalPoint& here) {
  const double volume = here.volume.value, slope = stencil.slope(&ThermalPoint::volume).value;
  double variance = 0;
  for (std::size_t a = 0; a < 3; ++a) {
    const double own = stencil.points[a] == &here ? slope / volume : 0;
    const double response = (stencil.numerator[a] / stencil.denominator[a] - own) / volume;
    variance += std::pow(response * stencil.points[a]->volume.standard_error, 2);
  }
  return {slope / volume, std::sqrt(variance)};
}

}  // namespace

std::vector<ThermalDerivatives> thermal_derivatives(const std::vector<ThermalPoint>& points) {
  if (points.size() < 3) return {};
  std::vector<const ThermalPoint*> ladder;
  for (const ThermalPoint& point : points) ladder.push_back(&point);
  std::ranges::sort(ladder, {}, [](const ThermalPoint* point) { return point->temperature; });
  std::vector<ThermalDerivatives> derivatives(points.size());
  for (std::size_t i = 0; i < ladder.size(); ++i) {
    const ThermalPoint& here = *ladder[i];
    const Stencil stencil = stencil_at(i, ladder);
    const Estimate slope = stencil.slope(&ThermalPoint::entropy);
    derivatives[&here - points.data()] = {
        .heat_capacity = {here.temperature * slope.value, here.temperature * slope.standard_error},
        .thermal_expansion = expansion(stencil, here)};
  }
  return derivatives;
}

}  // namespace zeropoint::sscha
