#include "sscha/stability.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

namespace zeropoint::sscha {

Stability lowest_mode(const Hessian& hessian) {
  Stability lowest;
  lowest.square = std::numeric_limits<double>::infinity();
  for (std::size_t iq = 0; iq < hessian.modes.size(); ++iq) {
    const phonons::Modes& modes = hessian.modes[iq];
    for (Eigen::Index mu = 0; mu < modes.frequencies.size(); ++mu) {
      if (modes.acoustic[mu]) continue;
      const double square = modes.frequencies[mu] * std::abs(modes.frequencies[mu]);
      if (!std::isnan(square) && !(square < lowest.square)) continue;
      lowest.iq = static_cast<int>(iq);
      lowest.mode = static_cast<int>(mu);
      lowest.square = square;
      lowest.square_error = hessian.squared_errors.empty() ? 0.0 : hessian.squared_errors[iq][mu];
    }
  }
  lowest.probability_unstable = lowest.square_error > 0
                                    ? 0.5 * std::erfc(lowest.square / (lowest.square_error * std::sqrt(2.0)))
                                    : (lowest.square < 0 ? 1.0 : 0.0);
  return lowest;
}

HessianVerdict judge(const Hessian& hessian, const Stability& lowest, double tolerance) {
  if (!(hessian.largest_residual() < std::max(10 * tolerance, 1e-6))) return HessianVerdict::not_solved;
  if (std::isnan(hessian.smallest_eigenvalue()) || std::isnan(lowest.square)) return HessianVerdict::not_solved;
  if (hessian.smallest_eigenvalue() < 0) return HessianVerdict::no_minimum;
  return lowest.unstable() ? HessianVerdict::unstable : HessianVerdict::stable;
}

Crystal displaced_along(const Hessian& hessian, const Stability& lowest, double amplitude) {
  const phonons::DynamicalMatrices& matrices = hessian.matrices;
  const Supercell supercell = matrices.supercell();
  const std::size_t iq = static_cast<std::size_t>(lowest.iq);
  const Eigen::VectorXcd pattern = displacement_patterns(hessian.modes[iq], matrices.crystal).col(lowest.mode);
  const Eigen::Vector3d& q = matrices.grid.points()[iq];
  // The phase of a complex mode is free: the largest component is real in cell 0.
  Eigen::Index largest = 0;
  pattern.cwiseAbs().maxCoeff(&largest);
  const std::complex<double> phase = std::conj(pattern[largest]) / std::abs(pattern[largest]);
  Vectors moved(supercell.n_atoms(), 3);
  for (int atom = 0; atom < supercell.n_atoms(); ++atom) {
    const double angle = 2 * std::numbers::pi * q.dot(supercell.lattice_vector(supercell.cell_of(atom)).cast<double>());
    moved.row(atom) =
        (std::polar(1.0, angle) * phase * pattern.segment<3>(3 * supercell.site_of(atom))).real().transpose();
  }
  Crystal crystal = supercell.crystal();
  crystal.positions += amplitude / moved.rowwise().norm().maxCoeff() * moved;
  return crystal;
}

}  // namespace zeropoint::sscha
