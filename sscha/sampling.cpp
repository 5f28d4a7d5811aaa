#include "sscha/sampling.hpp"

#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/special_ndtri.h>
#include <ATen/ops/stack.h>
#include <Random123/philox.h>

#include <algorithm>
#include <boost/random/sobol.hpp>
#include <cmath>
#include <numeric>

#include "core/decompositions.hpp"
#include "core/error.hpp"
#include "sscha/device_loop.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::RealBlochBasis;

/// Independent samples drawn at once, always all of them: library kernels round differently for other shapes.
constexpr std::int64_t chunk_samples = 256;
constexpr int most_sobol_dimensions = BOOST_RANDOM_SOBOL_MAX_DIMENSION;

/// Displacements of unit-variance modes at each q, columns of zeros for modes that do not move, and their frequencies.
struct Amplitudes {
  std::vector<Eigen::MatrixXcd> columns;     // [n_q] (n, n)
  std::vector<Eigen::VectorXd> frequencies;  // [n_q][n], 0 where nothing moves
};

Amplitudes of_all_sites(const TrialDensity& density) {
  Amplitudes result;
  for (const Eigen::MatrixXcd& frame : density.force_frame()) result.columns.push_back(frame.adjoint());
  for (const phonons::Modes& modes : density.modes()) {
    Eigen::VectorXd& frequencies = result.frequencies.emplace_back(modes.frequencies);
    for (Eigen::Index mu = 0; mu < frequencies.size(); ++mu) {
      if (modes.acoustic[mu]) frequencies[mu] = 0;
    }
  }
  return result;
}

Amplitudes of_moving_sites(const TrialDensity& density, const std::vector<bool>& fixed) {
  const phonons::DynamicalMatrices& matrices = density.matrices();
  std::vector<int> moving;
  for (int x = 0; x < matrices.n_modes(); ++x) {
    if (!fixed.at(static_cast<std::size_t>(x / 3))) moving.push_back(x);
  }
  if (moving.empty())
    throw InputError{"all {} sites are fixed: nothing is left to displace", matrices.crystal.n_atoms()};

  const auto n_q = static_cast<std::size_t>(matrices.grid.size());
  Amplitudes result{std::vector<Eigen::MatrixXcd>(n_q), std::vector<Eigen::VectorXd>(n_q)};
  const Eigen::VectorXd inverse_roots = matrices.crystal.masses.cwiseSqrt().cwiseInverse();
  for (const int iq : matrices.grid.independent()) {
    Eigen::MatrixXcd scaled = matrices.blocks[iq](moving, moving);
    for (Eigen::Index x = 0; x < scaled.rows(); ++x) {
      const double factor = inverse_roots[moving[x] / 3];
      scaled.row(x) *= factor;
      scaled.col(x) *= factor;
    }
    Eigen::MatrixXcd vectors;
    Eigen::VectorXd squares;
    if (matrices.grid.is_real(iq)) {
      const Eigensystem<Eigen::MatrixXd> solution = symmetric_eigensystem(scaled.real());
      vectors = solution.vectors.cast<std::complex<double>>();
      squares = solution.values;
    } else {
      const Eigensystem<Eigen::MatrixXcd> solution = hermitian_eigensystem(scaled);
      vectors = solution.vectors;
      squares = solution.values;
    }
    if (!(squares.minCoeff() > 0)) {
      throw InputError{
          "with the fixed sites at rest, a mode at q point {} is not positive: fix other sites, or repair the matrices",
          iq + 1};
    }
    Eigen::MatrixXcd columns = Eigen::MatrixXcd::Zero(matrices.n_modes(), matrices.n_modes());
    Eigen::VectorXd frequencies = Eigen::VectorXd::Zero(matrices.n_modes());
    for (Eigen::Index mu = 0; mu < squares.size(); ++mu) {
      frequencies[mu] = std::sqrt(squares[mu]);
      const double amplitude =
          std::sqrt(phonons::squared_amplitude(frequencies[mu], density.temperature(), density.units()));
      for (std::size_t x = 0; x < moving.size(); ++x) {
        columns(moving[x], mu) = vectors(static_cast<Eigen::Index>(x), mu) * amplitude * inverse_roots[moving[x] / 3];
      }
    }
    const auto minus = static_cast<std::size_t>(matrices.grid.minus(iq));
    result.columns[minus] = columns.conjugate();
    result.frequencies[minus] = frequencies;
    result.columns[iq] = std::move(columns);
    result.frequencies[iq] = std::move(frequencies);
  }
  return result;
}

