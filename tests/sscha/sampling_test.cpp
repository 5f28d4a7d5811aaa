// Configurations drawn from a trial density, against amplitudes that come from the dense force constants of the
// supercell.
#include "sscha/sampling.hpp"
#include "core/decompositions.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/parallel.hpp"
#include "phonons/modes.hpp"
#include "tests/support/crystals_on_grids.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

using Case = test::CrystalOnGrid;

TrialDensity density_of(const Case& c, double temperature) {
  return {test::model_matrices(c.crystal, c.divisions, 1), temperature, units::codata2022};
}

/// Configurations as columns, [M, N].
Eigen::MatrixXd columns(const at::Tensor& displacements) {
  const at::Tensor u = displacements.contiguous();
  return Eigen::Map<const Eigen::MatrixXd>(u.const_data_ptr<double>(), u.stride(0), u.size(0));
}

TEST(Sampler, DrawsIndependentModesOfTheTheoreticalVariances) {
  for (const Case& c : test::crystals_on_grids()) {
    for (const double temperature : {0.0, 300.0}) {
      const TrialDensity density = density_of(c, temperature);
      const std::int64_t n = 4000;
      for (const SamplingMethod method : {SamplingMethod::random, SamplingMethod::antithetic}) {
        const Eigen::MatrixXd u = columns(Sampler(density, {.method = method, .seed = 7}).displacements(0, n));
        const Eigen::MatrixXd y = least_squares(test::amplitudes(density), u);
        EXPECT_LT((test::amplitudes(density) * y - u).norm(), 1e-10 * u.norm())
            << c.name << ": something moved that is no mode";
        // Of y.y^T / n the diagonal has variance 2/n, the rest 1/n; with pairs n/2 numbers are independent.
        const double independent = static_cast<double>(method == SamplingMethod::antithetic ? n / 2 : n);
        const Eigen::MatrixXd off =
            y * y.transpose() / static_cast<double>(n) - Eigen::MatrixXd::Identity(y.rows(), y.rows());
        const double m = static_cast<double>(y.rows());
        const double diagonal = off.diagonal().squaredNorm() * independent / 2 / m;
        const double rest = (off.squaredNorm() - off.diagonal().squaredNorm()) * independent / (m * (m - 1));
        EXPECT_NEAR(diagonal, 1, 6 * std::sqrt(2 / m)) << c.name << " at " << temperature << " K";
        EXPECT_NEAR(rest, 1, 6 * std::sqrt(2 / (m * (m - 1) / 2))) << c.name << " at " << temperature << " K";
        if (method == SamplingMethod::random) {
          EXPECT_LT(y.rowwise().mean().squaredNorm() * static_cast<double>(n) / m, 1 + 6 * std::sqrt(2 / m)) << c.name;
        }
      }
    }
  }
}

TEST(Sampler, DrawsPairsThatAreOppositeToTheLastBit) {
  const at::Tensor u = Sampler(density_of(test::crystals_on_grids()[0], 300), {}).displacements(0, 1000);
  EXPECT_TRUE(at::equal(u.slice(0, 0, 1000, 2), u.slice(0, 1, 1000, 2).neg()));
}

TEST(Sampler, GivesTheSameConfigurationForTheSameNumbersWhateverIsDrawnAroundIt) {
  const TrialDensity density = density_of(test::crystals_on_grids()[0], 300);
  const int before = threads();
  for (const SamplingMethod method : {SamplingMethod::random, SamplingMethod::antithetic, SamplingMethod::sobol}) {
    const SamplingOptions options{.method = method, .seed = 3, .population = 2};
    set_threads(1);
    const at::Tensor all = Sampler(density, options).displacements(0, 3000);
    for (const int n_threads : {1, 2, 4}) {
      set_threads(n_threads);
      const Sampler sampler(density, options);
      EXPECT_TRUE(at::equal(sampler.displacements(0, 3000), all)) << n_threads << " threads";
      for (const auto& [begin, end] : {std::pair{0, 1}, {511, 513}, {777, 2222}, {2999, 3000}}) {
        EXPECT_TRUE(at::equal(sampler.displacements(begin, end), all.slice(0, begin, end))) << begin << " to " << end;
      }
    }
    for (const SamplingOptions& other : {SamplingOptions{.method = method, .seed = 4, .population = 2},
                                         SamplingOptions{.method = method, .seed = 3, .population = 3}}) {
      const at::Tensor u = Sampler(density, other).displacements(0, 100);
      EXPECT_GT((u - all.slice(0, 0, 100)).abs().min().item<double>(), 0)
          << "another seed or population, the same numbers";
    }
  }
  set_threads(before);
}

