// The linearised jackknife of the free-energy Hessian against solving again without one sample after another.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "phonons/symmetrizer.hpp"
#include "sscha/hessian.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

struct Case {
  const char* name;
  Crystal crystal;
  Eigen::Vector3i divisions;
  bool symmetry;
  int order;
  bool hermite;
};

std::vector<Case> cases() {
  return {{"triclinic 3x1x1", test::triclinic_lattice(), {3, 1, 1}, false, 4, true},
          {"triclinic 3x1x1, third order", test::triclinic_lattice(), {3, 1, 1}, false, 3, true},
          {"Cmc2_1 1x1x1", test::cmc21_crystal(), {1, 1, 1}, true, 4, true},
          {"Cmc2_1 1x1x1, no Hermite terms", test::cmc21_crystal(), {1, 1, 1}, true, 4, false},
          {"hcp 3x1x1", test::hexagonal_crystal(), {3, 1, 1}, true, 4, true},
          {"rock salt 2x2x2", test::cubic_crystal(), {2, 2, 2}, true, 4, true}};
}

/// Variance of omega^2 from `n` Hessians, each without one share of the population, over its linearised estimate: mean
/// over all modes that are not acoustic.
double variance_ratio(const Hessian& all, int n, const std::function<Hessian(int)>& without) {
  const Crystal& crystal = all.density.matrices().crystal;
  const std::size_t n_q = all.modes.size();
  std::vector<Eigen::VectorXd> sum(n_q, Eigen::VectorXd::Zero(all.density.matrices().n_modes())), squares = sum;
  for (int share = 0; share < n; ++share) {
    const Hessian rest = without(share);
    for (std::size_t iq = 0; iq < n_q; ++iq) {
      const Eigen::MatrixXcd patterns = displacement_patterns(all.modes[iq], crystal);
      const Eigen::MatrixXcd change = rest.matrices.blocks[iq] - all.matrices.blocks[iq];
      const Eigen::VectorXd x = (patterns.adjoint() * change * patterns).diagonal().real();
      sum[iq] += x;
      squares[iq] += x.cwiseAbs2();
    }
  }
  double ratio = 0;
  int count = 0;
  for (std::size_t iq = 0; iq < n_q; ++iq) {
    const Eigen::VectorXd variance = (n - 1.0) / n * (squares[iq] - sum[iq].cwiseAbs2() / n);
    for (Eigen::Index i = 0; i < variance.size(); ++i) {
      if (all.modes[iq].acoustic[i]) continue;
      ratio += variance[i] / std::pow(all.squared_errors[iq][i], 2);
      ++count;
    }
  }
  return ratio / count;
}

SpaceGroup group_of(const Case& c, const TrialDensity& density) {
  return phonons::keeping_grid(find_space_group(c.crystal, {.enabled = c.symmetry}), density.matrices().grid);
}

double ratio_of_blocks(const Case& c, unsigned seed) {
  const test::BondModel model = test::BondModel::of_neighbours(c.crystal, c.divisions, 4.6);
  const TrialDensity start(model.harmonic(c.crystal), 300, units::codata2022);
  // Off the solution a little, so that Hermite terms count.
  phonons::DynamicalMatrices matrices = model.solve(start).matrices();
  for (Eigen::MatrixXcd& block : matrices.blocks) block *= 1.05;
  const TrialDensity density(matrices, 300, units::codata2022);
  const SpaceGroup group = group_of(c, density);
  const Population population = test::sample(density, model, {.n = 3200, .seed = seed, .antithetic = true});
  const auto hessian_of = [&](const Population& some, bool errors) {
    return free_energy_hessian(some, density, group, {.order = c.order, .hermite_terms = c.hermite, .errors = errors});
  };
  return variance_ratio(hessian_of(population, true), population.n_blocks(),
                        [&](int b) { return hessian_of(population.without_blocks(b, b + 1), false); });
}

TEST(HessianErrors, AgreeWithSolvingAgainWithoutOneBlockAfterAnother) {
  // A variance from 32 blocks is uncertain by a quarter; the modes of one population are not independent.
  for (const Case& c : cases()) {
    const unsigned n_seeds = c.order == 3 ? 24 : c.divisions.prod() < 8 ? 3 : 1;
    double ratio = 0;
    for (unsigned seed = 1; seed <= n_seeds; ++seed) ratio += ratio_of_blocks(c, 100 + seed) / n_seeds;
    EXPECT_NEAR(ratio, 1, n_seeds > 10 ? 0.15 : 0.35) << c.name;
  }
}

/// One antithetic pair after another left out: as many blocks as there are samples.
double ratio_of_pairs(const Case& c, Eigen::Index n, unsigned seed) {
  const test::BondModel model = test::BondModel::of_neighbours(c.crystal, c.divisions, 4.6);
  const TrialDensity density = model.solve({model.harmonic(c.crystal), 300, units::codata2022});
  const SpaceGroup group = group_of(c, density);
  const Eigen::MatrixXd w = test::amplitudes(density), coordinates = test::normal_coordinates(w.cols(), n, seed, true);
  const auto hessian_of = [&](const Eigen::MatrixXd& some, bool errors) {
    const auto ensemble = ensemble_in_memory(model(c.crystal, test::displacements(w, some)), "model ensemble");
    const Population population(*ensemble, density, {.check_generator = false});
    return free_energy_hessian(population, density, group,
                               {.order = c.order, .hermite_terms = c.hermite, .errors = errors});
  };
  return variance_ratio(hessian_of(coordinates, true), static_cast<int>(n / 2), [&](int pair) {
    Eigen::MatrixXd rest(coordinates.rows(), n - 2);
    rest << coordinates.leftCols(2 * pair), coordinates.rightCols(n - 2 * pair - 2);
    return hessian_of(rest, false);
  });
}

TEST(HessianErrors, AgreeWithSolvingAgainWithoutOnePairAfterAnother) {
  // Both see the same pairs: what differs is of second order in one pair, 1/500 of the population.
  for (const std::size_t i : {0u, 1u, 3u}) {
    const Case c = cases()[i];
    EXPECT_NEAR(ratio_of_pairs(c, 1000, 5), 1, 0.1) << c.name;
  }
}

}  // namespace
}  // namespace zeropoint::sscha
