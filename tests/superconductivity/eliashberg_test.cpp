#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numbers>

#include "core/decompositions.hpp"
#include "core/error.hpp"
#include "core/units.hpp"
#include "superconductivity/eliashberg_gap.hpp"
#include "superconductivity/eliashberg_linear.hpp"
#include "tests/superconductivity/model_spectra.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double kb = 0.08617333262e-3;  // eV/K, as the golden table has it
constexpr double omega_e = 0.02;

double einstein_tc(double lambda, int n, double mu = 0) {
  return kb * linear_tc_at_fixed_number(test::einstein(lambda, omega_e), mu, n).tc / omega_e;
}

TEST(Eliashberg, G2ReachesTheLimitOfStrongCoupling) {
  // Tc/(omega_2 sqrt(lambda)) for lambda -> infinity: corrections are of order 1/lambda.
  for (const auto& [n, constant] : {std::pair{1, 0.159155}, {2, 0.179616}, {3, 0.182038}, {4, 0.182514}, {8, 0.182715}})
    EXPECT_NEAR(einstein_tc(1e9, n) / std::sqrt(1e9), constant, 6e-7) << n;
  EXPECT_NEAR(einstein_tc(1e9, 1) / std::sqrt(1e9), 1 / (2 * std::numbers::pi), 1e-8);
  EXPECT_NEAR(einstein_tc(1e10, 1024) / std::sqrt(1e10), 0.18272624777, 1e-8);
}

TEST(Eliashberg, G3GivesTheTcOfOneMode) {
  const std::pair<double, double> golden[] = {
      {0.3, .00992332}, {0.4, .02341612}, {0.5, .03942888}, {0.6, .05599229}, {0.8, .08727439}, {1, .11461951},
      {1.2, .13840646}, {1.5, .16914738}, {2, .21174124},   {2.5, .24755890}, {3, .27898417},   {4, .33324368},
      {5, .37992861},   {7, .45937103},   {10, .55777787},  {20, .80307212},  {50, 1.28317778}, {100, 1.82098168}};
  for (const auto& [lambda, tc] : golden) EXPECT_NEAR(einstein_tc(lambda, 1024), tc, 6e-9) << lambda;
  EXPECT_NEAR(einstein_tc(1000, 1024), 5.776327, 6e-7);
  EXPECT_NEAR(einstein_tc(0.3, 32), .00970846, 6e-9);
  EXPECT_NEAR(einstein_tc(0.3, 128), .00992226, 6e-9);
}

TEST(Eliashberg, G4ReachesTheLimitOfWeakCoupling) {
  for (const auto& [lambda, tc, ratio] :
       {std::tuple{0.2, .001820924, 1.06818}, {0.25, .005023754, 1.08414}, {0.3, .009923325, 1.09948}}) {
    const double found = einstein_tc(lambda, 4096);
    EXPECT_NEAR(found, tc, 3e-8) << lambda;
    const double limit = 2 * std::exp(std::numbers::egamma) / std::numbers::pi * std::exp(-0.5 - (1 + lambda) / lambda);
    EXPECT_NEAR(found / limit, ratio, 2e-5) << lambda;
  }
}

TEST(Eliashberg, G5ScalesWithFrequencies) {
  const DiscreteModes modes = discrete(test::syn1());
  DiscreteModes heavy = modes;
  heavy.energies /= std::sqrt(2.0);
  const double tc = linear_tc_at_fixed_number(modes, 0, 64).tc, of_heavy = linear_tc_at_fixed_number(heavy, 0, 64).tc;
  EXPECT_NEAR(-std::log(of_heavy / tc) / std::log(2), 0.5, 1e-10);
}

struct G6 {
  double lambda;
  int n;
  double tc, delta, edge, ratio;
};

TEST(Eliashberg, G6GivesTheGapOfOneMode) {
  const G6 golden[] = {
      {0.3, 1500, .00992332, .01755614, .0175600, 3.539}, {0.5, 484, .03942888, .07170024, .0719085, 3.6475},
      {1, 167, .11461951, .23745133, .2423608, 4.22896},  {2, 90, .21174124, .52701407, .5592625, 5.28251},
      {3, 68, .27898417, .76193673, .832926, 5.97114},    {5, 50, .37992861, 1.14000548, 1.297355, 6.82947}};
  for (const G6& row : golden) {
    const Gap gap = solve_gap(test::einstein(row.lambda, omega_e), 0, 0.1 * row.tc * omega_e, row.n, nullptr,
                              1.76 * row.tc * omega_e);
    EXPECT_NEAR(gap.delta[0] / omega_e, row.delta, 6e-9) << row.lambda;
    const RealAxisGap real = on_real_axis(gap, 4 * omega_e, 100);
    EXPECT_NEAR(real.edge / omega_e, row.edge, 2e-4 * row.edge) << row.lambda;
    EXPECT_NEAR(2 * real.edge / (row.tc * omega_e), row.ratio, 2e-3) << row.lambda;
    EXPECT_LT(free_energy_difference(gap), 0);
    if (row.lambda == 1) {
      EXPECT_NEAR(gap.z[0], 1.937859, 6e-7);
    }
  }
}