/// The middle of one of 2^52 equal parts of (0, 1): 1 - x is exact, neither end occurs.
double unit_interval(std::uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52; }

std::uint64_t word(std::uint32_t low, std::uint32_t high) { return low | static_cast<std::uint64_t>(high) << 32; }

std::uint32_t reversed(std::uint32_t x) {
  x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
  x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
  x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
  return __builtin_bswap32(x);
}

/// Owen scrambling: every bit is flipped depending on all higher bits, by a hash in which bits act upwards only.
std::uint32_t scrambled(std::uint32_t x, std::uint32_t seed) {
  x = reversed(x);
  x ^= x * 0x3d20adeau;
  x += seed;
  x *= seed >> 16 | 1u;
  x ^= x * 0x05526c56u;
  x ^= x * 0x53a22864u;
  return reversed(x);
}

}  // namespace

Sampler::Sampler(const TrialDensity& density, const SamplingOptions& options, at::Device device)
    : options_(options), basis_(density.matrices().grid, density.matrices().n_modes()), device_(device) {
  const bool some_fixed = std::count(options.fixed_sites.begin(), options.fixed_sites.end(), true) > 0;
  Amplitudes amplitudes = some_fixed ? of_moving_sites(density, options.fixed_sites) : of_all_sites(density);
  const int n = basis_.n_modes();
  std::vector<double> frequency_of_row(static_cast<std::size_t>(basis_.n_rows()));
  for (const RealBlochBasis::Block& block : basis_.blocks()) {
    const auto iq = static_cast<std::size_t>(block.iq);
    for (int row = 0; row < block.size; ++row) {
      double& frequency = amplitudes.frequencies[iq][row % n];
      if (frequency > 0 && frequency < options.lock_below) {
        amplitudes.columns[iq].col(row % n).setZero();
        n_locked_ += block.pair ? 2 : 1;
        frequency = 0;
      }
      frequency_of_row[block.first_row + row] = frequency;
    }
  }
  for (const RealBlochBasis::Slab& slab : basis_.slabs()) {
    from_modes_.push_back(basis_.real_blocks(amplitudes.columns, slab).to(device));
  }
  std::vector<int> rows(frequency_of_row.size());
  std::iota(rows.begin(), rows.end(), 0);
  const auto frequency = [&](int row) { return frequency_of_row[row]; };
  std::stable_sort(rows.begin(), rows.end(), [&](int a, int b) { return frequency(a) < frequency(b); });
  dimension_of_row_.assign(rows.size(), -1);
  int dimension = 0;
  for (const int row : rows) {
    if (frequency(row) > 0) dimension_of_row_[row] = dimension++;
  }
  n_still_ = basis_.n_rows() - dimension;
  if (dimension == 0) throw InputError{"no mode is left to displace: all are locked or fixed"};
  if (options.method == SamplingMethod::sobol) n_sobol_ = std::min(dimension, most_sobol_dimensions);
}

at::Tensor Sampler::uniform_numbers(std::int64_t first_sample) const {
  const int n_rows = basis_.n_rows();
  at::Tensor numbers = at::empty({n_rows, chunk_samples}, at::kDouble);
  double* const out = numbers.mutable_data_ptr<double>();
  r123::Philox4x32 philox;
  const r123::Philox4x32::key_type key = {
      {static_cast<std::uint32_t>(options_.seed), static_cast<std::uint32_t>(options_.seed >> 32)}};
  for (int row = 0; row < n_rows; row += 2) {
    for (std::int64_t i = 0; i < chunk_samples; ++i) {
      const auto sample = static_cast<std::uint64_t>(first_sample + i);
      const auto bits = philox({{static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(sample),
                                 static_cast<std::uint32_t>(sample >> 32), options_.population}},
                               key);
      out[row * chunk_samples + i] = unit_interval(word(bits[0], bits[1]));
      if (row + 1 < n_rows) out[(row + 1) * chunk_samples + i] = unit_interval(word(bits[2], bits[3]));
    }
  }
  if (n_sobol_ > 0) fill_sobol(first_sample, out);
  return numbers;
}

