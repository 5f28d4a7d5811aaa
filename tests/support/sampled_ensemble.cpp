#include "tests/support/sampled_ensemble.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>

#include "core/decompositions.hpp"

namespace zeropoint::test {

Eigen::MatrixXd dense(const phonons::DynamicalMatrices& matrices) {
  const Supercell supercell = matrices.supercell();
  const std::vector<Eigen::MatrixXd> constants = phonons::to_real_space(matrices);
  const int n = matrices.n_modes();
  Eigen::MatrixXd result(n * supercell.n_cells(), n * supercell.n_cells());
  for (int row = 0; row < supercell.n_cells(); ++row) {
    for (int column = 0; column < supercell.n_cells(); ++column) {
      const int apart = supercell.cell_index(supercell.lattice_vector(row) - supercell.lattice_vector(column));
      result.block(row * n, column * n, n, n) = constants[apart];
    }
  }
  return result;
}

Eigen::MatrixXd amplitudes(const sscha::TrialDensity& density) {
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const Supercell supercell = matrices.supercell();
  const int n = matrices.n_modes(), m = 3 * supercell.n_atoms();

  Eigen::VectorXd root_masses(m);
  for (int i = 0; i < m; ++i) root_masses[i] = std::sqrt(matrices.crystal.masses[i % n / 3]);
  Eigen::MatrixXd scaled = dense(matrices);
  scaled = (root_masses.cwiseInverse().asDiagonal() * scaled * root_masses.cwiseInverse().asDiagonal()).eval();
  // Uniform translations are lifted above all other modes and then left out.
  Eigen::MatrixXd translations(m, 3);
  for (int i = 0; i < m; ++i) translations.row(i) = Eigen::RowVector3d::Unit(i % 3) * root_masses[i];
  translations.colwise().normalize();
  const Eigen::MatrixXd rest = Eigen::MatrixXd::Identity(m, m) - translations * translations.transpose();
  scaled = (rest * scaled * rest).eval() + 10 * scaled.norm() * translations * translations.transpose();

  const Eigensystem<Eigen::MatrixXd> solution = symmetric_eigensystem(scaled);
  const UnitSet& units = density.units();
  Eigen::MatrixXd result = solution.vectors.leftCols(m - 3);
  for (int mu = 0; mu < m - 3; ++mu) {
    const double frequency = std::sqrt(solution.values[mu]);
    const double x =
        density.temperature() > 0 ? units.hbar * frequency / (2 * units.kb_density * density.temperature()) : 1e3;
    result.col(mu) *= std::sqrt(units.hbar / (2 * frequency * std::tanh(x)));
  }
  return root_masses.cwiseInverse().asDiagonal() * result;
}

at::Tensor displacements(const Eigen::MatrixXd& amplitudes, const Eigen::MatrixXd& coordinates) {
  at::Tensor result = at::empty({coordinates.cols(), amplitudes.rows() / 3, 3}, at::kDouble);
  Eigen::Map<Eigen::MatrixXd>(result.mutable_data_ptr<double>(), amplitudes.rows(), coordinates.cols()) =
      amplitudes * coordinates;
  return result;
}

Eigen::MatrixXd normal_coordinates(Eigen::Index n_modes, Eigen::Index n, unsigned seed, bool antithetic) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Eigen::MatrixXd y(n_modes, n);
  for (Eigen::Index c = 0; c < n; ++c) {
    for (Eigen::Index mu = 0; mu < n_modes; ++mu) y(mu, c) = antithetic && c % 2 ? -y(mu, c - 1) : normal(random);
  }
  return y;
}

Eigen::MatrixXd quartic_design(Eigen::Index n_modes) {
  for (const int p : {7, 11, 13, 17}) {
    if (n_modes > p + 1) continue;
    // Of the (p-1)/2 positive levels m have the square a, one the square b: m a + b = s and m a^2 + b^2 = 3 s, s = p/2.
    const double s = 0.5 * p;
    const int m = static_cast<int>(std::ceil(s / 3)) - 1;
    const double a = (s + std::sqrt(s * s - (m + 1) * (s * s - 3 * s) / m)) / (m + 1), b = s - m * a;
    std::vector<double> level(static_cast<std::size_t>(p), 0.0);
    for (int i = 1; i <= m + 1; ++i) {
      level[i] = std::sqrt(i <= m ? a : b);
      level[p - i] = -level[i];
    }
    Eigen::MatrixXd y(n_modes, p * p * p * p);
    for (int c = 0; c < y.cols(); ++c) {
      const int k[4] = {c % p, c / p % p, c / (p * p) % p, c / (p * p * p)};
      for (int x = 0; x < n_modes; ++x) {
        const int value = x == p ? k[3] : (((k[3] * x + k[2]) * x + k[1]) * x + k[0]) % p;
        y(x, c) = level[value];
      }
    }
    return y;
  }
  throw std::invalid_argument("no design for so many modes");
}

namespace {

sscha::Population labelled(const sscha::TrialDensity& density, const Labels& labels, const at::Tensor& u,
                           const sscha::PopulationOptions& options) {
  return {*ensemble_in_memory(labels(density.matrices().crystal, u), "model ensemble"), density, options};
}

}  // namespace

sscha::Population sample(const sscha::TrialDensity& density, const Labels& labels, const SampleOptions& options) {
  const Eigen::MatrixXd w = amplitudes(density);
  const at::Tensor u = displacements(w, normal_coordinates(w.cols(), options.n, options.seed, options.antithetic));
  return labelled(density, labels, u, options.population);
}

sscha::Population integrate(const sscha::TrialDensity& density, const Labels& labels) {
  const Eigen::MatrixXd w = amplitudes(density);
  // Its first thousands of points alone are not balanced: no look at their variances.
  return labelled(density, labels, displacements(w, quartic_design(w.cols())), {.check_generator = false});
}

}  // namespace zeropoint::test
