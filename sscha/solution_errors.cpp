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

/// What the solution would be without parts of the population, and the factor that makes variances of the differences.
struct Changes {
  std::vector<Change> all;
  double factor = 0;
  double size() const { return static_cast<double>(all.size()); }
};

/// Minima without one group of blocks each: the jackknife.
Changes minima_without_groups(const Population& population, const Minimum& minimum, const SpaceGroup& group,
                              bool centroids, const std::function<void(int done, int total)>& progress) {
  Changes changes;
  const int n_groups = std::min(population.n_blocks(), most_groups);
  for (int g = 0; g < n_groups; ++g) {
    const int first = g * population.n_blocks() / n_groups, last = (g + 1) * population.n_blocks() / n_groups;
    // A hundredth of the noise is far below what one group changes, about the noise over the root of their number.
    const Minimum without =
        minimize(population.without_blocks(first, last), minimum.density, group,
                 {.kong_liu_ratio = 0, .gradient_to_error = 0.01, .centroids = centroids, .max_steps = 100});
    changes.all.push_back({without.density.matrices().blocks, without.density.matrices().crystal.positions});
    if (progress) progress(g + 1, n_groups);
  }
  changes.factor = (n_groups - 1.0) / n_groups;
  return changes;
}

/// The steps that the gradient of each block asks for: where the minimum was not reached.
Changes steps_of_blocks(const Minimum& minimum) {
  Changes changes;
  const Gradient& gradient = minimum.evaluation.gradient;
  const Eigen::MatrixXd precondition = minimum.density.centroid_preconditioner();
  for (std::size_t b = 0; b < gradient.deviations.size(); ++b) {
    const Vectors& force = gradient.force_deviations[b];
    const Eigen::VectorXd step = precondition * Eigen::Map<const Eigen::VectorXd>(force.data(), force.size());
    changes.all.push_back({gradient.deviations[b], Eigen::Map<const Vectors>(step.data(), force.rows(), 3)});
  }
  changes.factor = changes.size() / (changes.size() - 1);
  return changes;
}

Vectors errors_of_centroids(const Changes& changes, int n_atoms) {
  Vectors mean = Vectors::Zero(n_atoms, 3), variance = Vectors::Zero(n_atoms, 3);
  for (const Change& change : changes.all) mean += change.centroids / changes.size();
  for (const Change& change : changes.all)
    variance.array() += changes.factor * (change.centroids - mean).array().square();
  return variance.cwiseSqrt();
}

/// Errors of the modes at q point `iq` and its partner -q; adds what each change does there to the entropy.
void add_errors_at(const Minimum& minimum, const Changes& changes, std::size_t iq, std::vector<double>& entropies,
                   SolutionErrors& errors) {
  const phonons::DynamicalMatrices& matrices = minimum.density.matrices();
  const std::size_t partner = static_cast<std::size_t>(matrices.grid.minus(static_cast<int>(iq)));
  const phonons::Modes& modes = minimum.density.modes()[iq];
  const Eigen::MatrixXcd patterns = phonons::displacement_patterns(modes, matrices.crystal);
  Eigen::MatrixXcd mean = Eigen::MatrixXcd::Zero(matrices.n_modes(), matrices.n_modes());
  for (const Change& change : changes.all) mean += change.matrices[iq] / changes.size();
  std::vector<double> variance(static_cast<std::size_t>(matrices.n_modes()), 0.0);
  std::vector<double> slopes;
  for (std::size_t mu = 0; mu < variance.size(); ++mu) {
    const double slope = entropy_slope(modes.frequencies[static_cast<Eigen::Index>(mu)], minimum.density.temperature(),
                                       minimum.density.units());
    slopes.push_back(modes.acoustic[mu] ? 0.0 : (partner == iq ? 1 : 2) * slope);
  }
  for (std::size_t b = 0; b < changes.all.size(); ++b) {
    const std::vector<double> difference = change_of_squares(modes, patterns, changes.all[b].matrices[iq] - mean);
    for (std::size_t mu = 0; mu < variance.size(); ++mu) {
      variance[mu] += changes.factor * difference[mu] * difference[mu];
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

}  // namespace

SolutionErrors solution_errors(const Population& population, const Minimum& minimum, const SpaceGroup& group,
                               bool centroids, const std::function<void(int done, int total)>& progress) {
  const phonons::DynamicalMatrices& matrices = minimum.density.matrices();
  SolutionErrors errors;
  errors.self_consistent = minimum.converged();
  const Changes changes = errors.self_consistent
                              ? minima_without_groups(population, minimum, group, centroids, progress)
                              : steps_of_blocks(minimum);
  errors.centroids = errors_of_centroids(changes, matrices.crystal.n_atoms());
  std::vector<double> entropies(changes.all.size(), 0.0);
  errors.squared_frequencies.resize(matrices.blocks.size());
  errors.frequencies.resize(matrices.blocks.size());
  for (const int iq : matrices.grid.independent())
    add_errors_at(minimum, changes, static_cast<std::size_t>(iq), entropies, errors);
  for (const double change : entropies) errors.entropy += changes.factor * change * change;
  errors.entropy = std::sqrt(errors.entropy);
  return errors;
}

}  // namespace zeropoint::sscha
