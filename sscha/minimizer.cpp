#include "sscha/minimizer.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>

#include "core/decompositions.hpp"
#include "core/error.hpp"

namespace zeropoint::sscha {
namespace {

constexpr std::size_t history_depth = 8;
constexpr double smallest_ratio = 0.3, largest_ratio = 4;  // of a squared frequency in one step
constexpr double rounding = 1e-10;                         // relative size of a gradient that is zero
constexpr int patience = 40;                               // gradients without progress

/// A point of the minimisation, or a difference of two: matrices and centroids.
struct Vector {
  std::vector<Eigen::MatrixXcd> matrices;
  Vectors centroids;

  void add(double factor, const Vector& other) {
    for (std::size_t i = 0; i < matrices.size(); ++i) matrices[i] += factor * other.matrices[i];
    centroids += factor * other.centroids;
  }
};

Vector difference(const Vector& a, const Vector& b) {
  Vector result = a;
  result.add(-1, b);
  return result;
}

/// What mixing remembers of a point.
struct Visit {
  Vector point, direction;   // direction: where the self-consistency iteration would go
  Eigen::VectorXd residual;  // the direction as energies of unit-variance modes: one measure for matrices and centroids
};

/// Turns gradients into energies: L G L^dagger for each q, and L(0) <df> for the centroids.
class EnergyScale {
 public:
  explicit EnergyScale(const TrialDensity& density) : frame_(density.force_frame()), grid_(density.matrices().grid) {}

  Eigen::VectorXd operator()(const Gradient& gradient, bool centroids) const {
    std::vector<double> values;
    for (const int iq : grid_.independent()) {
      const Eigen::MatrixXcd& l = frame_[iq];
      const Eigen::MatrixXcd scaled = l * gradient.matrices[iq] * l.adjoint();
      const double weight = grid_.is_real(iq) ? 1 : std::sqrt(2.0);
      for (const std::complex<double>& value : scaled.reshaped()) {
        values.push_back(weight * value.real());
        if (!grid_.is_real(iq)) values.push_back(weight * value.imag());
      }
    }
    if (centroids) {
      const Eigen::VectorXd forces = Eigen::Map<const Eigen::VectorXd>(gradient.forces.data(), gradient.forces.size());
      const Eigen::VectorXcd scaled = frame_[grid_.gamma()] * forces * std::sqrt(grid_.size());
      for (const std::complex<double>& value : scaled) values.push_back(value.real());
    }
    return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
  }

