#include "phonons/thermodynamics.hpp"

#include <cmath>

#include "core/error.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double frozen = 700;  // hbar w/kT beyond which exp overflows and every thermal term is zero

/// body(row, mode, frequency) for every mode that is no translation at Gamma.
template <class Body>
void for_modes(const MeshModes& mesh, Body body) {
  for (Eigen::Index row = 0; row < mesh.frequencies.rows(); ++row) {
    for (Eigen::Index mu = 0; mu < mesh.frequencies.cols(); ++mu) {
      if (row == mesh.gamma && mesh.acoustic[mu]) continue;
      body(row, mu, mesh.frequencies(row, mu));
    }
  }
}

}  // namespace

ImaginaryModes imaginary_modes(const MeshModes& mesh) {
  ImaginaryModes found;
  for_modes(mesh, [&](Eigen::Index row, Eigen::Index, double frequency) {
    if (frequency > 0) return;
    found.n_modes += mesh.counts[row];
    if (found.n_modes == mesh.counts[row] || frequency < found.lowest) {
      found.lowest = frequency;
      found.q = mesh.points[row];
    }
  });
  found.share = static_cast<double>(found.n_modes) /
                (static_cast<double>(mesh.n_points()) * static_cast<double>(mesh.frequencies.cols()));
  return found;
}

Thermodynamics thermodynamics(const MeshModes& mesh, double temperature, bool skip_imaginary, const UnitSet& units) {
  if (!(temperature >= 0)) throw InputError{"temperature {} K: it must be 0 or more", temperature};
  if (const ImaginaryModes bad = imaginary_modes(mesh); bad.n_modes > 0 && !skip_imaginary) {
    throw InputError{
        "{} of the modes ({:.3f} %) have no positive frequency, the lowest {:.2f} cm^-1 at q = ({:.4f}, {:.4f}, "
        "{:.4f}): the crystal is unstable or the grid too coarse; leave such modes out to go on",
        bad.n_modes,
        100 * bad.share,
        units.inverse_cm(bad.lowest),
        bad.q[0],
        bad.q[1],
        bad.q[2]};
  }
  const double kt = units.kb_free_energy * temperature;
  Thermodynamics sums;
  for_modes(mesh, [&](Eigen::Index row, Eigen::Index, double frequency) {
    if (!(frequency > 0)) return;
    const double energy = units.hbar * frequency, weight = mesh.counts[row];
    sums.free_energy += weight * energy / 2;
    sums.internal_energy += weight * energy / 2;
    if (temperature == 0 || energy / kt > frozen) return;
    const double x = energy / kt, n = 1 / std::expm1(x);
    sums.free_energy += weight * kt * std::log(-std::expm1(-x));
    sums.internal_energy += weight * energy * n;
    sums.entropy += weight * ((1 + n) * std::log1p(n) - n * std::log(n));
    sums.heat_capacity += weight * x * x * n * (n + 1);
  });
  const double n_points = mesh.n_points();
  return {temperature, sums.free_energy / n_points, sums.internal_energy / n_points,
          units.kb_free_energy * sums.entropy / n_points, units.kb_free_energy * sums.heat_capacity / n_points};
}

}  // namespace zeropoint::phonons
