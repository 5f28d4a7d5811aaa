#include "active_learning/selection.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

#include "active_learning/digest.hpp"
#include "core/elements.hpp"
#include "mlp/neighbours.hpp"

namespace zeropoint::active_learning {
namespace {

constexpr std::array<double, 96> radii{
    0.31, 0.28, 1.28, 0.96, 0.84, 0.76, 0.71, 0.66, 0.57, 0.58, 1.66, 1.41, 1.21, 1.11, 1.07, 1.05,
    1.02, 1.06, 2.03, 1.76, 1.70, 1.60, 1.53, 1.39, 1.39, 1.32, 1.26, 1.24, 1.32, 1.22, 1.22, 1.20,
    1.19, 1.20, 1.20, 1.16, 2.20, 1.95, 1.90, 1.75, 1.64, 1.54, 1.47, 1.46, 1.42, 1.39, 1.45, 1.44,
    1.42, 1.39, 1.39, 1.38, 1.39, 1.40, 2.44, 2.15, 2.07, 2.04, 2.03, 2.01, 1.99, 1.98, 1.98, 1.96,
    1.94, 1.92, 1.92, 1.89, 1.90, 1.87, 1.87, 1.75, 1.70, 1.62, 1.51, 1.44, 1.41, 1.36, 1.36, 1.32,
    1.45, 1.46, 1.48, 1.40, 1.50, 1.50, 2.60, 2.21, 2.15, 2.06, 2.00, 1.96, 1.90, 1.87, 1.80, 1.69};

constexpr double floor_of_probability = 0.3;

/// log det(1 + X X^T).
double information(const Eigen::MatrixXd& rows, double weight) {
  Eigen::MatrixXd gram = weight * rows * rows.transpose();
  gram.diagonal().array() += 1;
  return 2 * gram.llt().matrixL().toDenseMatrix().diagonal().array().log().sum();
}

}  // namespace

const char* name_of(Class kind) {
  switch (kind) {
    case Class::accurate:
      return "accurate";
    case Class::candidate:
      return "candidate";
    case Class::extrapolating:
      return "extrapolating";
    default:
      return "impossible";
  }
}

Class class_of(const Score& score, const Thresholds& thresholds) {
  if (score.impossible) return Class::impossible;
  if (score.grade > thresholds.grade || score.largest > thresholds.high) return Class::extrapolating;
  return score.largest >= thresholds.low ? Class::candidate : Class::accurate;
}

Eigen::VectorXd inclusion_probabilities(const std::vector<Score>& scores, int n) {
  const Eigen::Index size = static_cast<Eigen::Index>(scores.size());
  double sum = 0, weight = 0;
  for (const Score& score : scores) {
    if (score.impossible) continue;
    sum += score.weight * score.rms;
    weight += score.weight;
  }
  const double mean = weight > 0 ? sum / weight : 0;
  Eigen::VectorXd measure(size);
  int n_possible = 0;
  for (Eigen::Index i = 0; i < size; ++i) {
    const Score& score = scores[static_cast<std::size_t>(i)];
    const double relative = mean > 0 ? score.rms / mean : 1;
    measure[i] = score.impossible ? 0 : score.weight * (floor_of_probability + (1 - floor_of_probability) * relative);
    n_possible += measure[i] > 0;
  }
  Eigen::VectorXd inclusion = Eigen::VectorXd::Zero(size);
  const double wanted = std::min(n, n_possible);
  // Those that reach 1 stay there, and the others share what is left.
  std::vector<bool> full(static_cast<std::size_t>(size), false);
  for (int round = 0; round <= size; ++round) {
    double left = wanted, open = 0;
    for (Eigen::Index i = 0; i < size; ++i) {
      if (full[static_cast<std::size_t>(i)])
        left -= 1;
      else
        open += measure[i];
    }
    bool more = false;
    for (Eigen::Index i = 0; i < size; ++i) {
      if (full[static_cast<std::size_t>(i)]) continue;
      inclusion[i] = open > 0 ? left * measure[i] / open : 0;
      if (inclusion[i] >= 1) {
        inclusion[i] = 1;
        full[static_cast<std::size_t>(i)] = more = true;
      }
    }
    if (!more) break;
  }
  return inclusion;
}

std::vector<std::int64_t> systematic_sample(const Eigen::VectorXd& inclusion, std::uint64_t seed) {
  std::mt19937_64 generator{seed};
  // Both by our own arithmetic: distributions of the standard library differ between libraries.
  const auto uniform = [&generator] { return static_cast<double>(generator() >> 11) * 0x1p-53; };
  std::vector<std::int64_t> order(static_cast<std::size_t>(inclusion.size()));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[static_cast<std::size_t>(uniform() * static_cast<double>(i))]);
  std::vector<std::int64_t> chosen;
  double next = uniform(), sum = 0;
  for (const std::int64_t i : order) {
    sum += inclusion[i];
    // Rounding of the sum must not cost the last one.
    if (sum + 1e-9 < next || inclusion[i] <= 0) continue;
    chosen.push_back(i);
    next += 1;
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::vector<std::size_t> greedy_choice(std::vector<Eigen::MatrixXd> rows, const std::vector<double>& weights, int n,
                                       double least_gain) {
  std::vector<std::size_t> chosen;
  std::vector<bool> taken(rows.size(), false);
  double first = 0;
  while (static_cast<int>(chosen.size()) < n) {
    std::size_t best = rows.size();
    double most = -1;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (taken[i]) continue;
      const double gain = information(rows[i], weights[i]);
      if (gain > most) {
        most = gain;
        best = i;
      }
    }
    if (best == rows.size() || (!chosen.empty() && most < least_gain * first)) break;
    if (chosen.empty()) first = most;
    chosen.push_back(best);
    taken[best] = true;
    // C + X^T X in the whitened frame: what all others say along the rows of the pick shrinks by (1 + s^2)^-1/2.
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> gram(rows[best] * rows[best].transpose());
    const Eigen::Index n_rows = rows[best].rows();
    Eigen::MatrixXd directions(n_rows, rows[best].cols());
    Eigen::VectorXd shrink = Eigen::VectorXd::Zero(n_rows);
    directions.setZero();
    for (Eigen::Index k = 0; k < n_rows; ++k) {
      const double square = gram.eigenvalues()[k];
      if (square <= 1e-12 * gram.eigenvalues()[n_rows - 1]) continue;
      directions.row(k) = gram.eigenvectors().col(k).transpose() * rows[best] / std::sqrt(square);
      shrink[k] = 1 - 1 / std::sqrt(1 + square);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (taken[i]) continue;
      const Eigen::MatrixXd along = rows[i] * directions.transpose();
      rows[i].noalias() -= along * shrink.asDiagonal() * directions;
    }
  }
  return chosen;
}

double covalent_radius(const std::string& label) {
  static const std::map<std::string, double> table = [] {
    std::map<std::string, double> all;
    for (std::size_t z = 0; z < radii.size(); ++z) all[chemical_symbol(static_cast<int>(z) + 1)] = radii[z];
    return all;
  }();
  const auto found = table.find(element_symbol(label));
  return found == table.end() ? 1.5 : found->second;
}

bool has_impossible_distance(const Crystal& crystal, double share) {
  std::vector<double> radius;
  for (const std::string& label : crystal.species) radius.push_back(covalent_radius(label));
  const double reach = 2 * share * *std::max_element(radius.begin(), radius.end());
  const mlp::Neighbours pairs = mlp::find_neighbours(crystal.cell, crystal.positions, reach);
  for (std::size_t i = 0; i < radius.size(); ++i) {
    for (std::int64_t e = pairs.first[i]; e < pairs.first[i + 1]; ++e) {
      const double least =
          share * (radius[i] + radius[static_cast<std::size_t>(pairs.atom[static_cast<std::size_t>(e)])]);
      if (pairs.vectors.row(e).norm() < least) return true;
    }
  }
  return false;
}

std::string geometry_key(const Crystal& crystal, double reach) {
  const std::vector<int> kind = crystal.species_index();
  const mlp::Neighbours pairs = mlp::find_neighbours(crystal.cell, crystal.positions, reach);
  std::vector<std::array<long, 3>> distances;
  for (std::size_t i = 0; i < kind.size(); ++i) {
    for (std::int64_t e = pairs.first[i]; e < pairs.first[i + 1]; ++e) {
      const int other = kind[static_cast<std::size_t>(pairs.atom[static_cast<std::size_t>(e)])];
      distances.push_back(
          {std::min(kind[i], other), std::max(kind[i], other), std::lround(1e3 * pairs.vectors.row(e).norm())});
    }
  }
  std::sort(distances.begin(), distances.end());
  std::string text = crystal.formula();
  for (const auto& [a, b, d] : distances) text += fmt::format(" {} {} {}", a, b, d);
  return sha256(text);
}

}  // namespace zeropoint::active_learning