TEST(SobolSampler, IntegratesAQuadraticMoreThanTenTimesBetterThanRandomNumbers) {
  const Case c = test::crystals_on_grids()[0];
  const TrialDensity density = density_of(c, 300);
  const Eigen::MatrixXd constants = test::dense(density.matrices());
  const Eigen::MatrixXd w = test::amplitudes(density);
  const double exact = 0.5 * (w.transpose() * constants * w).trace();
  const std::int64_t n = 4096;
  constexpr int n_seeds = 16;
  const auto rms_error = [&](SamplingMethod method) {
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= n_seeds; ++seed) {
      const Eigen::MatrixXd u = columns(Sampler(density, {.method = method, .seed = seed}).displacements(0, n));
      const double mean = 0.5 * (constants * u).cwiseProduct(u).sum() / static_cast<double>(n);
      sum += (mean - exact) * (mean - exact);
    }
    return std::sqrt(sum / n_seeds);
  };
  const double sobol = rms_error(SamplingMethod::sobol), random = rms_error(SamplingMethod::random);
  EXPECT_LT(10 * sobol, random) << "rms errors " << sobol << " and " << random << " eV";
  // The variance of the mean of u.Phi.u / 2 over random numbers is known: 2 sum (omega^2 a^2 / 2)^2 / n.
  const double variance = 0.5 * (w.transpose() * constants * w).squaredNorm() / static_cast<double>(n);
  EXPECT_NEAR(random, std::sqrt(variance), 0.8 * std::sqrt(variance));
}

TEST(SobolSampler, ScramblesWithoutBiasOverItsSeeds) {
  // Over many scramblings every point is uniform: the mean and the square of each mode of the very first point.
  const TrialDensity density = density_of(test::crystals_on_grids()[2], 0);
  const Eigen::MatrixXd w = test::amplitudes(density);
  constexpr int n_seeds = 400;
  Eigen::MatrixXd first(w.rows(), n_seeds);
  for (int seed = 0; seed < n_seeds; ++seed) {
    first.col(seed) =
        columns(Sampler(density, {.method = SamplingMethod::sobol, .seed = static_cast<std::uint64_t>(seed)})
                    .displacements(0, 1));
  }
  const Eigen::MatrixXd y = least_squares(w, first);
  const double m = static_cast<double>(y.rows());
  EXPECT_NEAR(y.rowwise().mean().squaredNorm() * n_seeds / m, 1, 6 * std::sqrt(2 / m));
  EXPECT_NEAR((y.rowwise().squaredNorm() / n_seeds).mean(), 1, 6 * std::sqrt(2 / (m * n_seeds)));
}

TEST(Sampler, LeavesLockedModesAtRest) {
  const TrialDensity density = density_of(test::crystals_on_grids()[0], 300);
  std::vector<double> all;  // without the translations
  for (const phonons::Modes& modes : density.modes()) {
    for (std::size_t mu = 0; mu < modes.acoustic.size(); ++mu) {
      if (!modes.acoustic[mu]) all.push_back(modes.frequencies[static_cast<Eigen::Index>(mu)]);
    }
  }
  std::sort(all.begin(), all.end());
  std::size_t below = 10;  // not between the equal frequencies of q and -q
  while (all[below] - all[below - 1] < 1e-3 * all[below]) ++below;
  const int locked = static_cast<int>(below);
  const Sampler sampler(density, {.lock_below = 0.5 * (all[below - 1] + all[below])});
  EXPECT_EQ(sampler.n_locked_modes(), locked);
  EXPECT_EQ(sampler.n_moving_modes(), static_cast<int>(all.size() - below));
  const Eigen::MatrixXd y = least_squares(test::amplitudes(density), columns(sampler.displacements(0, 200)));
  EXPECT_LT(y.topRows(locked).norm(), 1e-9);
  EXPECT_GT(y.bottomRows(y.rows() - locked).rowwise().norm().minCoeff(), 1);
}

