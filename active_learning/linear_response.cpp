#include "active_learning/linear_response.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "core/tensor_eigen.hpp"
#include "phonons/modes.hpp"
#include "phonons/real_bloch_basis.hpp"

namespace zeropoint::active_learning {
namespace {

using phonons::RealBlochBasis;

constexpr double degenerate = 1e-5;  // relative difference of frequencies that symmetry makes equal

/// [n, n_q, 3 n_atoms] -y phi/a^2 of every mode, the real part.
at::Tensor mode_terms(const sscha::TrialDensity& density, const at::Tensor& displacements, const at::Tensor& forces) {
  const phonons::QGrid& grid = density.matrices().grid;
  const std::int64_t n_modes = density.matrices().n_modes(), n = displacements.size(0);
  const RealBlochBasis basis(grid, static_cast<int>(n_modes));
  const auto frames = density.frames(basis, at::kCPU);
  const std::vector<Eigen::MatrixXcd> to_forces = density.force_frame();
  const at::Tensor u = basis.transform(displacements.reshape({n, -1}).contiguous()),
                   f = basis.transform(forces.reshape({n, -1}).contiguous());
  at::Tensor terms = at::zeros({n, grid.size(), n_modes}, at::kDouble);
  for (std::size_t s = 0; s < basis.slabs().size(); ++s) {
    const RealBlochBasis::Slab& slab = basis.slabs()[s];
    const auto rows = [&](const at::Tensor& all) {
      return all.slice(0, slab.first_row, slab.first_row + slab.n_rows())
          .reshape({slab.n_blocks, slab.block_size, n})
          .contiguous();
    };
    const at::Tensor y = at::bmm(frames[s].to_modes, rows(u)),
                     phi = at::bmm(basis.real_blocks(to_forces, slab), rows(f));
    for (int b = 0; b < slab.n_blocks; ++b) {
      const RealBlochBasis::Block& block = basis.blocks()[static_cast<std::size_t>(slab.first_block + b)];
      at::Tensor product = (y.select(0, b) * phi.select(0, b)).t();  // [n, size]
      // A pair holds sqrt2 (Re, Im): half of the sum belongs to each of its two points.
      if (block.pair) product = 0.5 * (product.slice(1, 0, n_modes) + product.slice(1, n_modes, 2 * n_modes));
      terms.select(1, block.iq).copy_(-product);
      if (block.pair) terms.select(1, grid.minus(block.iq)).copy_(-product);
    }
  }
  return terms;
}

}  // namespace

std::vector<FrequencyBlock> frequency_blocks(const sscha::TrialDensity& density) {
  const phonons::QGrid& grid = density.matrices().grid;
  const std::vector<int> first = grid.representatives();
  std::vector<FrequencyBlock> blocks;
  for (std::size_t star = 0; star < first.size(); ++star) {
    const phonons::Modes& modes = density.modes()[static_cast<std::size_t>(first[star])];
    for (int mode = 0; mode < modes.frequencies.size(); ++mode) {
      if (modes.acoustic[static_cast<std::size_t>(mode)]) continue;
      const double frequency = modes.frequencies[mode];
      const bool joins = !blocks.empty() && blocks.back().star == static_cast<int>(star) &&
                         std::abs(frequency - blocks.back().frequency) < degenerate * frequency;
      if (joins) {
        ++blocks.back().n_degenerate;
      } else {
        blocks.push_back({static_cast<int>(star), first[star], mode, 1, frequency});
      }
    }
  }
  return blocks;
}

LinearResponse linear_response(const sscha::TrialDensity& density, const std::vector<FrequencyBlock>& blocks,
                               const at::Tensor& displacements, const Evaluation& change) {
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const std::int64_t n = displacements.size(0);
  LinearResponse response;
  response.free_energy = to_vector(change.energies) / matrices.grid.size();
  if (change.stresses.defined()) {
    const at::Tensor trace = change.stresses.diagonal(0, 1, 2).sum(1) +
                             (change.forces * displacements).sum({1, 2}) / matrices.supercell().volume();
    response.pressure = -to_vector(trace.contiguous()) / 3;
  }
  const at::Tensor terms = mode_terms(density, displacements, change.forces);
  response.squared_frequencies.resize(n, static_cast<Eigen::Index>(blocks.size()));
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const FrequencyBlock& block = blocks[b];
    const int n_star = matrices.grid.stars()[static_cast<std::size_t>(block.star)];
    const double amplitude = phonons::squared_amplitude(block.frequency, density.temperature(), density.units());
    const at::Tensor mean = terms.slice(1, block.iq, block.iq + n_star)
                                .slice(2, block.mode, block.mode + block.n_degenerate)
                                .mean(at::IntArrayRef{1, 2});
    response.squared_frequencies.col(static_cast<Eigen::Index>(b)) = to_vector(mean.contiguous()) / amplitude;
  }
  return response;
}

}  // namespace zeropoint::active_learning
