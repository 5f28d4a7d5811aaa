#include "sscha/gradient.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <cmath>

#include "core/contract.hpp"
#include "core/parallel.hpp"
#include "sscha/device_loop.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::RealBlochBasis;
using Blocks = std::vector<Eigen::MatrixXcd>;

at::Tensor to_tensor(const Eigen::VectorXd& vector, at::Device device) {
  at::Tensor result = at::empty({vector.size()}, at::kDouble);
  std::copy(vector.data(), vector.data() + vector.size(), result.data_ptr<double>());
  return result.to(device);
}

/// One slab of Upsilon and D as real blocks, [n_blocks, size, size].
struct SlabOperators {
  at::Tensor upsilon, matrices;
};

/// sum_c w [Upsilon u] (f + D u)^dagger over the configurations of each of `n_jackknife` equal blocks.
at::Tensor block_sums(const at::Tensor& u, const at::Tensor& f, const at::Tensor& weights, std::int64_t n_jackknife,
                      const SlabOperators& operators) {
  const std::int64_t n = u.size(0), size = u.size(1), n_config = u.size(2) / n_jackknife;
  const at::Tensor v = at::bmm(operators.upsilon, u).mul_(weights);
  const at::Tensor df = at::baddbmm(f, operators.matrices, u);
  if (n_jackknife == 1) return at::bmm(v, df.transpose(1, 2)).unsqueeze(1);
  at::Tensor sums = at::empty({n, n_jackknife, size, size}, u.options());
  for (std::int64_t i = 0; i < n; ++i) {  // of one q the jackknife blocks lie at equal distances: nothing is copied
    const auto cut = [&](const at::Tensor& all) {
      return all.select(0, i).view({size, n_jackknife, n_config}).transpose(0, 1);
    };
    at::Tensor here = sums.select(0, i);
    at::bmm_out(here, cut(v), cut(df).transpose(1, 2));
  }
  return sums;
}

Vectors as_vectors(const Eigen::VectorXd& flat) { return Eigen::Map<const Vectors>(flat.data(), flat.size() / 3, 3); }
Eigen::VectorXd flat(const Vectors& vectors) {
  return Eigen::Map<const Eigen::VectorXd>(vectors.data(), vectors.size());
}

/// Sums over the configurations of one jackknife block.
struct BlockSum {
  Blocks matrices;         // [n_q] of independent q, symmetrised
  Eigen::VectorXd forces;  // [n] sum w df(q = 0), not symmetrised
  double weight = 0;
};

/// Configurations of one chunk: whole jackknife blocks, which go through in one batch, or a shorter last one.
struct Piece {
  int chunk, first_block;
  std::int64_t begin, end, n_jackknife;
};
std::vector<Piece> pieces_of(const Population& population) {
  std::vector<Piece> pieces;
  for (int chunk = 0; chunk < population.n_chunks(); ++chunk) {
    const std::int64_t begin = population.chunk_begin(chunk), end = population.chunk_end(chunk),
                       size = population.block_size();
    const int first = static_cast<int>(begin / size);
    const std::int64_t whole = (end - begin) / size;
    if (whole > 0) pieces.push_back({chunk, first, begin, begin + whole * size, whole});
    if (begin + whole * size < end)
      pieces.push_back({chunk, first + static_cast<int>(whole), begin + whole * size, end, 1});
  }
  return pieces;
}