 private:
  std::vector<Eigen::MatrixXcd> frame_;
  phonons::QGrid grid_;
};

/// Anderson's proposal: the combination of remembered points with the smallest residual, and beta of its direction.
Vector propose(const std::deque<Visit>& history, double beta) {
  const Visit& last = history.back();
  Vector point = last.point, direction = last.direction;
  const Eigen::Index n = static_cast<Eigen::Index>(history.size()) - 1;
  if (n > 0) {
    Eigen::MatrixXd differences(last.residual.size(), n);
    for (Eigen::Index j = 0; j < n; ++j) differences.col(j) = last.residual - history[j].residual;
    const Eigen::VectorXd lengths = differences.colwise().norm().cwiseMax(1e-300).transpose();
    const Eigen::VectorXd gamma = least_squares(differences * lengths.cwiseInverse().asDiagonal(), last.residual, 1e-7)
                                      .col(0)
                                      .cwiseQuotient(lengths);
    for (Eigen::Index j = 0; j < n; ++j) {
      const Visit& earlier = history[j];
      point.add(-gamma[j], difference(last.point, earlier.point));
      direction.add(-gamma[j], difference(last.direction, earlier.direction));
    }
  }
  point.add(beta, direction);
  return difference(point, last.point);
}

/// The largest fraction of `step` that keeps every squared frequency between the two ratios of its value, at most 1.
double safe_fraction(const TrialDensity& density, const Vector& step) {
  double lowest = 0, highest = 0;
  for (const int iq : density.matrices().grid.independent()) {
    const phonons::Modes& modes = density.modes()[iq];
    Eigen::MatrixXcd scaled = phonons::displacement_patterns(modes, density.matrices().crystal);
    for (Eigen::Index mu = 0; mu < scaled.cols(); ++mu) {
      scaled.col(mu) *= modes.acoustic[mu] ? 0.0 : 1 / modes.frequencies[mu];
    }
    const Eigen::MatrixXcd relative = scaled.adjoint() * step.matrices[iq] * scaled;
    const Eigen::VectorXd eigenvalues = hermitian_eigenvalues(relative);
    lowest = std::min(lowest, eigenvalues.minCoeff());
    highest = std::max(highest, eigenvalues.maxCoeff());
  }
  double fraction = 1;
  if (lowest < smallest_ratio - 1) fraction = std::min(fraction, (smallest_ratio - 1) / lowest);
  if (highest > largest_ratio - 1) fraction = std::min(fraction, (largest_ratio - 1) / highest);
  return fraction;
}

TrialDensity moved(const TrialDensity& from, const Vector& step, double fraction,
                   const phonons::Symmetrizer& symmetrize) {
  phonons::DynamicalMatrices matrices = from.matrices();
  for (std::size_t i = 0; i < matrices.blocks.size(); ++i) matrices.blocks[i] += fraction * step.matrices[i];
  symmetrize.matrices(matrices.blocks);  // rounding only: the step is symmetric
  matrices.crystal.positions += fraction * step.centroids;
  return {std::move(matrices), from.temperature(), from.units()};
}

bool small_enough(const Evaluation& evaluation, const TrialDensity& density, const MinimizeOptions& options) {
  const Gradient& gradient = evaluation.gradient;
  const double scale = phonons::norm(density.matrices().blocks);
  const bool matrices = gradient.norm < std::max(rounding * scale, options.gradient_to_error * gradient.error);
  const bool centroids = !options.centroids || gradient.centroid_norm < std::max(rounding, options.gradient_to_error *
                                                                                               gradient.centroid_error);
  return matrices && centroids;
}

/// Where the minimiser is, the downhill direction there and how far it has to go.
Visit visit_at(const TrialDensity& density, const Gradient& gradient, const EnergyScale& energies, bool centroids) {
  Vector direction{gradient.matrices, -gradient.centroids};
  for (Eigen::MatrixXcd& block : direction.matrices) block = -block;
  if (!centroids) direction.centroids.setZero();
  return {{density.matrices().blocks, density.matrices().crystal.positions},
          std::move(direction),
          energies(gradient, centroids)};
}

}  // namespace

std::string explain(StopReason reason) {
  switch (reason) {
    case StopReason::converged:
      return "converged: the gradient is below its threshold";
    case StopReason::kong_liu:
      return "stopped by the Kong-Liu ratio: a further step leads where too few configurations count. Draw a new "
             "population "
             "from the matrices written here";
    case StopReason::max_steps:
      return "stopped at the largest number of steps (max_steps): not converged";
    case StopReason::stalled:
      return "stopped: the gradient no longer falls. The population is too small for its softest mode, or the modes "
             "collapse";
  }
  throw InternalError{"unknown stop reason"};
}

StepReport report(const TrialDensity& density, const Evaluation& evaluation) {
  StepReport result;
  result.free_energy = evaluation.free_energy.total;
  result.free_energy_error_by_configuration = evaluation.free_energy.error_by_configuration;
  result.gradient = evaluation.gradient.norm;
  result.gradient_error = evaluation.gradient.error;
  result.centroid_gradient = evaluation.gradient.centroid_norm;
  result.centroid_error = evaluation.gradient.centroid_error;
  result.effective_size = evaluation.weights.effective_size;
  result.kong_liu_ratio = evaluation.weights.kong_liu_ratio();
  result.frequencies = phonons::frequencies_inverse_cm(density.modes(), density.units());
  return result;
}

TrialDensity symmetrized(const TrialDensity& start, const SpaceGroup& group, const phonons::Symmetrizer& symmetrize) {
  phonons::DynamicalMatrices matrices = start.matrices();
  symmetrize.matrices(matrices.blocks);
  matrices.crystal = zeropoint::symmetrized(matrices.crystal, group);
  return {std::move(matrices), start.temperature(), start.units()};
}

Minimum minimize(const Population& population, TrialDensity start, const SpaceGroup& group,
                 const MinimizeOptions& options, const std::function<void(const StepReport&)>& observe) {
  const phonons::Symmetrizer symmetrize(group, start.matrices().crystal, start.matrices().grid);
  TrialDensity density = symmetrized(start, group, symmetrize);
  const EnergyScale energies(density);
  Evaluation evaluation = evaluate(population, density, symmetrize);
  std::vector<StepReport> steps;
  int n_gradients = 1;
  const auto accept = [&](double step_length) {
    StepReport step = report(density, evaluation);
    step.step = static_cast<int>(steps.size());
    step.n_gradients = n_gradients;
    step.step_length = step_length;
    if (observe) observe(step);
    steps.push_back(std::move(step));
  };
  const auto finish = [&](StopReason reason) {
    return Minimum{std::move(density), std::move(evaluation), reason, n_gradients, std::move(steps)};
  };
  accept(0);

  std::deque<Visit> history;
  double beta = 0.3, best = 0;
  int since_best = 0;
  while (true) {
    if (small_enough(evaluation, density, options)) return finish(StopReason::converged);
    if (evaluation.weights.kong_liu_ratio() < options.kong_liu_ratio) return finish(StopReason::kong_liu);
    if (static_cast<int>(steps.size()) > options.max_steps) return finish(StopReason::max_steps);

    const Visit here = visit_at(density, evaluation.gradient, energies, options.centroids);
    const double size = here.residual.norm();
    if (best == 0 || size < best) {
      best = size;
      since_best = 0;
    } else if (++since_best > patience) {
      return finish(StopReason::stalled);
    } else if (size > 3 * best || since_best % 8 == 0) {
      history.clear();  // mixing has lost its way: begin again from here with shorter steps
      beta = std::max(0.5 * beta, 0.02);
    }
    history.push_back(here);
    if (history.size() > history_depth) history.pop_front();

    const Vector step = propose(history, beta);
    double fraction = safe_fraction(density, step);
    std::optional<TrialDensity> trial;
    std::optional<Weights> weights;
    for (int attempt = 0; attempt < 8; ++attempt, fraction *= 0.5) {
      trial.emplace(moved(density, step, fraction, symmetrize));
      weights.emplace(reweight(population, *trial));
      if (weights->kong_liu_ratio() >= options.kong_liu_ratio) break;
      weights.reset();
    }
    if (!weights) return finish(StopReason::kong_liu);
    density = std::move(*trial);
    evaluation = evaluate(population, density, symmetrize, std::move(*weights));
    ++n_gradients;
    accept(fraction);
  }
}

}  // namespace zeropoint::sscha
