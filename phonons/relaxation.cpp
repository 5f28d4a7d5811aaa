#include "phonons/relaxation.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "core/tensor_eigen.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double usual_spring = 10;    // eV/angstrom^2, for the first step
constexpr double usual_stiffness = 2;  // eV/angstrom^3
constexpr double longest_step = 0.2;   // angstrom
constexpr double largest_strain = 0.04;
constexpr std::size_t memory = 20;  // pairs of steps and changes of the gradient
constexpr double decrease = 1e-4;   // of the enthalpy, of what the slope promises
constexpr double flatter = 0.9;     // slope at the end of a step over that at its start
constexpr double rounding = 1e-8;   // of energies, relative
constexpr int most_trials = 15;     // of one step
constexpr double lost = 4;          // a volume that grows or shrinks by so much has no minimum

/// exp of a small symmetric matrix.
Eigen::Matrix3d exponential(const Eigen::Matrix3d& strain) {
  Eigen::Matrix3d sum = Eigen::Matrix3d::Identity(), term = sum;
  for (int k = 1; k < 16; ++k) {
    term = (term * strain / k).eval();
    sum += term;
  }
  return sum;
}

/// The gradient as one vector: displacements of the atoms, then the strain times a length that makes both as stiff.
class Coordinates {
 public:
  Coordinates(const Crystal& crystal, const SpaceGroup& group, CellKind kind)
      : group_(group),
        kind_(kind),
        n_(3 * crystal.n_atoms()),
        length_(std::sqrt(crystal.volume() * usual_stiffness / usual_spring)) {}

  /// Part of forces that may move atoms: allowed by the group, no uniform translation.
  Vectors allowed(const Vectors& forces) const {
    Vectors mean = Vectors::Zero(forces.rows(), 3);
    for (const SymmetryOperation& operation : group_.operations) {
      for (Eigen::Index s = 0; s < forces.rows(); ++s) {
        mean.row(operation.permutation[s]) += forces.row(s) * operation.cartesian.transpose();
      }
    }
    mean /= static_cast<double>(group_.operations.size());
    mean.rowwise() -= mean.colwise().mean().eval();
    return mean;
  }

  /// Part of a stress that may move the cell.
  Eigen::Matrix3d allowed(const Eigen::Matrix3d& stress) const {
    const Eigen::Matrix3d symmetric = (stress + stress.transpose()) / 2, one = Eigen::Matrix3d::Identity();
    Eigen::Matrix3d mean = Eigen::Matrix3d::Zero();
    for (const SymmetryOperation& operation : group_.operations) {
      mean += operation.cartesian * symmetric * operation.cartesian.transpose();
    }
    mean /= static_cast<double>(group_.operations.size());
    const Eigen::Matrix3d volume = mean.trace() / 3 * one;
    switch (kind_) {
      case CellKind::fixed:
        return Eigen::Matrix3d::Zero();
      case CellKind::isotropic:
        return volume;
      case CellKind::shape:
        return mean - volume;
      case CellKind::full:
        return mean;
    }
    throw InternalError{"a kind of cell that is not known"};
  }

  Eigen::VectorXd gradient(const Vectors& forces, const Eigen::Matrix3d& stress, double volume) const {
    Eigen::VectorXd g(n_ + 9);
    g.head(n_) = -Eigen::Map<const Eigen::VectorXd>(forces.data(), n_);
    g.tail<9>() = Eigen::Map<const Eigen::Matrix<double, 9, 1>>(stress.data()) * (volume / length_);
    return g;
  }

  Eigen::Matrix3d strain_of(const Eigen::VectorXd& x) const {
    return Eigen::Map<const Eigen::Matrix3d>(x.data() + n_) / length_;
  }

