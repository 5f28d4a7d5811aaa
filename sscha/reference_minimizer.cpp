#include "sscha/reference_minimizer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <cmath>
#include <optional>

#include "core/decompositions.hpp"
#include "core/error.hpp"

namespace zeropoint::sscha {
namespace {

using Blocks = std::vector<Eigen::MatrixXcd>;
using Root = ReferenceOptions::Root;

constexpr double growth = 1.5, shrinkage = 0.87358046475, largest_loss_of_size = 0.9;
constexpr int most_shrinkages = 50;

/// D^power of positive semi-definite matrices. @throws InputError when one has a negative eigenvalue beyond rounding.
Blocks power(const Blocks& blocks, double exponent) {
  Blocks result;
  for (std::size_t iq = 0; iq < blocks.size(); ++iq) {
    const Eigensystem<Eigen::MatrixXcd> solution = hermitian_eigensystem(blocks[iq]);
    const Eigen::VectorXd& values = solution.values;
    if (values.minCoeff() < -1e-8 * values.cwiseAbs().maxCoeff()) {
      throw InputError{
          "the matrix at q point {} has the negative eigenvalue {:.3e} eV/angstrom^2: its root does not exist. Use "
          "root = \"normal\"",
          iq + 1, values.minCoeff()};
    }
    const Eigen::VectorXd roots = values.cwiseMax(0.0).array().pow(exponent);
    result.push_back(solution.vectors * roots.asDiagonal() * solution.vectors.adjoint());
  }
  return result;
}

Blocks squared(Blocks x) {
  for (Eigen::MatrixXcd& block : x) block = (block * block).eval();
  return x;
}

/// One step of the chain rule from D = x^2 to x, as python-sscha takes it: g -> x g + g x.
Blocks through_root(const Blocks& gradient, const Blocks& x) {
  Blocks result;
  for (std::size_t i = 0; i < x.size(); ++i) result.push_back(x[i] * gradient[i] + gradient[i] * x[i]);
  return result;
}

/// The quantity that is stepped, in Ry/bohr^2 to the power of the root: a step of a root is not free of units.
struct Representation {
  Root root;
  UnitSet units;

  Blocks enter(const Blocks& d) const {
    const Blocks rydberg = scaled(d, 1 / units.rydberg_per_bohr2());
    return root == Root::normal ? rydberg : power(rydberg, root == Root::sqrt ? 0.5 : 0.25);
  }
  Blocks leave(const Blocks& x) const {
    const Blocks rydberg = root == Root::normal ? x : root == Root::sqrt ? squared(x) : squared(squared(x));
    return scaled(rydberg, units.rydberg_per_bohr2());
  }
  /// The preconditioned gradient for D and its square root; the true one for the fourth root, whose curvature it
  /// levels.
  Blocks gradient(const Evaluation& evaluation, const TrialDensity& density, const Blocks& x) const {
    if (root == Root::root4) {
      const Blocks true_gradient = free_energy_derivative(evaluation.gradient.matrices, density);
      return through_root(through_root(scaled(true_gradient, 1 / (units.bohr * units.bohr)), squared(x)), x);
    }
    const Blocks g = scaled(evaluation.gradient.matrices, 1 / units.rydberg_per_bohr2());
    return root == Root::normal ? g : through_root(g, x);
  }

  static Blocks scaled(Blocks blocks, double factor) {
    for (Eigen::MatrixXcd& block : blocks) block *= factor;
    return blocks;
  }
};

double product(const Blocks& a, const Blocks& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i].conjugate().cwiseProduct(b[i])).sum().real();
  return sum;
}

/// The point that is stepped and where it came from.
struct Direction {
  Blocks from, matrices;
  Vectors origin, centroids;
};

std::optional<TrialDensity> step_along(const TrialDensity& density, const Direction& direction, double step,
                                       double ratio, const Representation& representation,
                                       const phonons::Symmetrizer& symmetrize) {
  phonons::DynamicalMatrices matrices = density.matrices();
  Blocks x = direction.from;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] -= step * direction.matrices[i];
  matrices.blocks = representation.leave(x);
  symmetrize.matrices(matrices.blocks);
  matrices.crystal.positions = direction.origin - step * ratio * direction.centroids;
  for (const phonons::Modes& modes : phonons::diagonalise(matrices)) {
    for (Eigen::Index mu = 0; mu < modes.frequencies.size(); ++mu) {
      if (!modes.acoustic[mu] && !(modes.frequencies[mu] > 0)) return std::nullopt;
    }
  }
  return TrialDensity{std::move(matrices), density.temperature(), density.units()};
}