TEST(Sampler, LetsTheOtherAtomsVibrateInTheFieldOfFixedOnes) {
  const Case c = test::crystals_on_grids()[0];
  const TrialDensity density = density_of(c, 300);
  const Sampler sampler(density, {.method = SamplingMethod::random, .fixed_sites = {false, true, false}});
  const std::int64_t n = 20000;
  const Eigen::MatrixXd u = columns(sampler.displacements(0, n));
  // The moving block of the supercell's force constants, quantum harmonic covariance m^-1/2 f(m^-1/2 Phi m^-1/2)
  // m^-1/2.
  std::vector<int> moving;
  for (int x = 0; x < u.rows(); ++x) {
    if (x / 3 % 3 == 1) {
      EXPECT_EQ(u.row(x).norm(), 0) << "component " << x << " of a fixed atom";
    } else {
      moving.push_back(x);
    }
  }
  Eigen::VectorXd roots(static_cast<Eigen::Index>(moving.size()));
  for (std::size_t i = 0; i < moving.size(); ++i) {
    roots[static_cast<Eigen::Index>(i)] = 1 / std::sqrt(c.crystal.masses[moving[i] / 3 % 3]);
  }
  const Eigen::MatrixXd constants = test::dense(density.matrices())(moving, moving);
  const Eigensystem<Eigen::MatrixXd> solution =
      symmetric_eigensystem(roots.asDiagonal() * constants * roots.asDiagonal());
  const Eigen::VectorXd squares = solution.values.unaryExpr(
      [](double square) { return phonons::squared_amplitude(std::sqrt(square), 300, units::codata2022); });
  const Eigen::MatrixXd e = roots.asDiagonal() * solution.vectors;
  const Eigen::MatrixXd expected = e * squares.asDiagonal() * e.transpose();
  const Eigen::MatrixXd sampled = u(moving, Eigen::all) * u(moving, Eigen::all).transpose() / static_cast<double>(n);
  for (Eigen::Index i = 0; i < expected.rows(); ++i) {
    EXPECT_NEAR(sampled(i, i) / expected(i, i), 1, 6 * std::sqrt(2.0 / static_cast<double>(n)));
  }
  EXPECT_COMPLAINT(Sampler(density, {.fixed_sites = {true, true, true}}), "nothing is left");
}

TEST(ImaginaryModes, AreAnErrorThatOffersTheRepairAndTheRepairKeepsEverythingElse) {
  phonons::DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 1, 1}, 1);
  const auto before = phonons::diagonalise(matrices);
  // Turn the lowest modes of a pair (q, -q).
  int complex_q = 0;
  while (matrices.grid.is_real(complex_q)) ++complex_q;
  const Eigen::VectorXd roots =
      Eigen::VectorXd::NullaryExpr(9, [&](Eigen::Index x) { return std::sqrt(matrices.crystal.masses[x / 3]); });
  for (const int iq : {complex_q, matrices.grid.minus(complex_q)}) {
    const phonons::Modes& modes = before[iq];
    const Eigen::VectorXcd e = roots.asDiagonal() * modes.polarisations.col(0);
    matrices.blocks[iq] -= 2 * modes.frequencies[0] * modes.frequencies[0] * e * e.adjoint();
  }
  EXPECT_COMPLAINT(TrialDensity(matrices, 300, units::codata2022), "repair = \"absolute\"");
  int n_turned = 0;
  const auto repaired = phonons::diagonalise(phonons::with_absolute_squares(matrices, n_turned));
  EXPECT_EQ(n_turned, 2);
  for (std::size_t iq = 0; iq < before.size(); ++iq) {
    EXPECT_LT((repaired[iq].frequencies - before[iq].frequencies).tail(6).norm(),
              1e-10 * before[iq].frequencies.norm());
  }
}

}  // namespace
}  // namespace zeropoint::sscha