void Sampler::fill_sobol(std::int64_t first_sample, double* numbers) const {
  std::vector<double*> row_of_dimension(static_cast<std::size_t>(n_sobol_));
  for (std::size_t row = 0; row < dimension_of_row_.size(); ++row) {
    const int dimension = dimension_of_row_[row];
    if (dimension >= 0 && dimension < n_sobol_) {
      row_of_dimension[dimension] = numbers + static_cast<std::int64_t>(row) * chunk_samples;
    }
  }
  // One scrambling a dimension, from a counter that no configuration uses.
  r123::Philox4x32 philox;
  const r123::Philox4x32::key_type key = {
      {static_cast<std::uint32_t>(options_.seed), static_cast<std::uint32_t>(options_.seed >> 32)}};
  std::vector<std::uint32_t> seeds;
  for (int dimension = 0; dimension < n_sobol_; ++dimension) {
    seeds.push_back(
        philox({{static_cast<std::uint32_t>(dimension), 0xffffffffu, 0xffffffffu, options_.population}}, key)[0]);
  }
  // The engine begins behind the origin, which is a point of the net.
  boost::random::sobol_engine<std::uint32_t, 32> points(static_cast<std::size_t>(n_sobol_));
  if (first_sample > 0) points.seed(static_cast<std::uint32_t>(first_sample - 1));
  for (std::int64_t i = 0; i < chunk_samples; ++i) {
    const bool origin = first_sample + i == 0;
    for (std::size_t dimension = 0; dimension < seeds.size(); ++dimension) {
      const std::uint32_t x = scrambled(origin ? 0u : points(), seeds[dimension]);
      row_of_dimension[dimension][i] = (static_cast<double>(x) + 0.5) * 0x1p-32;
    }
  }
}

/// Displacements of chunk_samples independent samples, [chunk_samples, M].
at::Tensor Sampler::chunk(std::int64_t first_sample) const {
  const at::Tensor y = at::special_ndtri(uniform_numbers(first_sample).to(device_));
  std::vector<at::Tensor> slabs;
  for (std::size_t i = 0; i < from_modes_.size(); ++i) {
    const RealBlochBasis::Slab& slab = basis_.slabs()[i];
    const at::Tensor modes =
        y.narrow(0, slab.first_row, slab.n_rows()).view({slab.n_blocks, slab.block_size, chunk_samples});
    slabs.push_back(at::bmm(from_modes_[i], modes).view({slab.n_rows(), chunk_samples}));
  }
  return basis_.inverse(at::cat(slabs));
}

at::Tensor Sampler::displacements(std::int64_t begin, std::int64_t end) const {
  const std::int64_t n_atoms = basis_.n_rows() / 3;
  at::Tensor result = at::empty({end - begin, n_atoms, 3}, at::TensorOptions(at::kDouble).device(device_));
  const std::int64_t per_sample = options_.method == SamplingMethod::antithetic ? 2 : 1;
  const std::int64_t step = chunk_samples * per_sample;
  const std::int64_t first_chunk = begin / step, last_chunk = (end + step - 1) / step;
  for_each_item(device_, last_chunk - first_chunk, [&](std::int64_t i) {
    const std::int64_t first = (first_chunk + i) * step;
    at::Tensor u = chunk(first / per_sample);
    if (per_sample == 2) u = at::stack({u, at::neg(u)}, 1);
    u = u.view({step, n_atoms, 3});
    const std::int64_t from = std::max(begin, first), to = std::min(end, first + step);
    result.narrow(0, from - begin, to - from).copy_(u.narrow(0, from - first, to - from));
  });
  return result;
}

}  // namespace zeropoint::sscha
