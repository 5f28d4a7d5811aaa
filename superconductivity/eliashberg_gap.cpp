#include "superconductivity/eliashberg_gap.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <deque>
#include <numbers>

#include "core/decompositions.hpp"
#include "core/error.hpp"
#include "core/units.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr int most_iterations = 2000;
constexpr double gap_tolerance = 1e-11;  // of the largest Delta
constexpr std::size_t history = 5;
constexpr double closed = 1e-9;  // eV: Delta below that is rounding of the normal state

/// The map Delta -> Delta of the equations; leaves Z behind.
class GapMap {
 public:
  GapMap(const DiscreteModes& modes, double mu, double kt, int n)
      : mu_(mu), pi_t_(std::numbers::pi * kt), lambda_(pairing(modes, kt, 2 * n)), product_(lambda_, n), tail_(n) {
    omega.resize(n);
    for (int i = 0; i < n; ++i) omega[i] = (2 * i + 1) * pi_t_;
    // sum_{j=N-n}^{N+n} grows by two terms from n to n + 1.
    tail_[0] = lambda_[n];
    for (int i = 1; i < n; ++i) tail_[i] = tail_[i - 1] + lambda_[n - i] + lambda_[n + i];
  }

  Eigen::VectorXd z_of(const Eigen::VectorXd& delta) const {
    const Eigen::ArrayXd root = (omega.array().square() + delta.array().square()).sqrt();
    const Eigen::VectorXd a = omega.array() / root;
    return 1 + pi_t_ / omega.array() * (product_.odd(a) + tail_).array();
  }

  Eigen::VectorXd operator()(const Eigen::VectorXd& delta) const {
    const Eigen::ArrayXd root = (omega.array().square() + delta.array().square()).sqrt();
    const Eigen::VectorXd b = delta.array() / root;
    const Eigen::ArrayXd right = pi_t_ * (product_.even(b).array() - 2 * mu_ * b.sum());
    return right / z_of(delta).array();
  }

  Eigen::VectorXd omega;

 private:
  double mu_, pi_t_;
  Eigen::VectorXd lambda_;
  PairingProduct product_;
  Eigen::VectorXd tail_;
};

/// x + f - sum_k gamma_k (dx_k + df_k) with the gamma that make the residual smallest.
class AndersonMixing {
 public:
  Eigen::VectorXd next(const Eigen::VectorXd& x, const Eigen::VectorXd& residual) {
    if (last_x_.size() > 0) {
      dx_.push_back(x - last_x_);
      df_.push_back(residual - last_residual_);
      if (dx_.size() > history) {
        dx_.pop_front();
        df_.pop_front();
      }
    }
    last_x_ = x;
    last_residual_ = residual;
    Eigen::VectorXd step = residual;
    if (dx_.empty()) return x + step;
    Eigen::MatrixXd f(x.size(), std::ssize(df_));
    for (std::size_t k = 0; k < df_.size(); ++k) f.col(static_cast<Eigen::Index>(k)) = df_[k];
    const Eigen::VectorXd gamma = least_squares(f, residual, 1e-12);
    for (std::size_t k = 0; k < df_.size(); ++k) step -= gamma[static_cast<Eigen::Index>(k)] * (dx_[k] + df_[k]);
    return x + step;
  }

 private:
  Eigen::VectorXd last_x_, last_residual_;
  std::deque<Eigen::VectorXd> dx_, df_;
};

Eigen::VectorXd first_guess(const Eigen::VectorXd& omega, const Gap* guess, double first_gap) {
  Eigen::VectorXd delta = Eigen::VectorXd::Constant(omega.size(), first_gap);
  if (!guess || !guess->is_open()) return delta;
  const Eigen::Index last = guess->omega.size() - 1;
  for (Eigen::Index i = 0; i < omega.size(); ++i) {
    const double place = (omega[i] / guess->omega[0] - 1) / 2;
    const auto k = std::clamp<Eigen::Index>(static_cast<Eigen::Index>(place), 0, std::max<Eigen::Index>(last - 1, 0));
    const double part = last > 0 ? std::clamp(place - static_cast<double>(k), 0.0, 1.0) : 0;
    delta[i] = (1 - part) * guess->delta[k] + part * guess->delta[std::min(k + 1, last)];
  }
  return delta;
}

using Complex = std::complex<long double>;

/// Coefficients of a_0/(1 + a_1 (z - z_0)/(1 + ...)) through points z_i = i omega_i.
std::vector<Complex> pade_coefficients(const Eigen::VectorXd& omega, const Eigen::VectorXd& delta, Eigen::Index n) {
  std::vector<Complex> row(static_cast<std::size_t>(n)), coefficients;
  for (Eigen::Index i = 0; i < n; ++i) row[i] = delta[i];
  for (std::size_t level = 0; level < row.size(); ++level) {
    coefficients.push_back(row[level]);
    const Complex z(0, omega[static_cast<Eigen::Index>(level)]);
    for (std::size_t i = level + 1; i < row.size(); ++i) {
      const Complex zi(0, omega[static_cast<Eigen::Index>(i)]);
      row[i] = (row[level] - row[i]) / ((zi - z) * row[i]);
    }
  }
  return coefficients;
}

Complex pade(const std::vector<Complex>& a, const Eigen::VectorXd& omega, Complex z) {
  Complex below = 1;
  for (std::size_t k = a.size(); k-- > 1;)
    below = Complex(1) + a[k] * (z - Complex(0, omega[static_cast<Eigen::Index>(k - 1)])) / below;
  return a[0] / below;
}

