#include "phonons/stability.hpp"

#include <algorithm>

#include "phonons/dipole.hpp"
#include "phonons/modes.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double near_gamma = 0.25;  // of a reciprocal lattice vector

}  // namespace

Eigen::Vector3d translation_frequencies(const DynamicalMatrices& matrices) {
  return diagonalise(matrices)[matrices.grid.gamma()].frequencies.head<3>();
}

bool stable_on_grid(const DynamicalMatrices& matrices) {
  for (const Modes& modes : diagonalise(matrices)) {
    for (Eigen::Index mu = 0; mu < modes.frequencies.size(); ++mu) {
      if (!modes.acoustic[mu] && modes.frequencies[mu] < 0) return false;
    }
  }
  return true;
}

bool imaginary_between_grid_points(const ImaginaryModes& imaginary, const DynamicalMatrices& matrices) {
  return imaginary.n_modes > 0 && folded(imaginary.q).cwiseAbs().maxCoeff() < near_gamma && stable_on_grid(matrices);
}

int n_imaginary(const std::vector<std::vector<double>>& frequencies, double rounding) {
  std::int64_t n = 0;
  for (const auto& at_q : frequencies)
    n += std::ranges::count_if(at_q, [&](double value) { return value < -rounding; });
  return static_cast<int>(n);
}

}  // namespace zeropoint::phonons
