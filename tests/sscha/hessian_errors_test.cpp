// The linearised jackknife of the free-energy Hessian against solving again without one sample after another.
#include <gtest/gtest.h>

#include <cmath>

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

/// Variance of omega^2 by leaving out one block after another and solving again, over its linearised estimate: mean over all
/// modes that are not acoustic.
double variance_ratio(const Case& c, unsigned seed) {
  const test::BondModel model = test::BondModel::of_neighbours(c.crystal, c.divisions, 4.6);
  const TrialDensity start(model.harmonic(c.crystal), 300, units::codata2022);
  // Off the solution a little, so that Hermite terms count.
  phonons::DynamicalMatrices matrices = model.solve(start).matrices();
  for (Eigen::MatrixXcd& block : matrices.blocks) block *= 1.05;
  const TrialDensity density(matrices, 300, units::codata2022);
  const SpaceGroup group = phonons::keeping_grid(find_space_group(c.crystal, {.enabled = c.symmetry}), matrices.grid);
  const Population population = test::sample(density, model, {.n = 3200, .seed = seed, .antithetic = true});
  const Hessian all = free_energy_hessian(population, density, group, {.order = c.order, .hermite_terms = c.hermite});
  const std::size_t n_q = all.modes.size();
  const int n = population.n_blocks();
  std::vector<Eigen::VectorXd> sum(n_q, Eigen::VectorXd::Zero(matrices.n_modes())), squares = sum;
  for (int b = 0; b < n; ++b) {
    const Hessian without = free_energy_hessian(population.without_blocks(b, b + 1), density, group,
                                                {.order = c.order, .hermite_terms = c.hermite, .errors = false});
    for (std::size_t iq = 0; iq < n_q; ++iq) {
      const Eigen::MatrixXcd patterns = displacement_patterns(all.modes[iq], c.crystal);
      const Eigen::MatrixXcd change = without.matrices.blocks[iq] - all.matrices.blocks[iq];
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
      if (all.modes[iq].acoustic[static_cast<std::size_t>(i)]) continue;
      ratio += variance[i] / std::pow(all.squared_errors[iq][static_cast<std::size_t>(i)], 2);
      ++count;
    }
  }
  return ratio / count;
}

TEST(HessianErrors, AgreeWithSolvingAgainWithoutOneBlockAfterAnother) {
  // A variance from 32 blocks is uncertain by a quarter; the modes of one population are not independent.
  for (const Case& c : cases()) {
    const unsigned n_seeds = c.order == 3 ? 24 : c.divisions.prod() < 8 ? 3 : 1;
    double ratio = 0;
    for (unsigned seed = 1; seed <= n_seeds; ++seed) ratio += variance_ratio(c, 100 + seed) / n_seeds;
    EXPECT_NEAR(ratio, 1, n_seeds > 10 ? 0.15 : 0.35) << c.name;
  }
}

}  // namespace
}  // namespace zeropoint::sscha