  Crystal moved(Crystal crystal, const Eigen::VectorXd& x) const {
    const Eigen::Matrix3d deformation = exponential(strain_of(x));
    crystal.positions = ((crystal.positions + Eigen::Map<const Vectors>(x.data(), n_ / 3, 3)) * deformation).eval();
    crystal.cell = (crystal.cell * deformation).eval();
    return crystal;
  }

  /// `x`, made shorter where it goes too far.
  Eigen::VectorXd limited(Eigen::VectorXd x) const {
    const double far = Eigen::Map<const Vectors>(x.data(), n_ / 3, 3).rowwise().norm().maxCoeff() / longest_step;
    const double strain = strain_of(x).cwiseAbs().maxCoeff() / largest_strain;
    return x / std::max({1.0, far, strain});
  }

 private:
  const SpaceGroup& group_;
  CellKind kind_;
  Eigen::Index n_;
  double length_;
};

struct State {
  Crystal crystal;
  double energy = 0, enthalpy = 0, force = 0, stress_left = 0, forbidden = 0;
  std::optional<Eigen::Matrix3d> stress;
  Eigen::VectorXd gradient;

  RelaxationStep report(int step) const { return {step, enthalpy, force, stress_left, crystal.volume()}; }
};

/// Inverse Hessian times a vector, from the last steps (Nocedal's two loops).
class History {
 public:
  void add(const Eigen::VectorXd& step, const Eigen::VectorXd& change) {
    const double curvature = step.dot(change);
    if (!(curvature > 1e-12 * step.norm() * change.norm())) {  // over a hill: what was learnt does not hold
      pairs_.clear();
      scale_ *= 2;
      return;
    }
    scale_ = curvature / change.squaredNorm();
    pairs_.push_back({step, change, 1 / curvature});
    if (pairs_.size() > memory) pairs_.pop_front();
  }
  bool empty() const { return pairs_.empty(); }
  void forget() {
    pairs_.clear();
    scale_ = 1 / usual_spring;
  }
  Eigen::VectorXd direction(const Eigen::VectorXd& gradient) const {
    Eigen::VectorXd q = gradient;
    std::vector<double> alpha(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].inverse_curvature * pairs_[i].step.dot(q);
      q -= alpha[i] * pairs_[i].change;
    }
    q *= scale_;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      q += (alpha[i] - pairs_[i].inverse_curvature * pairs_[i].change.dot(q)) * pairs_[i].step;
    }
    return -q;
  }

 private:
  struct Pair {
    Eigen::VectorXd step, change;
    double inverse_curvature;
  };
  std::deque<Pair> pairs_;
  double scale_ = 1 / usual_spring;
};

class Relaxer {
 public:
  Relaxer(const Potential& potential, const Crystal& crystal, const SpaceGroup& group, const RelaxationOptions& options)
      : potential_(potential), options_(options), coordinates_(crystal, group, options.cell) {}

  State evaluate(const Crystal& crystal) {
    ++n_evaluations_;
    const Supercell supercell(crystal, options_.divisions);
    const Evaluation evaluation = potential_.evaluate(supercell, at::zeros({1, supercell.n_atoms(), 3}, at::kDouble));
    check_finite(evaluation, "the potential");
    State state;
    state.crystal = crystal;
    state.energy = evaluation.energies[0].item<double>() / supercell.n_cells();
    const Vectors forces = to_matrix(evaluation.forces[0]).topRows(crystal.n_atoms());
    const Vectors allowed = coordinates_.allowed(forces);
    state.force = allowed.rowwise().norm().maxCoeff();
    state.forbidden = (forces - allowed).rowwise().norm().maxCoeff();
    Eigen::Matrix3d residual = Eigen::Matrix3d::Zero();
    if (evaluation.stresses.defined()) {
      state.stress = to_matrix(evaluation.stresses[0]);
      residual = coordinates_.allowed(Eigen::Matrix3d(*state.stress + options_.pressure * Eigen::Matrix3d::Identity()));
    } else if (options_.cell != CellKind::fixed) {
      throw MissingStress{"the potential gives no stress, so the cell cannot move"};
    }
    state.stress_left = residual.cwiseAbs().maxCoeff();
    const bool volume_moves = options_.cell == CellKind::isotropic || options_.cell == CellKind::full;
    state.enthalpy = state.energy + (volume_moves ? options_.pressure * crystal.volume() : 0);
    state.gradient = coordinates_.gradient(allowed, residual, crystal.volume());
    return state;
  }

