#include "sscha/generator_check.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "sscha/weights.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::RealBlochBasis;

constexpr int most_chunks = 4;

/// Of each mode that is no translation, over the configurations of one part in the first chunks.
struct SampledModes {
  std::vector<double> ratios;  ///< of its sampled variance to that of the density
  std::vector<double> slopes;  ///< of the forces on the displacements, over the force constant of the density
  double n_configurations = 0;
};

/// Sums over configurations of y^2 and of f y, y the unit-variance modes of `frame` and f the forces along them.
void add_modes(const RealBlochBasis::Slab& slab, const TrialDensity::Frame& frame, const at::Tensor& squares,
               const at::Tensor& products, SampledModes& modes) {
  // f^Phi = -omega^2 a^2 y in this frame, and forms[1] = omega^2 a^2 / 2.
  const at::Tensor harmonic = frame.forms.select(1, 1).reshape(-1) * 2;
  const at::Tensor ratio = (squares / modes.n_configurations).cpu();
  const at::Tensor slope = (-products / (harmonic * squares)).cpu();
  const at::Tensor counts = harmonic.cpu();
  for (std::int64_t row = 0; row < slab.n_rows(); ++row) {
    if (counts.const_data_ptr<double>()[row] == 0) continue;  // acoustic
    modes.ratios.push_back(ratio.const_data_ptr<double>()[row]);
    modes.slopes.push_back(slope.const_data_ptr<double>()[row]);
  }
}

SampledModes sampled_modes(const Population& population, int part) {
  const TrialDensity& density = population.generating(part);
  const RealBlochBasis& basis = population.basis();
  const std::vector<TrialDensity::Frame> frames = density.frames(basis, population.device());
  const std::vector<Eigen::MatrixXcd> to_forces = density.force_frame();
  const int n_chunks = std::min(population.n_chunks(), most_chunks);
  // Configurations of the part count 1, others 0.
  at::Tensor counts_here = at::ones_like(population.energies());
  if (population.n_parts() > 1) {
    counts_here.zero_();
    counts_here.index_fill_(0, population.pairing().configurations_of_part[part], 1);
  }
  SampledModes modes;
  modes.n_configurations = counts_here.slice(0, 0, population.chunk_end(n_chunks - 1)).sum().item<double>();
  if (modes.n_configurations < 2) return modes;
  const at::Tensor shift = centroid_shift(population, density);
  for (std::size_t at = 0; at < basis.slabs().size(); ++at) {
    const RealBlochBasis::Slab& slab = basis.slabs()[at];
    const at::Tensor force_frame = basis.real_blocks(to_forces, slab).to(population.device());
    at::Tensor squares = at::zeros({slab.n_rows()}, frames[at].forms.options());
    at::Tensor products = at::zeros_like(squares);
    for (int chunk = 0; chunk < n_chunks; ++chunk) {
      const at::Tensor count = counts_here.slice(0, population.chunk_begin(chunk), population.chunk_end(chunk));
      at::Tensor u = population.displacements(chunk, slab);
      if (part > 0 && slab.first_block == 0) {
        u = u.clone();
        u.select(0, 0).sub_(shift.unsqueeze(1));
      }
      const at::Tensor y = at::bmm(frames[at].to_modes, u).mul(count);
      squares += y.square().sum(2).view(-1);
      products += (at::bmm(force_frame, population.forces(chunk, slab)) * y).sum(2).view(-1);
    }
    add_modes(slab, frames[at], squares, products, modes);
  }
  return modes;
}

std::string problem_of_variances(const Eigen::Vector3d& ratio, std::size_t n_modes, double n_samples,
                                 double temperature) {
  const double spread = std::sqrt(2 / n_samples);  // of one mode's variance ratio
  const double mean_spread = spread / std::sqrt(static_cast<double>(n_modes));
  const auto [mean, smallest, largest] = std::tuple{ratio[0], ratio[1], ratio[2]};
  if (std::abs(mean - 1) <= 0.05 + 10 * mean_spread && smallest >= 1 - 0.3 - 8 * spread &&
      largest <= 1 + 0.3 + 8 * spread) {
    return {};
  }
  return fmt::format(
      "the sampled variances of the modes are {:.3f} (from {:.3f} to {:.3f}) times those of the generating "
      "matrices at {} K, and should be 1 +- {:.3f} each: these matrices, this temperature or this population did "
      "not generate the ensemble. Give those that did",
      mean, smallest, largest, temperature, spread);
}

std::string problem_of_unit(std::vector<double> slopes, double angstrom_per_bohr) {
  std::nth_element(slopes.begin(), slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2), slopes.end());
  const double slope = slopes[slopes.size() / 2];
  for (const double factor : {angstrom_per_bohr, 1 / angstrom_per_bohr}) {
    if (std::abs(slope / factor - 1) < 0.06) {
      return fmt::format(
          "the forces are {:.4f} times the harmonic ones of the generating matrices, which is {} within 6 %: "
          "they seem to be in {} where {} was expected. Convert them",
          slope, factor < 1 ? "bohr/angstrom" : "angstrom/bohr", factor < 1 ? "Ry/bohr" : "Ry/angstrom",
          factor < 1 ? "Ry/angstrom" : "Ry/bohr");
    }
  }
  return {};
}

}  // namespace

GeneratorCheck compare_with_generator(const Population& population, int part) {
  const TrialDensity& density = population.generating(part);
  SampledModes modes = sampled_modes(population, part);
  if (modes.ratios.empty()) return {};
  const auto [smallest, largest] = std::minmax_element(modes.ratios.begin(), modes.ratios.end());
  const double n_modes = static_cast<double>(modes.ratios.size());
  GeneratorCheck result;
  result.variance_ratio = {std::accumulate(modes.ratios.begin(), modes.ratios.end(), 0.0) / n_modes, *smallest,
                           *largest};
  const double n_samples = modes.n_configurations * static_cast<double>(population.pairing().n_samples()) /
                           static_cast<double>(population.size());
  result.complaint = problem_of_variances(result.variance_ratio, modes.ratios.size(), n_samples, density.temperature());
  if (result.complaint.empty()) result.complaint = problem_of_unit(std::move(modes.slopes), density.units().bohr);
  return result;
}

}  // namespace zeropoint::sscha