TEST(Eliashberg, G7KnowsTheReferenceOfTheRepulsion) {
  for (const double cutoff : {20.0, 60.0}) {
    const auto tc = [&](double lambda, double mu) {
      return kb * linear_tc(test::einstein(lambda, omega_e), mu, omega_e, cutoff * omega_e).tc / omega_e;
    };
    EXPECT_NEAR(tc(1, 0.1), 0.0721, 1e-4);
    EXPECT_NEAR(tc(2, 0.13), 0.1491, 2e-4);
  }
  // ebmb at 20 meV with a cutoff of 60 omega_E.
  EXPECT_NEAR(linear_tc(test::einstein(1, omega_e), 0.1, omega_e, 60 * omega_e).tc, 16.73296, 2e-2);
}

TEST(Eliashberg, G13GivesSyn1) {
  const DiscreteModes modes = discrete(test::syn1());
  const auto raw = [&](double mu) { return linear_tc(modes, mu, 0, 2.5).tc; };
  EXPECT_NEAR(raw(0), 194.2417, 1e-4);
  EXPECT_NEAR(raw(0.1), 149.9526, 1e-4);
  EXPECT_NEAR(raw(0.13), 141.2757, 1e-4);
  EXPECT_NEAR(raw(0.16), 133.8345, 1e-4);
  const double omega_2 = moments(test::syn1()).second;
  EXPECT_NEAR(linear_tc(modes, 0.10, omega_2, 2.5).tc, 136.593, 1e-3);
  EXPECT_NEAR(linear_tc(modes, 0.13, omega_2, 2.5).tc, 121.156, 1e-3);
  EXPECT_NEAR(linear_tc(modes, 0.16, omega_2, 2.5).tc, 106.710, 1e-3);
  const struct {
    double t;
    int n;
    double delta, z0;
  } golden[] = {{10, 462, 29.734554, 2.639836}, {100, 46, 25.472813, 0}, {140, 33, 13.002852, 0}};
  Gap last;
  for (const auto& [t, n, delta, z0] : golden) {
    EXPECT_EQ(n_frequencies(2.5, kb * t), n);
    last = solve_gap(modes, 0.1, kb * t, n, last.is_open() ? &last : nullptr, 1.76 * kb * 150);
    EXPECT_NEAR(1e3 * last.delta[0], delta, 2e-6) << t;
    if (z0 > 0) {
      EXPECT_NEAR(last.z[0], z0, 1e-6);
    }
  }
}

TEST(Eliashberg, G15RescaledTcDoesNotDriftWithTheCutoffRawDoes) {
  const DiscreteModes modes = discrete(test::syn1());
  const double omega_2 = moments(test::syn1()).second;
  const std::tuple<double, double, double> golden[] = {
      {2.5, 121.156, 141.28}, {5, 121.092, 144.11}, {10, 121.081, 146.75}};
  for (const auto& [cutoff, rescaled, raw] : golden) {
    EXPECT_NEAR(linear_tc(modes, 0.13, omega_2, cutoff).tc, rescaled, 1e-3);
    EXPECT_NEAR(linear_tc(modes, 0.13, 0, cutoff).tc, raw, 6e-3);
  }
}

TEST(Eliashberg, TransformsAndMatricesGiveTheSameProducts) {
  const DiscreteModes modes = discrete(test::syn1());
  const double kt = kb * 5;
  const int n = 200;
  const Eigen::VectorXd lambda = pairing(modes, kt, 2 * n);
  const PairingProduct product(lambda, n);
  const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(n, 1, -2).array().cube();
  Eigen::VectorXd even = Eigen::VectorXd::Zero(n), odd = even;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      even[i] += (lambda[std::abs(i - j)] + lambda[i + j + 1]) * x[j];
      odd[i] += (lambda[std::abs(i - j)] - lambda[i + j + 1]) * x[j];
    }
  }
  EXPECT_LT((product.even(x) - even).norm(), 1e-13 * even.norm());
  EXPECT_LT((product.odd(x) - odd).norm(), 1e-13 * even.norm());
}

TEST(Eliashberg, GapClosesAtTheLinearTc) {
  const DiscreteModes modes = discrete(test::syn1());
  const double tc = linear_tc(modes, 0.1, 0, 2.5).tc;
  const auto open = [&](double t) {
    return solve_gap(modes, 0.1, kb * t, n_frequencies(2.5, kb * t), nullptr, 1e-3).is_open();
  };
  EXPECT_TRUE(open(0.999 * tc));
  EXPECT_FALSE(open(1.001 * tc));
}

TEST(Eliashberg, RefusesWhatHasNoMeaning) {
  // 1 + mu* ln(omega_ref/omega_c) passes 0: Tc would come back from infinity with another sign.
  EXPECT_THROW(at_cutoff(0.3, 0.01, 1), InputError);
  EXPECT_LT(at_cutoff(0.2, 0.01, 1).denominator, 0.3);
  EXPECT_THROW(n_frequencies(10, kb * 0.1), InputError);
  EXPECT_THROW(n_frequencies(1e-5, kb * 10), InputError);
  // N at a cutoff that is one of the frequencies does not depend on rounding.
  for (const int n : {1, 7, 100}) EXPECT_EQ(n_frequencies((2 * n - 1) * std::numbers::pi * kb * 3, kb * 3), n);
}

TEST(Eliashberg, FourThousandFrequenciesTakeLessThanTwoSeconds) {
  const DiscreteModes modes = discrete(test::syn1());
  const double kt = kb * 150;
  const auto start = std::chrono::steady_clock::now();
  const Gap gap = solve_gap(modes, 0.1, kb * 10, 4096, nullptr, 1.76 * kt);
  largest_eigenvalue(modes, 0.1, kb * 10, 4096);
  EXPECT_TRUE(gap.is_open());
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 2);
}

}  // namespace
}  // namespace zeropoint::superconductivity