bool stops_here(const StepReport& step, const ReferenceErrors& errors, const MinimizeOptions& options,
                double gradient_unit) {
  constexpr double zero = 1e-8;  // Ry/bohr^2 and angstrom, whatever the error
  const bool matrices =
      step.gradient < options.gradient_to_error * errors.matrices || step.gradient < zero * gradient_unit;
  const bool centroids = !options.centroids || step.centroid_gradient < options.gradient_to_error * errors.centroids ||
                         step.centroid_gradient < zero;
  return matrices && centroids;
}

/// df(q = 0) = f + D u of each configuration, [N, n].
at::Tensor folded_residuals(const Population& population, const phonons::DynamicalMatrices& matrices,
                            const Eigen::VectorXd& shift) {
  const Eigen::MatrixXd d = matrices.blocks[matrices.grid.gamma()].real();
  at::Tensor product = at::empty({d.rows(), d.cols()}, at::kDouble), origin = at::empty({1, d.rows()}, at::kDouble);
  Eigen::Map<Eigen::MatrixXd>(product.data_ptr<double>(), d.rows(), d.cols()) =
      d;  // symmetric: row or column order alike
  Eigen::Map<Eigen::VectorXd>(origin.data_ptr<double>(), d.rows()) = shift;
  const at::Tensor u = population.folded_displacements() - origin.to(population.device());
  return population.folded_forces() + u.mm(product.to(population.device()));
}

}  // namespace

ReferenceErrors reference_errors(const Population& population, const Evaluation& evaluation,
                                 const TrialDensity& density, int n_operations) {
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const phonons::RealBlochBasis& basis = population.basis();
  const Weights& weights = evaluation.weights;
  const double n_q = matrices.grid.size();

  const Vectors moved = matrices.crystal.positions - population.generating().matrices().crystal.positions;
  const Eigen::VectorXd shift = std::sqrt(n_q) * Eigen::Map<const Eigen::VectorXd>(moved.data(), moved.size());
  const at::Tensor residuals = folded_residuals(population, matrices, shift) / std::sqrt(n_q);
  const at::Tensor w = weights.values.unsqueeze(1);
  const at::Tensor mean = (w * residuals).sum(0) / weights.sum;
  const at::Tensor mean_square = (w * residuals.square()).sum(0) / weights.sum;
  const double force_error = ((mean_square - mean.square()) / weights.sum).sum().sqrt().item<double>();

  // sum over q, a, b of the weighted mean of |v_a df_b|^2, and of the complex squares of G (their imaginary parts
  // cancel between q and -q).
  const Blocks upsilon = density.inverse_covariance();
  double squares = 0;
  Blocks sums(matrices.blocks.size(), Eigen::MatrixXcd::Zero(matrices.n_modes(), matrices.n_modes()));
  for (int chunk = 0; chunk < population.n_chunks(); ++chunk) {
    const at::Tensor host_weights =
        weights.values.slice(0, population.chunk_begin(chunk), population.chunk_end(chunk)).cpu();
    const Eigen::Map<const Eigen::VectorXd> weight(host_weights.data_ptr<double>(), host_weights.numel());
    for (const phonons::RealBlochBasis::Slab& slab : basis.slabs()) {
      const at::Tensor all_u = population.displacements(chunk, slab).cpu(),
                       all_f = population.forces(chunk, slab).cpu();
      for (int i = 0; i < slab.n_blocks; ++i) {
        const phonons::RealBlochBasis::Block& block = basis.blocks()[slab.first_block + i];
        using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        const at::Tensor u_rows = all_u.select(0, i).contiguous(), f_rows = all_f.select(0, i).contiguous();
        const Eigen::Map<const RowMatrix> u(u_rows.data_ptr<double>(), slab.block_size, weight.size());
        const Eigen::Map<const RowMatrix> f(f_rows.data_ptr<double>(), slab.block_size, weight.size());
        const std::size_t iq = static_cast<std::size_t>(block.iq);
        const int n = basis.n_modes();
        Eigen::MatrixXcd uq(n, weight.size()), fq(n, weight.size());
        if (block.pair) {
          uq.real() = u.topRows(n) / std::sqrt(2.0), uq.imag() = u.bottomRows(n) / std::sqrt(2.0);
          fq.real() = f.topRows(n) / std::sqrt(2.0), fq.imag() = f.bottomRows(n) / std::sqrt(2.0);
        } else {
          uq = u.cast<std::complex<double>>(), fq = f.cast<std::complex<double>>();
        }
        if (block.iq == matrices.grid.gamma()) uq.real().colwise() -= shift;
        const Eigen::MatrixXcd v = upsilon[iq] * uq;
        const Eigen::MatrixXcd df = fq + matrices.blocks[iq] * uq;
        const Eigen::RowVectorXd products = v.colwise().squaredNorm().cwiseProduct(df.colwise().squaredNorm());
        squares += (block.pair ? 2 : 1) * products.dot(weight);
        sums[iq] += v * weight.asDiagonal() * df.adjoint();
      }
    }
  }
  double gradient_squares = 0;
  for (const phonons::RealBlochBasis::Block& block : basis.blocks()) {
    const Eigen::ArrayXXcd g = sums[block.iq].array() / weights.sum;
    gradient_squares += (block.pair ? 2 : 1) * (g * g).sum().real();
  }
  const double variance = std::max(squares / weights.sum - gradient_squares, 0.0);
  return {std::sqrt(variance / weights.sum) / std::sqrt(n_operations * n_q),
          force_error / n_operations / density.units().rydberg};
}

