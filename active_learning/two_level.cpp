#include "active_learning/two_level.hpp"

#include <algorithm>
#include <cmath>

#include "active_learning/statistics.hpp"

namespace zeropoint::active_learning {
namespace {

ProbabilitySample part_of(const ProbabilitySample& sample, const Eigen::VectorXi& which) {
  return {sample.inclusion(which), sample.weights(which)};
}

/// Regression of `high` on `low` with the weights of the sample.
double slope(const Eigen::VectorXd& high, const Eigen::VectorXd& low, const ProbabilitySample& sample) {
  const Eigen::ArrayXd s = sample.weights.array() / sample.inclusion.array();
  const Eigen::ArrayXd h = high.array() - (s * high.array()).sum() / s.sum(),
                       l = low.array() - (s * low.array()).sum() / s.sum();
  const double variance = (s * s * l * l).sum();
  return variance > 0 ? std::clamp((s * s * h * l).sum() / variance, 0.0, 1.0) : 0;
}

}  // namespace

double SampledMean::half_width(double confidence) const { return student_factor(n, confidence) * standard_error; }

SampledMean hajek(const Eigen::VectorXd& values, const ProbabilitySample& sample) {
  SampledMean mean{.n = static_cast<int>(values.size())};
  const Eigen::ArrayXd s = sample.weights.array() / sample.inclusion.array();
  if (mean.n == 0 || s.sum() == 0) return mean;
  mean.value = (s * values.array()).sum() / s.sum();
  const double n = mean.n;
  const double squares =
      ((1 - sample.inclusion.array()) * (s * (values.array() - mean.value)).square()).sum() / (s.sum() * s.sum());
  mean.standard_error = n > 1 ? std::sqrt(std::max(0.0, squares) * n / (n - 1)) : 0;
  return mean;
}

SampledMean horvitz_thompson(const Eigen::VectorXd& values, const ProbabilitySample& sample, double n_population,
                             double mean_weight) {
  SampledMean mean{.n = static_cast<int>(values.size())};
  const Eigen::ArrayXd terms = sample.weights.array() * values.array() / sample.inclusion.array();
  const double scale = 1 / (n_population * mean_weight);
  mean.value = scale * terms.sum();
  mean.standard_error = scale * std::sqrt(((1 - sample.inclusion.array()) * terms.square()).sum());
  return mean;
}

BetaMean beta_mean(const Eigen::VectorXd& high, const Eigen::VectorXd& low, const Eigen::VectorXd& all_low,
                   const ProbabilitySample& sample) {
  const int n = static_cast<int>(high.size());
  Eigen::VectorXd beta(n);
  for (const int half : {0, 1}) {
    Eigen::VectorXi own((n + 1 - half) / 2), other((n + half) / 2);
    for (int i = 0; i < n; ++i) (i % 2 == half ? own : other)(i / 2) = i;
    const double found = other.size() > 1 ? slope(high(other), low(other), part_of(sample, other)) : 0;
    for (const int i : own) beta(i) = found;
  }
  BetaMean result;
  result.beta = beta.mean();
  const double mean_low = all_low.mean();
  // The model's mean enters with the same beta as the label beside it.
  const Eigen::VectorXd terms = high.array() - beta.array() * (low.array() - mean_low);
  result.mean = hajek(terms, sample);
  const double n_all = static_cast<double>(all_low.size());
  const double of_low = (all_low.array() - mean_low).square().sum() / std::max(1.0, n_all * (n_all - 1));
  result.mean.standard_error = std::hypot(result.mean.standard_error, result.beta * std::sqrt(of_low));
  return result;
}

}  // namespace zeropoint::active_learning
