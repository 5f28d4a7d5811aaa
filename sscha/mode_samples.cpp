#include "sscha/mode_samples.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/view_as_real.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "sscha/device_loop.hpp"

namespace zeropoint::sscha {

using phonons::RealBlochBasis;

ModeRows::ModeRows(const TrialDensity& density) : first{0} {
  const phonons::QGrid& grid = density.matrices().grid;
  real = static_cast<int>(grid.independent().size()) == grid.size();
  for (const phonons::Modes& modes : density.modes()) {
    first.push_back(first.back() + std::count(modes.acoustic.begin(), modes.acoustic.end(), false));
  }
}

at::Tensor ModeRows::at(const at::Tensor& all, int iq) const {
  const std::size_t i = static_cast<std::size_t>(iq);
  return all.slice(0, first[i], first[i + 1]);
}

ModeSamples::ModeSamples(const Population& population, const Weights& weights, const TrialDensity& density)
    : population_(population),
      weights_(weights),
      density_(density),
      rows_(density),
      shift_(centroid_shift(population, density)),
      moved_(shift_.abs().max().item<double>() > 0) {
  const RealBlochBasis& basis = population.basis();
  const std::vector<Eigen::MatrixXcd> to_forces = density.force_frame();
  const std::vector<TrialDensity::Frame> frames = density.frames(basis, population.device());
  for (std::size_t i = 0; i < basis.slabs().size(); ++i) {
    to_modes_.push_back(frames[i].to_modes);
    matrices_.push_back(basis.real_blocks(density.matrices().blocks, basis.slabs()[i]).to(population.device()));
    to_forces_.push_back(basis.real_blocks(to_forces, basis.slabs()[i]).to(population.device()));
  }
}

at::TensorOptions ModeSamples::options() const {
  return at::TensorOptions(population_.device()).dtype(rows_.real ? at::kDouble : at::kComplexDouble);
}

at::Tensor ModeSamples::as_rows(const std::vector<at::Tensor>& slabs) const {
  const RealBlochBasis& basis = population_.basis();
  const phonons::QGrid& grid = density_.matrices().grid;
  const std::int64_t n = basis.n_modes();
  at::Tensor result = at::empty({rows_.size(), slabs[0].size(2)}, options());
  const at::Tensor parts = rows_.real ? result.unsqueeze(2) : at::view_as_real(result);
  const double root_half = std::sqrt(0.5);
  for (std::size_t s = 0; s < slabs.size(); ++s) {
    const RealBlochBasis::Slab& slab = basis.slabs()[s];
    for (int i = 0; i < slab.n_blocks; ++i) {
      const RealBlochBasis::Block& block = basis.blocks()[slab.first_block + i];
      const at::Tensor from = slabs[s].select(0, i);
      const std::int64_t n_acoustic = n - rows_.count(block.iq);  // they stand first
      at::Tensor here = rows_.at(parts, block.iq);
      if (!block.pair) {
        here.select(2, 0).copy_(from.slice(0, n_acoustic, n));
        if (!rows_.real) here.select(2, 1).zero_();
        continue;
      }
      at::Tensor partner = rows_.at(parts, grid.minus(block.iq));
      const at::Tensor re = from.slice(0, 0, n) * root_half, im = from.slice(0, n, 2 * n) * root_half;
      here.select(2, 0).copy_(re);
      here.select(2, 1).copy_(im);
      partner.select(2, 0).copy_(re);
      partner.select(2, 1).copy_(im.neg());
    }
  }
  return result;
}

ModeChunk ModeSamples::chunk(int chunk) const {
  const std::vector<RealBlochBasis::Slab>& slabs = population_.basis().slabs();
  std::vector<at::Tensor> y(slabs.size()), phi(slabs.size());
  for_each_item(population_.device(), static_cast<std::int64_t>(slabs.size()), [&](std::int64_t item) {
    const std::size_t s = static_cast<std::size_t>(item);
    at::Tensor u = population_.displacements(chunk, slabs[s]);
    if (moved_ && slabs[s].first_block == 0) {
      u = u.clone();
      u.select(0, 0).sub_(shift_.unsqueeze(1));
    }
    y[s] = at::bmm(to_modes_[s], u);
    phi[s] = at::bmm(to_forces_[s], at::baddbmm(population_.forces(chunk, slabs[s]), matrices_[s], u));
  });
  return {as_rows(y), as_rows(phi),
          weights_.values.slice(0, population_.chunk_begin(chunk), population_.chunk_end(chunk)) / weights_.sum};
}

ModeMoments mode_moments(const ModeSamples& samples) {
  const ModeRows& rows = samples.rows();
  const phonons::QGrid& grid = samples.density().matrices().grid;
  ModeMoments moments;
  moments.forces = at::zeros({rows.count(grid.gamma())}, samples.options());
  for (int iq = 0; iq < grid.size(); ++iq)
    moments.gradients.push_back(at::zeros({rows.count(iq), rows.count(iq)}, samples.options()));
  for (int k = 0; k < samples.n_chunks(); ++k) {
    const ModeChunk chunk = samples.chunk(k);
    const at::Tensor weighted = chunk.phi * chunk.weights;
    moments.forces += rows.at(weighted, grid.gamma()).sum(1);
    for_each_item(chunk.y.device(), grid.size(), [&](std::int64_t iq) {
      const int q = static_cast<int>(iq);
      moments.gradients[iq].addmm_(rows.at(chunk.y, q), rows.at(weighted, q).conj().t());
    });
  }
  for (at::Tensor& gradient : moments.gradients) gradient = 0.5 * (gradient + gradient.conj().t());
  return moments;
}

}  // namespace zeropoint::sscha