/// The products of each piece and slab, [n_pieces * n_slabs] of [n_blocks, n_jackknife, size, size], on the CPU.
std::vector<at::Tensor> piece_products(const Population& population, const Weights& weights,
                                       const TrialDensity& density, const std::vector<Piece>& pieces,
                                       const Eigen::VectorXd& shift) {
  const RealBlochBasis& basis = population.basis();
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const std::int64_t n_slabs = static_cast<std::int64_t>(basis.slabs().size());
  const Blocks upsilon = density.inverse_covariance();
  std::vector<SlabOperators> operators;
  for (const RealBlochBasis::Slab& slab : basis.slabs()) {
    operators.push_back({basis.real_blocks(upsilon, slab).to(population.device()),
                         basis.real_blocks(matrices.blocks, slab).to(population.device())});
  }
  const at::Tensor moved = to_tensor(shift, population.device());
  const bool has_moved = shift.cwiseAbs().maxCoeff() > 0;
  std::vector<at::Tensor> parts(pieces.size() * static_cast<std::size_t>(n_slabs));
  for_each_item(population.device(), static_cast<std::int64_t>(parts.size()), [&](std::int64_t item) {
    const Piece& piece = pieces[item / n_slabs];
    const std::size_t at = static_cast<std::size_t>(item % n_slabs);
    const RealBlochBasis::Slab& slab = basis.slabs()[at];
    const std::int64_t origin = population.chunk_begin(piece.chunk);
    const bool whole_chunk = piece.begin == origin && piece.end == population.chunk_end(piece.chunk);
    const auto columns = [&](const at::Tensor& all) {
      return whole_chunk ? all : all.slice(2, piece.begin - origin, piece.end - origin).contiguous();
    };
    at::Tensor u = columns(population.displacements(piece.chunk, slab));
    if (has_moved && slab.first_block == 0) {
      u = u.clone();
      u.select(0, 0).sub_(moved.unsqueeze(1));
    }
    parts[item] = block_sums(u, columns(population.forces(piece.chunk, slab)),
                             weights.values.slice(0, piece.begin, piece.end), piece.n_jackknife, operators[at]);
  });
  for (at::Tensor& part : parts) part = part.cpu();
  return parts;
}

/// The sums at q = 0 alone: w, w u and w f in one go, [n_blocks, 1 + 2n] on the CPU.
at::Tensor folded_sums(const Population& population, const Weights& weights) {
  const at::Tensor w = weights.values.unsqueeze(1);
  const at::Tensor columns = at::cat({w, w * population.folded_displacements(), w * population.folded_forces()}, 1);
  const std::int64_t size = population.block_size(), whole = population.size() / size, n = population.basis().n_modes();
  at::Tensor folded = columns.slice(0, 0, whole * size).view({whole, size, 2 * n + 1}).sum(1);
  if (whole * size < population.size()) folded = at::cat({folded, columns.slice(0, whole * size).sum(0, true)}, 0);
  return folded.cpu();
}

std::vector<BlockSum> sums_by_block(const Population& population, const Weights& weights, const TrialDensity& density,
                                    const phonons::Symmetrizer& symmetrize, const Eigen::VectorXd& shift) {
  const RealBlochBasis& basis = population.basis();
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const std::vector<Piece> pieces = pieces_of(population);
  const std::vector<at::Tensor> parts = piece_products(population, weights, density, pieces, shift);
  const std::size_t n_q = static_cast<std::size_t>(matrices.grid.size());
  std::vector<BlockSum> sums(static_cast<std::size_t>(population.n_blocks()));
  parallel_for(static_cast<std::int64_t>(sums.size()), [&](std::int64_t b) {
    Blocks& blocks = sums[b].matrices;
    blocks.resize(n_q);
    for (const int iq : matrices.grid.independent()) {
      blocks[iq] = Eigen::MatrixXcd::Zero(basis.n_modes(), basis.n_modes());
    }
    for (std::size_t p = 0; p < pieces.size(); ++p) {
      const std::int64_t j = b - pieces[p].first_block;
      if (j < 0 || j >= pieces[p].n_jackknife) continue;
      for (std::size_t i = 0; i < basis.slabs().size(); ++i) {
        basis.add_complex_blocks(parts[p * basis.slabs().size() + i].select(1, j), basis.slabs()[i], blocks);
      }
    }
    symmetrize.independent_matrices(blocks);
  });

  const at::Tensor folded = folded_sums(population, weights);
  const Eigen::MatrixXd d_gamma = matrices.blocks[matrices.grid.gamma()].real();
  const std::int64_t n = basis.n_modes();
  for (std::size_t b = 0; b < sums.size(); ++b) {
    const double* row = folded.const_data_ptr<double>() + static_cast<std::int64_t>(b) * (2 * n + 1);
    const Eigen::Map<const Eigen::VectorXd> u(row + 1, n), f(row + 1 + n, n);
    sums[b].weight = row[0];
    sums[b].forces = f + d_gamma * (u - row[0] * shift);
  }
  return sums;
}

