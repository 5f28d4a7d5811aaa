#include "sscha/gradient.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <cmath>

#include "core/parallel.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::RealBlochBasis;
using Blocks = std::vector<Eigen::MatrixXcd>;

/// Weighted sums over the configurations of one jackknife block.
struct Moments {
  Blocks uu, uf;           // [n_q] of independent q, sum_c w u u^dagger and sum_c w u f^dagger
  Eigen::VectorXd u, f;    // [n] sum_c w u(q = 0), sum_c w f(q = 0)
  double weight = 0;

  Moments(int n_q, int n) : uu(static_cast<std::size_t>(n_q), Eigen::MatrixXcd::Zero(n, n)), uf(uu) {
    u = f = Eigen::VectorXd::Zero(n);
  }
};

Eigen::VectorXd to_eigen(const at::Tensor& vector) {
  const at::Tensor host = vector.cpu().contiguous();
  return Eigen::Map<const Eigen::VectorXd>(host.data_ptr<double>(), host.numel());
}

/// Displacements in `Moments` are from the generating centroids; turn them to the current ones (u <- u - d at q = 0).
void shift_origin(Moments& moments, std::size_t gamma, const Eigen::VectorXd& d) {
  moments.uu[gamma].real() += -d * moments.u.transpose() - moments.u * d.transpose() + moments.weight * d * d.transpose();
  moments.uf[gamma].real() -= d * moments.f.transpose();
  moments.u -= moments.weight * d;
}

std::vector<Moments> moments_by_block(const Population& population, const Weights& weights) {
  const RealBlochBasis& basis = population.basis();
  const std::int64_t n_slabs = static_cast<std::int64_t>(basis.slabs().size());
  const std::vector<Population::Piece>& pieces = population.pieces();
  std::vector<at::Tensor> parts(pieces.size() * static_cast<std::size_t>(n_slabs));  // [n_blocks, size, 2 size]
  parallel_for(static_cast<std::int64_t>(parts.size()), [&](std::int64_t item) {
    const Population::Piece& piece = pieces[static_cast<std::size_t>(item / n_slabs)];
    const RealBlochBasis::Slab& slab = basis.slabs()[static_cast<std::size_t>(item % n_slabs)];
    const std::int64_t begin = population.chunk_begin(piece.chunk);
    const auto columns = [&](const at::Tensor& all) { return all.slice(2, piece.first - begin, piece.last - begin); };
    const at::Tensor u = columns(population.displacements(piece.chunk, slab));
    const at::Tensor f = columns(population.forces(piece.chunk, slab));
    const at::Tensor weighted = u * weights.values.slice(0, piece.first, piece.last);
    parts[static_cast<std::size_t>(item)] = at::cat({at::bmm(weighted, u.transpose(1, 2)), at::bmm(weighted, f.transpose(1, 2))}, 2);
  });

  const int n_q = population.generating().matrices().grid.size();
  std::vector<Moments> blocks(static_cast<std::size_t>(population.n_blocks()), Moments(n_q, basis.n_modes()));
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    Moments& block = blocks[static_cast<std::size_t>(pieces[p].block)];
    for (std::int64_t i = 0; i < n_slabs; ++i) {
      const RealBlochBasis::Slab& slab = basis.slabs()[static_cast<std::size_t>(i)];
      const at::Tensor part = parts[p * static_cast<std::size_t>(n_slabs) + static_cast<std::size_t>(i)].cpu();
      basis.add_complex_blocks(part.slice(2, 0, slab.block_size), slab, block.uu);
      basis.add_complex_blocks(part.slice(2, slab.block_size), slab, block.uf);
    }
    const at::Tensor w = weights.values.slice(0, pieces[p].first, pieces[p].last).unsqueeze(0);
    block.u += to_eigen(w.mm(population.folded_displacements().slice(0, pieces[p].first, pieces[p].last)).squeeze(0));
    block.f += to_eigen(w.mm(population.folded_forces().slice(0, pieces[p].first, pieces[p].last)).squeeze(0));
    block.weight += w.sum().item<double>();
  }
  return blocks;
}

Vectors as_vectors(const Eigen::VectorXd& flat) { return Eigen::Map<const Vectors>(flat.data(), flat.size() / 3, 3); }
Eigen::VectorXd flat(const Vectors& vectors) { return Eigen::Map<const Eigen::VectorXd>(vectors.data(), vectors.size()); }

}  // namespace

