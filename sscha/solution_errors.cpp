#include "sscha/solution_errors.hpp"

#include <algorithm>
#include <cmath>

namespace zeropoint::sscha {
namespace {

constexpr int most_groups = 16;
constexpr double degenerate = 1e-6;  // relative difference of two frequencies that are the same

/// A change of matrices and centroids.
struct Change {
  std::vector<Eigen::MatrixXcd> matrices;
  Vectors centroids;
};

/// e^dagger m^-1/2 dD m^-1/2 e of each mode at one q, `patterns` being m^-1/2 e; averaged over degenerate sets.
std::vector<double> change_of_squares(const phonons::Modes& modes, const Eigen::MatrixXcd& patterns,
                                      const Eigen::MatrixXcd& change) {
  const Eigen::VectorXd diagonal = (patterns.adjoint() * change * patterns).diagonal().real();
  std::vector<double> result(static_cast<std::size_t>(diagonal.size()), 0.0);
  for (Eigen::Index first = 0; first < diagonal.size();) {
    Eigen::Index last = first + 1;
    const auto same = [&](Eigen::Index mu) {
      return std::abs(modes.frequencies[mu] - modes.frequencies[first]) <
                 degenerate * std::abs(modes.frequencies[first]) &&
             modes.acoustic[mu] == modes.acoustic[first];
    };
    while (last < diagonal.size() && same(last)) ++last;
    if (!modes.acoustic[first]) {
      const double mean = diagonal.segment(first, last - first).mean();
      for (Eigen::Index mu = first; mu < last; ++mu) result[mu] = mean;
    }
    first = last;
  }
  return result;
}

/// d S / d omega^2 of one mode, eV/K per (eV/amu/angstrom^2): S = k [(n+1) ln(n+1) - n ln n], n the Bose occupation.
double entropy_slope(double frequency, double temperature, const UnitSet& units) {
  if (temperature <= 0) return 0;
  const double kt = units.kb_density * temperature, half = units.hbar * frequency / (2 * kt);
  if (half > 300) return 0;
  const double n_times_n_plus_one = 1 / (4 * std::sinh(half) * std::sinh(half));
  return -units.hbar * units.hbar * n_times_n_plus_one / (2 * kt * temperature);
}

}  // namespace

SolutionErrors solution_errors(const Population& population, const Minimum& minimum, const SpaceGroup& group,
                               bool centroids, const std::function<void(int done, int total)>& progress) {
  const phonons::DynamicalMatrices& matrices = minimum.density.matrices();
  SolutionErrors errors;
  errors.self_consistent = minimum.converged();
  std::vector<Change> changes;
  double factor = 0;
  if (errors.self_consistent) {
    const int n_groups = std::min(population.n_blocks(), most_groups);
    for (int g = 0; g < n_groups; ++g) {
      const int first = g * population.n_blocks() / n_groups, last = (g + 1) * population.n_blocks() / n_groups;
      // A hundredth of the noise is far below what one group changes, about the noise over the root of their number.
      const Minimum without =
          minimize(population.without_blocks(first, last), minimum.density, group,
                   {.kong_liu_ratio = 0, .gradient_to_error = 0.01, .centroids = centroids, .max_steps = 100});
      changes.push_back({without.density.matrices().blocks, without.density.matrices().crystal.positions});
      if (progress) progress(g + 1, n_groups);
    }
    factor = (n_groups - 1.0) / n_groups;
  } else {
    const Gradient& gradient = minimum.evaluation.gradient;
    const Eigen::MatrixXd precondition = minimum.density.centroid_preconditioner();
    for (std::size_t b = 0; b < gradient.deviations.size(); ++b) {
      const Vectors& force = gradient.force_deviations[b];
      const Eigen::VectorXd step = precondition * Eigen::Map<const Eigen::VectorXd>(force.data(), force.size());
      changes.push_back({gradient.deviations[b], Eigen::Map<const Vectors>(step.data(), force.rows(), 3)});
    }
    const double n = static_cast<double>(changes.size());
    factor = n / (n - 1);
  }

  const double n = static_cast<double>(changes.size());
  Vectors mean_centroids = Vectors::Zero(matrices.crystal.n_atoms(), 3);
  for (const Change& change : changes) mean_centroids += change.centroids / n;
  errors.centroids = Vectors::Zero(matrices.crystal.n_atoms(), 3);
  for (const Change& change : changes)
    errors.centroids.array() += factor * (change.centroids - mean_centroids).array().square();
  errors.centroids = errors.centroids.cwiseSqrt();

  std::vector<double> entropies(changes.size(), 0.0);  // what each change does to the entropy
  errors.squared_frequencies.resize(matrices.blocks.size());
  errors.frequencies.resize(matrices.blocks.size());
  for (const int independent : matrices.grid.independent()) {
    const std::size_t iq = static_cast<std::size_t>(independent),
                      partner = static_cast<std::size_t>(matrices.grid.minus(independent));
    const phonons::Modes& modes = minimum.density.modes()[iq];
    const Eigen::MatrixXcd patterns = phonons::displacement_patterns(modes, matrices.crystal);
    Eigen::MatrixXcd mean = Eigen::MatrixXcd::Zero(matrices.n_modes(), matrices.n_modes());
    for (const Change& change : changes) mean += change.matrices[iq] / n;
    std::vector<double> variance(static_cast<std::size_t>(matrices.n_modes()), 0.0);
    std::vector<double> slopes;
    for (std::size_t mu = 0; mu < variance.size(); ++mu) {
      const double slope = entropy_slope(modes.frequencies[static_cast<Eigen::Index>(mu)],
                                         minimum.density.temperature(), minimum.density.units());
      slopes.push_back(modes.acoustic[mu] ? 0.0 : (partner == iq ? 1 : 2) * slope);
    }
    for (std::size_t b = 0; b < changes.size(); ++b) {
      const std::vector<double> difference = change_of_squares(modes, patterns, changes[b].matrices[iq] - mean);
      for (std::size_t mu = 0; mu < variance.size(); ++mu) {
        variance[mu] += factor * difference[mu] * difference[mu];
        entropies[b] += slopes[mu] * difference[mu];
      }
    }
    std::vector<double>& squared = errors.squared_frequencies[iq];
    std::vector<double>& frequencies = errors.frequencies[iq];
    for (std::size_t mu = 0; mu < variance.size(); ++mu) {
      squared.push_back(std::sqrt(variance[mu]));
      const double frequency = modes.frequencies[static_cast<Eigen::Index>(mu)];
      frequencies.push_back(modes.acoustic[mu] ? 0.0
                                               : minimum.density.units().inverse_cm(squared.back() / (2 * frequency)));
    }
    errors.squared_frequencies[partner] = squared;
    errors.frequencies[partner] = frequencies;
  }
  for (const double change : entropies) errors.entropy += factor * change * change;
  errors.entropy = std::sqrt(errors.entropy);
  return errors;
}

}  // namespace zeropoint::sscha