/// Norms and the jackknife errors; `variances` [n_blocks]: squared norms of the deviations of the matrices.
void add_gradient_errors(const std::vector<BlockSum>& blocks, const std::vector<double>& variances, double per_weight,
                         const TrialDensity& density, Gradient& result) {
  const Eigen::MatrixXd precondition = density.centroid_preconditioner();
  const double n_blocks = static_cast<double>(blocks.size());
  double variance = 0, centroid_variance = 0;
  Vectors force_variance = Vectors::Zero(result.forces.rows(), 3);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    variance += variances[b];
    result.force_deviations[b] = per_weight * (result.force_deviations[b] - blocks[b].weight * result.forces);
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
}

}  // namespace

Gradient gradient(const Population& population, const Weights& weights, const TrialDensity& density,
                  const phonons::Symmetrizer& symmetrize) {
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const phonons::QGrid& grid = matrices.grid;
  const std::size_t n_q = static_cast<std::size_t>(grid.size());
  const double root_cells = std::sqrt(static_cast<double>(grid.size()));
  const Eigen::VectorXd shift =
      root_cells * flat(matrices.crystal.positions - population.generating().matrices().crystal.positions);
  std::vector<BlockSum> blocks = sums_by_block(population, weights, density, symmetrize, shift);

  Gradient result;
  result.deviations.resize(blocks.size());
  result.force_deviations.resize(blocks.size());
  // Sums become means and influences; in block order, so that the bits do not depend on the threads.
  const double per_weight = 1 / weights.sum;
  result.forces = Vectors::Zero(matrices.crystal.n_atoms(), 3);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    result.deviations[b] = std::move(blocks[b].matrices);
    Vectors& force = result.force_deviations[b];
    force = as_vectors(blocks[b].forces / root_cells);
    symmetrize.vectors(force);
    result.forces += per_weight * force;
  }
  result.matrices.resize(n_q);
  for (const int iq : grid.independent()) {
    Eigen::MatrixXcd& mean = result.matrices[iq];
    mean = Eigen::MatrixXcd::Zero(matrices.n_modes(), matrices.n_modes());
    for (const Blocks& sums : result.deviations) mean += sums[iq];
    mean *= per_weight;
    if (const int partner = grid.minus(iq); partner != iq) result.matrices[partner] = mean.conjugate();
  }
  std::vector<double> variances(blocks.size());
  parallel_for(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t item) {
    const std::size_t b = static_cast<std::size_t>(item);
    const double share = blocks[b].weight * per_weight;
    for (const int iq : grid.independent()) {
      const std::size_t i = static_cast<std::size_t>(iq);
      Eigen::MatrixXcd& deviation = result.deviations[b][i];
      deviation = per_weight * deviation - share * result.matrices[i];
      variances[b] += (grid.is_real(iq) ? 1 : 2) * deviation.squaredNorm();
    }
  });
  add_gradient_errors(blocks, variances, per_weight, density, result);
  return result;
}

double lambda0(double frequency1, double frequency2, double temperature, const UnitSet& units) {
  // With one factor hbar and beta -> beta hbar. The bracket is (1 + n1 + n2)/(w1 + w2) - (n1 - n2)/(w1 - w2), the
  // second term without a difference of nearly equal numbers.
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

std::vector<Eigen::MatrixXcd> free_energy_derivative(const std::vector<Eigen::MatrixXcd>& gradient,
                                                     const TrialDensity& density) {
  expect(gradient.size() == density.modes().size(), "a block for each point of the grid");
  std::vector<Eigen::MatrixXcd> derivative;
  for (std::size_t iq = 0; iq < gradient.size(); ++iq) {
    const phonons::Modes& modes = density.modes()[iq];
    const Eigen::MatrixXcd patterns = phonons::displacement_patterns(modes, density.matrices().crystal);
    Eigen::MatrixXcd in_modes = patterns.adjoint() * gradient[iq] * patterns;
    for (Eigen::Index mu = 0; mu < in_modes.rows(); ++mu) {
      for (Eigen::Index nu = 0; nu < in_modes.cols(); ++nu) {
        const bool acoustic = modes.acoustic[mu] || modes.acoustic[nu];
        in_modes(mu, nu) *=
            acoustic ? 0.0
                     : -lambda0(modes.frequencies[mu], modes.frequencies[nu], density.temperature(), density.units());
      }
    }
    derivative.push_back(patterns * in_modes * patterns.adjoint());
  }
  return derivative;
}

}  // namespace zeropoint::sscha
