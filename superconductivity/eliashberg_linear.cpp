#include "superconductivity/eliashberg_linear.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "core/decompositions.hpp"
#include "core/units.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr int most_steps = 300;
constexpr double eigenvalue_tolerance = 1e-13;
constexpr double root_tolerance = 1e-12;  // relative, of T
constexpr double lowest_share = 1e-5;     // of the strong-coupling limit: no smaller Tc is looked for

/// Largest eigenvalue of a symmetric operator by Lanczos with full orthogonalisation: it is far from the others, a few
/// dozen products do.
double largest_by_lanczos(const std::function<Eigen::VectorXd(const Eigen::VectorXd&)>& product,
                          Eigen::VectorXd vector) {
  const Eigen::Index n = vector.size();
  const auto steps = static_cast<Eigen::Index>(std::min<Eigen::Index>(n, most_steps));
  Eigen::MatrixXd basis(n, steps);
  Eigen::VectorXd diagonal(steps), beside(steps);
  vector.normalize();
  double last = 0;
  for (Eigen::Index k = 0; k < steps; ++k) {
    basis.col(k) = vector;
    vector = product(vector);
    diagonal[k] = vector.dot(basis.col(k));
    const auto known = basis.leftCols(k + 1);
    for (int pass = 0; pass < 2; ++pass) vector -= known * (known.transpose() * vector).eval();
    beside[k] = vector.norm();
    const double value = tridiagonal_eigenvalues(diagonal.head(k + 1), beside.head(k))[k];
    const double scale = std::max(1.0, std::abs(value));
    if (beside[k] <= eigenvalue_tolerance * scale) return value;
    if (k > 4 && std::abs(value - last) <= eigenvalue_tolerance * scale) return value;
    last = value;
    vector /= beside[k];
  }
  return last;
}

/// Where a falling function of T passes 0, between bounds that enclose it: regula falsi that halves the weight of a
/// bound that stays, with bisection where it jumps.
double falling_root(const std::function<double(double)>& f, double low, double high) {
  double at_low = f(low), at_high = f(high);
  int side = 0;
  for (int i = 0; i < 200 && high - low > root_tolerance * high; ++i) {
    double middle = low + (high - low) * at_low / (at_low - at_high);
    if (i > 12 || !(middle > low && middle < high)) middle = 0.5 * (low + high);
    const double value = f(middle);
    if (value == 0) return middle;
    if (value > 0) {
      low = middle;
      at_low = value;
      if (side == 1) at_high /= 2;
      side = 1;
    } else {
      high = middle;
      at_high = value;
      if (side == -1) at_low /= 2;
      side = -1;
    }
  }
  return 0.5 * (low + high);
}

/// k Tc, or 0: `excess(kt)` = largest eigenvalue - 1. From `highest` downwards.
double kt_of_root(const std::function<double(double)>& excess, double lowest, double highest) {
  double high = highest, low = highest / 2;
  while (excess(low) <= 0) {
    high = low;
    low /= 2;
    if (low < lowest) return 0;
  }
  return falling_root(excess, low, high);
}

Eigen::VectorXd line_of(const Eigen::VectorXd& lambda, Eigen::Index n) {
  Eigen::VectorXd line(n);
  double sum = 0;
  for (Eigen::Index i = 0; i < n; ++i) {
    if (i > 0) sum += 2 * lambda[i];
    line[i] = 2.0 * static_cast<double>(i) + 1 + sum;
  }
  return line;
}

double strong_limit(const DiscreteModes& modes) {
  return std::sqrt((modes.lambda.array() * modes.energies.array().square()).sum()) * 0.19;
}

}  // namespace

double largest_eigenvalue(const DiscreteModes& modes, double mu, double kt, int n_frequencies) {
  const Eigen::Index n = n_frequencies;
  Eigen::VectorXd lambda = pairing(modes, kt, 2 * n);
  lambda[0] = 0;  // it stands on both sides: elastic scattering does no harm, only digits are lost to it
  const PairingProduct product(lambda, n);
  const Eigen::VectorXd scale = line_of(lambda, n).cwiseSqrt().cwiseInverse();
  return largest_by_lanczos(
      [&](const Eigen::VectorXd& x) {
        const Eigen::VectorXd y = scale.cwiseProduct(x);
        return Eigen::VectorXd(scale.cwiseProduct((product.even(y).array() - 2 * mu * y.sum()).matrix()));
      },
      scale);
}

LinearTc linear_tc_at_fixed_number(const DiscreteModes& modes, double mu, int n_frequencies, double reference) {
  const auto edge = [&](double t) { return 2 * std::numbers::pi * t * n_frequencies; };
  const auto repulsion = [&](double t) { return reference > 0 ? at_cutoff(mu, reference, edge(t)) : Repulsion{mu}; };
  const double kt =
      kt_of_root([&](double t) { return largest_eigenvalue(modes, repulsion(t).value, t, n_frequencies) - 1; },
                 lowest_share * strong_limit(modes), strong_limit(modes));
  if (kt == 0) return {0, n_frequencies, 0, mu, 1};
  const Repulsion at = repulsion(kt);
  return {kt / units::codata2022.kb_free_energy, n_frequencies, edge(kt), at.value, at.denominator};
}

LinearTc linear_tc(const DiscreteModes& modes, double mu_star, double reference, double cutoff) {
  const auto edge = [](double kt, int n) { return 2 * std::numbers::pi * kt * n; };
  const auto repulsion = [&](double kt, int n) {
    return reference > 0 ? at_cutoff(mu_star, reference, edge(kt, n)) : Repulsion{mu_star};
  };
  const double kt = kt_of_root(
      [&](double t) {
        const int n = n_frequencies(cutoff, t);
        return largest_eigenvalue(modes, repulsion(t, n).value, t, n) - 1;
      },
      cutoff / (2 * std::numbers::pi * most_frequencies), std::min(strong_limit(modes), cutoff / 4));
  if (kt == 0) return {0, 0, cutoff, reference > 0 ? at_cutoff(mu_star, reference, cutoff).value : mu_star, 1};
  const int n = n_frequencies(cutoff, kt);
  const Repulsion mu = repulsion(kt, n);
  return {kt / units::codata2022.kb_free_energy, n, reference > 0 ? edge(kt, n) : cutoff, mu.value, mu.denominator};
}

}  // namespace zeropoint::superconductivity