Minimum minimize_as_reference(const Population& population, TrialDensity start, const SpaceGroup& group,
                              const MinimizeOptions& options, const ReferenceOptions& reference,
                              const std::function<void(const StepReport&)>& observe) {
  const phonons::Symmetrizer symmetrize(group, start.matrices().crystal, start.matrices().grid);
  const Representation representation{reference.root, start.units()};
  const double ratio = options.centroids ? reference.centroid_step / reference.step : 0;
  phonons::DynamicalMatrices averaged = start.matrices();
  symmetrize.matrices(averaged.blocks);  // the centroids stay as they are read
  TrialDensity density{std::move(averaged), start.temperature(), start.units()};
  Evaluation evaluation = evaluate(population, density, symmetrize);
  std::vector<StepReport> steps;
  int n_gradients = 1;
  double step = reference.step;
  while (true) {
    StepReport here = report(density, evaluation);
    here.step = static_cast<int>(steps.size());
    here.n_gradients = n_gradients;
    here.step_length = steps.empty() ? 0 : step;
    const ReferenceErrors errors = reference_errors(population, evaluation, density, symmetrize.n_operations());
    here.gradient_error = errors.matrices;
    here.centroid_error = errors.centroids;
    if (observe) observe(here);
    steps.push_back(here);
    const auto finish = [&](StopReason reason) {
      return Minimum{std::move(density), std::move(evaluation), reason, n_gradients, std::move(steps)};
    };
    if (stops_here(here, errors, options, density.units().rydberg_per_bohr2())) return finish(StopReason::converged);
    if (here.kong_liu_ratio < options.kong_liu_ratio) return finish(StopReason::kong_liu);
    if (here.step >= options.max_steps) return finish(StopReason::max_steps);

    Direction direction{representation.enter(density.matrices().blocks),
                        {},
                        density.matrices().crystal.positions,
                        evaluation.gradient.centroids};
    direction.matrices = representation.gradient(evaluation, density, direction.from);
    if (reference.line_search) step *= growth;
    bool accepted = false;
    for (int attempt = 0; attempt < most_shrinkages && !accepted; ++attempt) {
      std::optional<TrialDensity> trial = step_along(density, direction, step, ratio, representation, symmetrize);
      if (!trial) {
        step *= shrinkage;
        continue;
      }
      Evaluation there = evaluate(population, *trial, symmetrize);
      ++n_gradients;
      if (reference.line_search) {
        const Blocks x = representation.enter(trial->matrices().blocks);
        double slope = product(direction.matrices, representation.gradient(there, *trial, x));
        if (options.centroids) slope += direction.centroids.cwiseProduct(there.gradient.centroids).sum();
        if (slope < 0 || there.weights.effective_size < largest_loss_of_size * evaluation.weights.effective_size) {
          step *= shrinkage;
          continue;
        }
      }
      density = std::move(*trial);
      evaluation = std::move(there);
      accepted = true;
    }
    if (!accepted) return finish(StopReason::stalled);
  }
}

}  // namespace zeropoint::sscha