Gradient gradient(const Population& population, const Weights& weights, const TrialDensity& density,
                  const phonons::Symmetrizer& symmetrize) {
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const phonons::QGrid& grid = matrices.grid;
  const std::size_t n_q = static_cast<std::size_t>(grid.size()), gamma = static_cast<std::size_t>(grid.gamma());
  const double root_cells = std::sqrt(static_cast<double>(grid.size()));
  const Eigen::VectorXd shift =
      root_cells * flat(matrices.crystal.positions - population.generating().matrices().crystal.positions);
  const Blocks upsilon = density.inverse_covariance();
  std::vector<Moments> blocks = moments_by_block(population, weights);

  Gradient result;
  result.deviations.resize(blocks.size());
  result.force_deviations.resize(blocks.size());
  parallel_for(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t b) {
    Moments& block = blocks[static_cast<std::size_t>(b)];
    shift_origin(block, gamma, shift);
    Blocks& sum = result.deviations[static_cast<std::size_t>(b)];
    sum.assign(n_q, Eigen::MatrixXcd());
    for (const int iq : grid.independent()) {
      const std::size_t i = static_cast<std::size_t>(iq);
      if (grid.is_real(iq)) {
        const Eigen::MatrixXd residual = block.uf[i].real() + block.uu[i].real() * matrices.blocks[i].real();
        sum[i] = (upsilon[i].real() * residual).cast<std::complex<double>>();
      } else {
        sum[i] = upsilon[i] * (block.uf[i] + block.uu[i] * matrices.blocks[i]);
        sum[static_cast<std::size_t>(grid.minus(iq))] = sum[i].conjugate();
      }
    }
    symmetrize.matrices(sum);
    Vectors& force = result.force_deviations[static_cast<std::size_t>(b)];
    force = as_vectors((block.f + matrices.blocks[gamma].real() * block.u) / root_cells);
    symmetrize.vectors(force);
  });

  // Sums become means and influences; in block order, so that the bits do not depend on the threads.
  result.matrices.assign(n_q, Eigen::MatrixXcd::Zero(matrices.n_modes(), matrices.n_modes()));
  result.forces = Vectors::Zero(matrices.crystal.n_atoms(), 3);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (std::size_t i = 0; i < n_q; ++i) result.matrices[i] += result.deviations[b][i] / weights.sum;
    result.forces += result.force_deviations[b] / weights.sum;
  }
  const Eigen::MatrixXd precondition = density.centroid_preconditioner();
  const double n_blocks = static_cast<double>(blocks.size());
  double variance = 0, centroid_variance = 0;
  Vectors force_variance = Vectors::Zero(matrices.crystal.n_atoms(), 3);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const double share = blocks[b].weight / weights.sum;
    for (std::size_t i = 0; i < n_q; ++i) {
      result.deviations[b][i] = result.deviations[b][i] / weights.sum - share * result.matrices[i];
      variance += result.deviations[b][i].squaredNorm();
    }
    result.force_deviations[b] = result.force_deviations[b] / weights.sum - share * result.forces;
    force_variance.array() += result.force_deviations[b].array().square();
    centroid_variance += (precondition * flat(result.force_deviations[b])).squaredNorm();
  }
  const double correction = n_blocks / (n_blocks - 1);
  result.norm = phonons::norm(result.matrices);
  result.error = std::sqrt(correction * variance);
  result.force_errors = (correction * force_variance.array()).sqrt().matrix();
  result.centroids = as_vectors(-precondition * flat(result.forces));
  result.centroid_norm = result.centroids.norm();
  result.centroid_error = std::sqrt(correction * centroid_variance);
  return result;
}

double lambda0(double frequency1, double frequency2, double temperature, const UnitSet& units) {
  // With one factor hbar and beta -> beta hbar. The bracket is (1 + n1 + n2)/(w1 + w2) - (n1 - n2)/(w1 - w2), the second
  // term without a difference of nearly equal numbers.
  const double lower = std::min(frequency1, frequency2), upper = std::max(frequency1, frequency2);
  const double kt = units.kb_density * temperature;
  double bracket = 1 / (lower + upper);
  if (temperature > 0) {
    const double beta = units.hbar / kt;
    const double x = beta * lower, y = beta * upper, difference = y - x;
    bracket += (1 / std::expm1(x) + 1 / std::expm1(y)) / (lower + upper);
    const double slope = difference > 0 ? -std::expm1(-difference) / difference : 1.0;
    bracket += beta * std::exp(-x) * slope / (std::expm1(-x) * std::expm1(-y));
  }
  return -units.hbar * bracket / (4 * lower * upper);
}

std::vector<Eigen::MatrixXcd> free_energy_derivative(const std::vector<Eigen::MatrixXcd>& gradient, const TrialDensity& density) {
  const Eigen::VectorXd& masses = density.matrices().crystal.masses;
  std::vector<Eigen::MatrixXcd> derivative;
  for (std::size_t iq = 0; iq < gradient.size(); ++iq) {
    const phonons::Modes& modes = density.modes()[iq];
    Eigen::MatrixXcd scaled = modes.polarisations;  // m^-1/2 e
    for (Eigen::Index x = 0; x < scaled.rows(); ++x) scaled.row(x) /= std::sqrt(masses[x / 3]);
    Eigen::MatrixXcd in_modes = scaled.adjoint() * gradient[iq] * scaled;
    for (Eigen::Index mu = 0; mu < in_modes.rows(); ++mu) {
      for (Eigen::Index nu = 0; nu < in_modes.cols(); ++nu) {
        const bool acoustic = modes.acoustic[static_cast<std::size_t>(mu)] || modes.acoustic[static_cast<std::size_t>(nu)];
        in_modes(mu, nu) *= acoustic ? 0.0
                                     : -lambda0(modes.frequencies[mu], modes.frequencies[nu], density.temperature(), density.units());
      }
    }
    derivative.push_back(scaled * in_modes * scaled.adjoint());
  }
  return derivative;
}

}  // namespace zeropoint::sscha
