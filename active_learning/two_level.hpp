#pragma once

#include <Eigen/Core>

namespace zeropoint::active_learning {

/// Configurations that were drawn from a population for a label, each with the probability of that.
struct ProbabilitySample {
  Eigen::VectorXd inclusion;  ///< [n] pi_i > 0
  Eigen::VectorXd weights;    ///< [n] SSCHA weights w_i, up to a common factor
};

/// A mean over a population that was estimated from a sample of it.
struct SampledMean {
  double value = 0, standard_error = 0;
  int n = 0;

  double half_width(double confidence = 0.95) const;  ///< of the interval, by Student's t
  double low() const { return value - half_width(); }
  double high() const { return value + half_width(); }
};

/// Hajek's estimator sum s_i a_i / sum s_i, s_i = w_i/pi_i, for differences a_i = a^DFT - a^model of labels that the
/// model has not seen: with the mean of the model over the whole population it is the mean of DFT (bias of order 1/n).
///   V = n/(n - 1) sum_i (1 - pi_i) [s_i (a_i - a)]^2 / (sum s_i)^2
SampledMean hajek(const Eigen::VectorXd& values, const ProbabilitySample& sample);

/// Horvitz-Thompson's estimator (1/N) sum_i w_i a_i/pi_i, exact for any n; `mean_weight` is that of all N.
SampledMean horvitz_thompson(const Eigen::VectorXd& values, const ProbabilitySample& sample, double n_population,
                             double mean_weight = 1);

/// <a> = <a^Phi> + beta <a^L - a^Phi>_N + <(a^H - a^Phi) - beta (a^L - a^Phi)>_n: two control variates, the harmonic
/// crystal, whose mean is exact, and the model.
struct BetaMean {
  SampledMean mean;  ///< of a^H - a^Phi
  double beta = 1;
};

/// `high` [n] and `low` [n] are a^H - a^Phi and a^L - a^Phi of the sample, `all_low` [N] the latter of the population.
/// beta is found for each half of the sample from the other, so that it does not know the labels that it weights; it is
/// between 0 and 1.
BetaMean beta_mean(const Eigen::VectorXd& high, const Eigen::VectorXd& low, const Eigen::VectorXd& all_low,
                   const ProbabilitySample& sample);

}  // namespace zeropoint::active_learning
