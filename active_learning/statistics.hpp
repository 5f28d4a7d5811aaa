#pragma once

#include <vector>

namespace zeropoint::active_learning {

/// Spearman's rank correlation, ties at their mean rank; 0 for fewer than 3 pairs or equal numbers.
double rank_correlation(const std::vector<double>& x, const std::vector<double>& y);

/// The value below which `fraction` of the numbers lie, between neighbours linearly; NaN without any.
double quantile(std::vector<double> values, double fraction);

/// The smallest value whose weights, with those below it, reach `fraction` of all; `own` is the weight of the point
/// that is asked about and counts as infinite (weighted conformal prediction, Tibshirani et al., NeurIPS 2019).
/// Infinite when the numbers are too few for that fraction.
double conformal_quantile(const std::vector<double>& values, const std::vector<double>& weights, double fraction,
                          double own);

/// Least squares fit of `y`, in its order, by numbers that never fall (pool adjacent violators).
std::vector<double> isotonic(const std::vector<double>& y);

/// Half the width of a two-sided interval, in standard errors, for n - 1 degrees of freedom (Student's t).
double student_factor(int n, double confidence = 0.95);

}  // namespace zeropoint::active_learning