/// Smallest omega with Re Delta(omega) = omega near the gap of the imaginary axis, 0 when there is none.
double edge_of(const std::vector<Complex>& a, const Eigen::VectorXd& omega, double gap) {
  const auto excess = [&](double w) { return static_cast<double>(pade(a, omega, Complex(w, 0)).real()) - w; };
  constexpr int steps = 400;
  double low = 0.5 * gap, at_low = excess(low);
  for (int i = 1; i <= steps; ++i) {
    const double high = gap * (0.5 + 1.5 * i / steps), at_high = excess(high);
    if (at_low > 0 && at_high <= 0) {
      double left = low, right = high;
      while (right - left > 1e-14 * gap) {
        const double middle = 0.5 * (left + right);
        if (middle <= left || middle >= right) break;
        (excess(middle) > 0 ? left : right) = middle;
      }
      return 0.5 * (left + right);
    }
    low = high;
    at_low = at_high;
  }
  return 0;
}

}  // namespace

Gap solve_gap(const DiscreteModes& modes, double mu, double kt, int n, const Gap* guess, double first_gap) {
  const GapMap map(modes, mu, kt, n);
  Gap gap;
  gap.kt = kt;
  gap.omega = map.omega;
  Eigen::VectorXd delta = first_guess(map.omega, guess, first_gap);
  AndersonMixing mixing;
  for (gap.iterations = 1;; ++gap.iterations) {
    const Eigen::VectorXd residual = map(delta) - delta;
    const double size = delta.cwiseAbs().maxCoeff();
    if (size < closed || residual.cwiseAbs().maxCoeff() <= gap_tolerance * size) break;
    if (gap.iterations == most_iterations) {
      throw ComputationError{
          "the gap equation at {:.3f} K does not converge: after {} steps Delta still changes by {:.1e} of itself",
          kt / units::codata2022.kb_free_energy, most_iterations, residual.cwiseAbs().maxCoeff() / size};
    }
    // The first steps without mixing: far from the solution it leads astray.
    delta = gap.iterations <= 3 ? Eigen::VectorXd(delta + residual) : mixing.next(delta, residual);
    if (!delta.allFinite()) throw ComputationError{"the gap equation diverges"};
  }
  if (delta[0] < 0) delta = -delta;
  gap.delta = delta.cwiseAbs().maxCoeff() < closed ? Eigen::VectorXd::Zero(n).eval() : delta;
  gap.z = map.z_of(gap.delta);
  gap.normal = map.z_of(Eigen::VectorXd::Zero(n));
  return gap;
}

double free_energy_difference(const Gap& gap) {
  const Eigen::ArrayXd omega = gap.omega.array(), root = (omega.square() + gap.delta.array().square()).sqrt();
  return -2 * std::numbers::pi * gap.kt * ((root - omega) * (gap.z.array() - gap.normal.array() * omega / root)).sum();
}

RealAxisGap on_real_axis(const Gap& gap, double highest, int n_energies) {
  RealAxisGap result;
  if (!gap.is_open()) return result;
  const auto most = static_cast<Eigen::Index>(0.9 * static_cast<double>(gap.omega.size()));
  std::vector<double> edges;
  std::vector<Complex> best;
  for (const Eigen::Index wanted : {20, 40, 60}) {
    const Eigen::Index n = std::min(wanted, most);
    if (n < 2) return result;
    const std::vector<Complex> a = pade_coefficients(gap.omega, gap.delta, n);
    const double edge = edge_of(a, gap.omega, gap.delta[0]);
    if (edge > 0) {
      edges.push_back(edge);
      best = a;
    }
    if (n == most) break;
  }
  if (edges.empty()) return result;
  result.edge = edges.back();
  const auto [least, greatest] = std::minmax_element(edges.begin(), edges.end());
  result.spread = *greatest - *least;
  result.reliable = edges.size() >= 2 && result.spread < 0.01 * result.edge;
  result.energies = Eigen::VectorXd::LinSpaced(n_energies, highest / n_energies, highest);
  result.delta.resize(n_energies);
  result.density_of_states.resize(n_energies);
  for (int i = 0; i < n_energies; ++i) {
    const Complex w(result.energies[i], 0), d = pade(best, gap.omega, w);
    result.delta[i] = {static_cast<double>(d.real()), static_cast<double>(d.imag())};
    // A little above the axis: the root then has its cut where the physics wants it.
    const Complex root = std::sqrt(w * w - d * d);
    result.density_of_states[i] = std::abs(static_cast<double>((w / root).real()));
  }
  return result;
}

GapFit fit_gap(const std::vector<double>& temperatures, const std::vector<double>& gaps, double tc) {
  double best = -1;
  GapFit fit{0, 0};
  // Linear in Delta_0; of the steepness a fine list is enough.
  for (double a = 1.2; a < 2.6; a += 1e-3) {
    double up = 0, down = 0, all = 0;
    for (std::size_t i = 0; i < gaps.size(); ++i) {
      if (!(temperatures[i] < tc)) continue;
      const double shape = std::tanh(a * std::sqrt(tc / temperatures[i] - 1));
      up += shape * gaps[i];
      down += shape * shape;
      all += gaps[i] * gaps[i];
    }
    if (down <= 0) return fit;
    const double error = all - up * up / down;
    if (best < 0 || error < best) {
      best = error;
      fit = {up / down, a};
    }
  }
  return fit;
}

}  // namespace zeropoint::superconductivity