  bool converged(const State& state) const {
    return state.force <= options_.force && state.stress_left <= options_.stress;
  }

  /// A state further down along `direction`; nothing when none is found.
  std::optional<State> step_along(const State& from, const Eigen::VectorXd& direction, Eigen::VectorXd& taken) {
    const double slope = from.gradient.dot(direction);
    double t = 1;
    for (int trial = 0; trial < most_trials; ++trial) {
      taken = t * direction;
      double shorter = 0.25;
      try {
        State state = evaluate(coordinates_.moved(from.crystal, taken));
        const double there = state.gradient.dot(direction);
        const bool falls = state.enthalpy <= from.enthalpy + decrease * t * slope;
        // Near the minimum energies are rounded, gradients still tell.
        const bool levels = std::abs(there) <= flatter * std::abs(slope) &&
                            state.enthalpy <= from.enthalpy + rounding * std::max(1.0, std::abs(from.energy));
        if (falls || levels) return state;
        if (there > 0) shorter = std::clamp(slope / (slope - there), 0.1, 0.5);
      } catch (const ConfigurationError&) {  // atoms on top of each other: too far
      }
      t *= shorter;
    }
    return {};
  }

  Relaxation run(const Crystal& crystal) {
    State state = evaluate(crystal);
    Relaxation result;
    result.start = state.report(0);
    if (options_.observe) options_.observe(result.start);
    const double first_volume = crystal.volume();
    History history;
    int step = 0;
    while (true) {
      if (converged(state)) {
        result.converged = true;
        result.reason = "forces and stress are below their thresholds";
        break;
      }
      if (step == options_.max_steps) {
        result.reason = fmt::format("not converged after {} steps", step);
        break;
      }
      if (const double ratio = state.crystal.volume() / first_volume; !(ratio < lost && ratio > 1 / lost)) {
        result.reason =
            fmt::format("the volume went from {:.3f} to {:.3f} angstrom^3: there is no minimum at this pressure",
                        first_volume, state.crystal.volume());
        break;
      }
      Eigen::VectorXd direction = coordinates_.limited(history.direction(state.gradient)), taken;
      if (state.gradient.dot(direction) >= 0) {
        history.forget();
        direction = coordinates_.limited(history.direction(state.gradient));
      }
      std::optional<State> next = step_along(state, direction, taken);
      if (!next && !history.empty()) {
        history.forget();
        next = step_along(state, coordinates_.limited(history.direction(state.gradient)), taken);
      }
      if (!next) {
        result.reason =
            "the energy does not fall along the forces: they are not its derivatives, or rounding is larger than the "
            "thresholds";
        break;
      }
      history.add(taken, next->gradient - state.gradient);
      state = std::move(*next);
      ++step;
      if (options_.observe) options_.observe(state.report(step));
    }
    result.end = state.report(step);
    result.crystal = state.crystal;
    result.energy = state.energy;
    result.stress = state.stress;
    result.forbidden_force = state.forbidden;
    result.n_evaluations = n_evaluations_;
    return result;
  }

 private:
  const Potential& potential_;
  const RelaxationOptions& options_;
  Coordinates coordinates_;
  int n_evaluations_ = 0;
};

}  // namespace

Relaxation relax(const Potential& potential, const Crystal& crystal, const SpaceGroup& group,
                 const RelaxationOptions& options) {
  return Relaxer(potential, crystal, group, options).run(crystal);
}

}  // namespace zeropoint::phonons
