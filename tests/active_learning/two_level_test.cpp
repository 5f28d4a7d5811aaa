#include "active_learning/two_level.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "active_learning/certificate.hpp"
#include "active_learning/selection.hpp"
#include "active_learning/statistics.hpp"

namespace zeropoint::active_learning {
namespace {

/// A population on which a model is off by numbers that grow with its own uncertainty.
struct Population {
  static constexpr int size = 1000;
  std::vector<Score> scores = std::vector<Score>(size);
  Eigen::VectorXd difference = Eigen::VectorXd(size), low = Eigen::VectorXd(size), high = Eigen::VectorXd(size);

  explicit Population(unsigned seed, double model_error = 0.1) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    for (int i = 0; i < size; ++i) {
      const double x = normal(random), sigma = std::exp(0.5 * normal(random));
      scores[static_cast<std::size_t>(i)].rms = sigma;
      difference[i] = model_error * (0.3 + sigma * normal(random));
      low[i] = x * x - 1;
      high[i] = low[i] + difference[i];
    }
  }
  ProbabilitySample sample(const std::vector<std::int64_t>& chosen, const Eigen::VectorXd& inclusion) const {
    ProbabilitySample drawn{Eigen::VectorXd(static_cast<Eigen::Index>(chosen.size())),
                            Eigen::VectorXd::Ones(static_cast<Eigen::Index>(chosen.size()))};
    for (std::size_t k = 0; k < chosen.size(); ++k)
      drawn.inclusion[static_cast<Eigen::Index>(k)] = inclusion[chosen[k]];
    return drawn;
  }
  static Eigen::VectorXd of(const Eigen::VectorXd& all, const std::vector<std::int64_t>& chosen) {
    Eigen::VectorXd values(static_cast<Eigen::Index>(chosen.size()));
    for (std::size_t k = 0; k < chosen.size(); ++k) values[static_cast<Eigen::Index>(k)] = all[chosen[k]];
    return values;
  }
};

// A10: over 2000 replicas the mean is within three of its errors, the error that is told is that which is seen to 20 %,
// and 95 % intervals hold the truth in 92 to 98 % of cases.
TEST(TwoLevel, HoldsItsOwnErrorBars) {
  constexpr int n_replicas = 2000;
  const Population population(1);
  for (const int n : {12, 32, 64}) {
    const Eigen::VectorXd inclusion = inclusion_probabilities(population.scores, n);
    EXPECT_NEAR(inclusion.sum(), n, 1e-9);
    double sum = 0, squares = 0, told = 0, exact_sum = 0, exact_squares = 0;
    int covered = 0;
    for (int replica = 0; replica < n_replicas; ++replica) {
      const std::vector<std::int64_t> chosen = systematic_sample(inclusion, static_cast<std::uint64_t>(replica));
      ASSERT_EQ(chosen.size(), static_cast<std::size_t>(n));
      const ProbabilitySample drawn = population.sample(chosen, inclusion);
      const Eigen::VectorXd values = Population::of(population.difference, chosen);
      const SampledMean mean = hajek(values, drawn);
      const double off = mean.value - population.difference.mean();
      sum += off;
      squares += off * off;
      told += mean.standard_error * mean.standard_error;
      covered += mean.low() < population.difference.mean() && population.difference.mean() < mean.high();
      const double exact = horvitz_thompson(values, drawn, Population::size).value - population.difference.mean();
      exact_sum += exact;
      exact_squares += exact * exact;
    }
    const double seen = std::sqrt(squares / n_replicas);
    EXPECT_LT(std::abs(exact_sum / n_replicas), 3 * std::sqrt(exact_squares) / n_replicas) << n;
    EXPECT_LT(std::abs(sum / n_replicas), 3 * seen / std::sqrt(n_replicas) + 0.02 * seen) << n;  // a bias of order 1/n
    EXPECT_NEAR(std::sqrt(told / n_replicas) / seen, 1, 0.2) << n;
    EXPECT_GT(covered, 0.92 * n_replicas) << n;
    EXPECT_LT(covered, 0.98 * n_replicas) << n;
  }
}

// With a good model beta goes to 1 and the variance of DFT alone falls; with a bad one it goes to 0 and costs nothing.
TEST(TwoLevel, NeverLosesByABadModel) {
  for (const double model_error : {0.05, 30.0}) {
    const Population population(2, model_error);
    const Eigen::VectorXd inclusion = Eigen::VectorXd::Constant(Population::size, 0.04);
    double with = 0, without = 0, beta = 0;
    constexpr int n_replicas = 400;
    for (int replica = 0; replica < n_replicas; ++replica) {
      const std::vector<std::int64_t> chosen = systematic_sample(inclusion, static_cast<std::uint64_t>(replica));
      const ProbabilitySample drawn = population.sample(chosen, inclusion);
      const Eigen::VectorXd high = Population::of(population.high, chosen),
                            low = Population::of(population.low, chosen);
      const BetaMean both = beta_mean(high, low, population.low, drawn);
      with += std::pow(both.mean.value - population.high.mean(), 2);
      without += std::pow(hajek(high, drawn).value - population.high.mean(), 2);
      beta += both.beta / n_replicas;
    }
    EXPECT_LT(with, 1.05 * without) << model_error;
    if (model_error < 1) {
      EXPECT_LT(with, 0.05 * without);
      EXPECT_NEAR(beta, 1, 0.05);
    }
  }
}

TEST(Certificate, SaysHowManyLabelsWouldDo) {
  SampledMean mean{.value = 0.1, .standard_error = 1, .n = 16};
  const Certified open = certified(mean, 1.0);
  EXPECT_EQ(open.verdict, Verdict::not_certifiable);
  EXPECT_NEAR(open.n_needed, 16 * std::pow(mean.half_width() / 0.9, 2), 1);
  mean.standard_error = 0.1;
  EXPECT_EQ(certified(mean, 1.0).verdict, Verdict::pass);
  EXPECT_EQ(certified(mean, 0.1).verdict, Verdict::not_certifiable);
  mean.value = 1;
  EXPECT_EQ(certified(mean, 0.5).verdict, Verdict::fail);
  EXPECT_EQ(certified({.value = 0, .standard_error = 0, .n = 1}, 1.0).verdict, Verdict::not_certifiable);
}

TEST(Statistics, AreThoseOfTheTables) {
  EXPECT_NEAR(student_factor(12), 2.201, 1e-3);  // t of 11 degrees of freedom
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {10, 20, 30, 40}), 1);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {4, 3, 2, 1}), -1);
  EXPECT_NEAR(rank_correlation({1, 1, 2, 3}, {1, 2, 3, 4}), 4.5 / std::sqrt(4.5 * 5), 1e-12);
  EXPECT_EQ(isotonic({1, 3, 2, 4}), (std::vector<double>{1, 2.5, 2.5, 4}));
  // Nineteen numbers and the point that is asked about: the largest of them holds it in 95 % of cases.
  std::vector<double> values, weights(19, 1.0);
  for (int i = 1; i <= 19; ++i) values.push_back(i);
  EXPECT_EQ(conformal_quantile(values, weights, 0.95, 1), 19);
  values.pop_back();
  weights.pop_back();
  EXPECT_TRUE(std::isinf(conformal_quantile(values, weights, 0.95, 1)));
}

}  // namespace
}  // namespace zeropoint::active_learning
