#include "sscha/hessian.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/real.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "core/device.hpp"
#include "core/error.hpp"
#include "core/extremes.hpp"
#include "phonons/symmetrizer.hpp"
#include "sscha/device_loop.hpp"
#include "sscha/gradient.hpp"
#include "sscha/hermitian_solver.hpp"
#include "sscha/minimizer.hpp"
#include "sscha/star_averages.hpp"

namespace zeropoint::sscha {
namespace {

constexpr std::int64_t most_for_all_eigenvalues = 1500;
constexpr int expected_iterations = 20;

Eigen::MatrixXcd to_eigen(const at::Tensor& tensor) {
  const at::Tensor host = tensor.resolve_conj().to(at::kComplexDouble).cpu().contiguous();
  using Row = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Row>(reinterpret_cast<const std::complex<double>*>(host.data_ptr()), host.size(0),
                               host.size(1));
}

at::Tensor to_tensor(const Eigen::MatrixXcd& matrix, const at::TensorOptions& options) {
  at::Tensor result = at::empty({matrix.rows(), matrix.cols()}, at::kComplexDouble);
  auto* to = reinterpret_cast<std::complex<double>*>(result.data_ptr());
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    for (Eigen::Index j = 0; j < matrix.cols(); ++j) *to++ = matrix(i, j);
  }
  return options.dtype() == at::kDouble ? at::real(result).contiguous().to(options.device())
                                        : result.to(options.device());
}

/// The Boltzmann constant of a Hessian need not be that of the weights (python-sscha).
TrialDensity with_kb_of_hessian(TrialDensity density) {
  UnitSet units = density.units();
  if (units.kb_density == units.kb_hessian || density.temperature() == 0) return density;
  units.kb_density = units.kb_hessian;
  return {density.matrices(), density.temperature(), units};
}

double squared_amplitude(const TrialDensity& density, double frequency) {
  return phonons::squared_amplitude(frequency, density.temperature(), density.units());
}

/// J = sqrt(-Lambda0/(a^2 a^2)) of each pair, [size, 1], 1/eV^1/2.
at::Tensor root_lambda(const TrialDensity& density, const ModeRows& rows, const PairSpace& space, at::Device device) {
  at::Tensor result = at::zeros({space.size(), 1}, at::TensorOptions(device).dtype(at::kDouble));
  const auto frequency = [&](int iq, std::int64_t mode) {
    const Eigen::VectorXd& all = density.modes()[iq].frequencies;
    return all[all.size() - rows.count(iq) + mode];
  };
  for (const PairSpace::Block& block : space.blocks()) {
    if (block.size == 0) continue;
    at::Tensor full = at::empty({block.n1, block.n2, 1}, at::kDouble);
    for (std::int64_t a = 0; a < block.n1; ++a) {
      for (std::int64_t b = 0; b < block.n2; ++b) {
        const double w1 = frequency(block.q1, a), w2 = frequency(block.q2, b);
        const double lambda = lambda0(w1, w2, density.temperature(), density.units());
        full.data_ptr<double>()[a * block.n2 + b] =
            std::sqrt(-lambda / (squared_amplitude(density, w1) * squared_amplitude(density, w2)));
      }
    }
    space.put(full.to(device), block, result);
  }
  return result / space.scale().unsqueeze(1);
}

/// E at one q without acoustic rows, [modes, n]: displacements to unit-variance modes.
Eigen::MatrixXcd displacement_frame(const TrialDensity& density, const ModeRows& rows, int iq) {
  const phonons::Modes& modes = density.modes()[iq];
  const Eigen::VectorXd& masses = density.matrices().crystal.masses;
  const Eigen::Index n = modes.frequencies.size(), n_rows = rows.count(iq);
  Eigen::MatrixXcd e = modes.polarisations.rightCols(n_rows).adjoint();
  for (Eigen::Index x = 0; x < n; ++x) e.col(x) *= std::sqrt(masses[x / 3]);
  for (Eigen::Index mu = 0; mu < n_rows; ++mu)
    e.row(mu) /= std::sqrt(squared_amplitude(density, modes.frequencies[n - n_rows + mu]));
  return e;
}

/// Estimates of work and memory of both ways, and the choice between them.
HessianReport plan(const Star& star, const ModeRows& rows, std::int64_t n_pairs, std::size_t n_vectors,
                   std::int64_t n_configurations, const HessianOptions& options, std::int64_t memory) {
  HessianReport report;
  report.iq = star.iq;
  report.n_pairs = n_pairs;
  report.n_vectors = static_cast<int>(n_vectors);
  const double per_multiplication = rows.real ? 2 : 8;
  const double p = static_cast<double>(n_pairs), n = static_cast<double>(n_configurations);
  const double modes = static_cast<double>(rows.count(star.iq)), operations = static_cast<double>(star.n_operations());
  const double n_members = static_cast<double>(star.members.size());
  report.dense_flops = per_multiplication *
                       (n_members * n * p * p +
                        (n_members - 1 + 2 * std::log2(operations / n_members)) * 4 * modes * p * p + p * p * p / 3);
  report.krylov_flops = per_multiplication * operations * 4 * n * p * expected_iterations * (report.n_vectors + 1);
  report.third_flops = per_multiplication * n_members * 2 * n * p * modes;
  report.dense_bytes = 5 * p * p * (rows.real ? 8 : 16);
  report.dense = options.method == HessianOptions::Method::automatic
                     ? report.dense_flops < report.krylov_flops && report.dense_bytes < static_cast<double>(memory)
                     : options.method == HessianOptions::Method::dense;
  return report;
}

std::int64_t allowed_memory(const HessianOptions& options, at::Device device) {
  return options.memory_limit > 0 ? options.memory_limit : available_memory(device) / 2;
}

/// C of third order and of the order asked for, and J A^-1 J D3, of one star.
struct StarSolution {
  at::Tensor bubble, full;  // [modes, modes]
  at::Tensor response;      // [pairs, modes]
};

StarSolution solve(const StarAverages& averages, const at::Tensor& third, const at::Tensor& j,
                   const HessianOptions& options, std::int64_t memory, HessianReport& report) {
  const at::Tensor b = third * j;
  StarSolution solution;
  solution.bubble = at::mm(b.conj().t(), b).neg();
  if (options.order == 3) {
    solution.full = solution.bubble;
    solution.response = b * j;
    return solution;
  }
  Solution z;
  if (!report.dense) {
    const HermitianOperator apply = [&](const at::Tensor& v) { return v + j * averages.apply_fourth(j * v); };
    const std::vector<std::int64_t> modes = averages.modes_to_solve();
    at::Tensor right = at::empty({b.size(0), static_cast<std::int64_t>(modes.size())}, b.options());
    for (std::size_t i = 0; i < modes.size(); ++i)
      right.select(1, static_cast<std::int64_t>(i)).copy_(b.select(1, modes[i]));
    // An operator that is nearly singular takes more steps than expected: no longer than the matrix would have taken.
    const bool has_choice =
        options.method == HessianOptions::Method::automatic && report.dense_bytes < static_cast<double>(memory);
    const double worth = 1.5 * expected_iterations * report.dense_flops / std::max(report.krylov_flops, 1.0);
    const int most = has_choice ? std::min(options.max_iterations, static_cast<int>(std::clamp(worth, 40.0, 1e6)))
                                : options.max_iterations;
    z = solve_minres(apply, right, options.tolerance, most);
    z.x = averages.completed(modes, z.x);
    report.smallest_eigenvalue = z.smallest_eigenvalue;
    report.dense = has_choice && z.residual > 10 * options.tolerance;
  }
  report.iterations = z.iterations;
  if (report.dense) {
    at::Tensor a = averages.fourth();
    a.mul_(j).mul_(j.t()).diagonal().add_(1);
    z = solve_dense(a, b);
    const std::int64_t p = a.size(0);
    report.smallest_eigenvalue =
        p == 0 ? 1
        : p <= most_for_all_eigenvalues
            ? at::linalg_eigvalsh(a).min().item<double>()
            : smallest_eigenvalue([&](const at::Tensor& v) { return at::mm(a, v); }, p, b.options(), 1e-4, 300);
  }
  report.residual = z.residual;
  const at::Tensor c = at::mm(b.conj().t(), z.x).neg();
  solution.full = 0.5 * (c + c.conj().t());
  solution.response = z.x * j;
  return solution;
}

std::vector<double> projected(const phonons::Modes& modes, const Eigen::MatrixXcd& matrix, const Crystal& crystal) {
  const Eigen::MatrixXcd patterns = displacement_patterns(modes, crystal);
  const Eigen::VectorXd diagonal = (patterns.adjoint() * matrix * patterns).diagonal().real();
  return {diagonal.begin(), diagonal.end()};
}

/// [begin, end) of neighbours of ascending values that are the same up to rounding.
std::vector<std::pair<int, int>> degenerate_sets(const Eigen::VectorXd& squares, double tolerance) {
  std::vector<std::pair<int, int>> sets;
  for (int begin = 0; begin < squares.size();) {
    int end = begin + 1;
    while (end < squares.size() && squares[end] - squares[end - 1] < tolerance) ++end;
    sets.emplace_back(begin, end);
    begin = end;
  }
  return sets;
}

/// Everything that third and fourth order are taken from.
struct HessianInput {
  HessianInput(const Population& population, const Weights& weights_of_density, const TrialDensity& trial,
               const SpaceGroup& group, bool hermite_terms)
      : density(trial),
        grid(trial.matrices().grid),
        weights(weights_of_density),
        n_configurations(population.size()),
        device(population.device()),
        samples(population, weights, density),
        rows(samples.rows()),
        rotations(density, group, rows, samples.options()),
        stars(find_stars(rotations, grid)),
        moments(mode_moments(samples)) {
    for (int iq = 0; iq < grid.size(); ++iq) spaces.emplace_back(rows, grid, iq, device);
    if (!hermite_terms) moments.gradients.clear();
  }
  HessianInput(const HessianInput&) = delete;

  StarAverages of(const Star& star) const { return {samples, moments, rotations, spaces, star}; }

  const TrialDensity& density;
  const phonons::QGrid& grid;
  const Weights& weights;
  std::int64_t n_configurations;
  at::Device device;
  ModeSamples samples;
  const ModeRows& rows;
  ModeRotations rotations;
  std::vector<Star> stars;
  std::vector<PairSpace> spaces;  // [n_q]
  ModeMoments moments;
};

/// Third order at every member of every star, [star][member]: independent pieces of work.
std::vector<std::vector<at::Tensor>> bare_third(const HessianInput& input) {
  const std::vector<Star>& stars = input.stars;
  std::vector<std::vector<at::Tensor>> bare(stars.size());
  std::vector<std::pair<std::size_t, std::size_t>> pieces;
  for (std::size_t s = 0; s < stars.size(); ++s) {
    bare[s].resize(stars[s].members.size());
    for (std::size_t m = 0; m < stars[s].members.size(); ++m) pieces.emplace_back(s, m);
  }
  for_each_item(input.device, static_cast<std::int64_t>(pieces.size()), [&](std::int64_t item) {
    const auto [s, m] = pieces[item];
    const PairSpace& space = input.spaces[stars[s].members[m].iq];
    bare[s][m] = AnharmonicAverages(input.samples, input.moments, space).third();
  });
  return bare;
}

/// Adds E^dagger C E to the blocks of all members of a star, C [modes, modes] being that of its first point.
void add_to_star(const at::Tensor& c, const HessianInput& input, const Star& star,
                 std::vector<Eigen::MatrixXcd>& blocks) {
  const Eigen::MatrixXcd of_first = to_eigen(c);
  for (const StarMember& member : star.members) {
    const PairRotation& rotation = member.rotations.front();
    const Eigen::MatrixXcd e = displacement_frame(input.density, input.rows, member.iq);
    const Eigen::MatrixXcd o = to_eigen(input.rotations.matrix(rotation.operation, star.iq));
    Eigen::MatrixXcd there = o * of_first * o.adjoint();
    if (rotation.conjugate) there = there.conjugate().eval();
    Eigen::MatrixXcd& block = blocks[member.iq];
    block += e.adjoint() * there * e;
    if (const int partner = input.grid.minus(member.iq); partner != member.iq) blocks[partner] = block.conjugate();
  }
}

/// Third order alone and the order asked for of every star, added to result.bubble and result.matrices, with a report
/// of each. @returns the responses [star] [pairs, modes] that errors need; undefined tensors without errors.
std::vector<at::Tensor> add_anharmonic_parts(const HessianInput& input, const HessianOptions& options,
                                             const std::function<void(const HessianReport&)>& observe,
                                             Hessian& result) {
  std::vector<std::vector<at::Tensor>> bare = bare_third(input);
  const std::int64_t memory = allowed_memory(options, input.device);
  std::vector<at::Tensor> responses;
  for (std::size_t s = 0; s < input.stars.size(); ++s) {
    const Star& star = input.stars[s];
    const StarAverages of_star = input.of(star);
    const std::size_t n_vectors = generating_modes(input.rotations, input.rows, star, input.samples.options()).size();
    HessianReport report =
        plan(star, input.rows, of_star.space().size(), n_vectors, input.n_configurations, options, memory);
    report.done = static_cast<int>(s) + 1;
    report.total = static_cast<int>(input.stars.size());
    const at::Tensor j = root_lambda(input.density, input.rows, of_star.space(), input.device);
    const StarSolution solution = solve(of_star, of_star.third(bare[s]), j, options, memory, report);
    bare[s].clear();
    add_to_star(solution.bubble, input, star, result.bubble);
    add_to_star(solution.full, input, star, result.matrices.blocks);
    responses.push_back(options.errors ? solution.response : at::Tensor());
    if (observe) observe(report);
    result.reports.push_back(report);
  }
  return responses;
}

void add_modes(const TrialDensity& density, Hessian& result) {
  result.modes = phonons::diagonalise(result.matrices);
  const Crystal& crystal = density.matrices().crystal;
  for (std::size_t iq = 0; iq < result.modes.size(); ++iq) {
    result.bubble_squares.push_back(projected(result.modes[iq], result.bubble[iq], crystal));
    result.auxiliary_squares.push_back(projected(result.modes[iq], density.matrices().blocks[iq], crystal));
  }
}

void add_errors(const HessianInput& input, const std::vector<at::Tensor>& responses, int order, Hessian& result) {
  const int n_modes = input.density.matrices().n_modes();
  double largest = 0;
  for (const phonons::Modes& modes : result.modes)
    largest = std::max(largest, modes.frequencies.cwiseAbs2().maxCoeff());
  result.squared_errors.assign(result.modes.size(), std::vector<double>(static_cast<std::size_t>(n_modes), 0.0));
  for (std::size_t s = 0; s < input.stars.size(); ++s) {
    const Star& star = input.stars[s];
    const std::int64_t n_rows = input.rows.count(star.iq), n_acoustic = n_modes - n_rows;
    if (n_rows == 0) continue;
    const phonons::Modes& modes = result.modes[star.iq];
    const Eigen::MatrixXcd patterns = displacement_patterns(modes, input.density.matrices().crystal).rightCols(n_rows);
    const at::Tensor x =
        to_tensor(displacement_frame(input.density, input.rows, star.iq) * patterns, input.samples.options());
    const Eigen::VectorXd frequencies = modes.frequencies.tail(n_rows);
    const auto sets = degenerate_sets(frequencies.cwiseProduct(frequencies.cwiseAbs()), 1e-8 * largest);
    const std::vector<double> errors = input.of(star).errors(input.weights, at::mm(responses[s], x), x, order, sets);
    for (const StarMember& member : star.members) {
      std::vector<double>& here = result.squared_errors[member.iq];
      for (std::size_t i = 0; i < sets.size(); ++i) {
        for (int mode = sets[i].first; mode < sets[i].second; ++mode) here[n_acoustic + mode] = errors[i];
      }
      result.squared_errors[input.grid.minus(member.iq)] = here;
    }
  }
}

}  // namespace

Hessian free_energy_hessian(const Population& population, const TrialDensity& start, const SpaceGroup& group,
                            const HessianOptions& options, const std::function<void(const HessianReport&)>& observe) {
  if (options.order != 3 && options.order != 4) {
    throw InputError{"order = {} (3: third order alone, 4: with fourth order)", options.order};
  }
  const phonons::Symmetrizer symmetrize(group, start.matrices().crystal, start.matrices().grid);
  TrialDensity symmetric = symmetrized(start, group, symmetrize);
  Hessian result{symmetric.matrices(), {}, symmetric, reweight(population, symmetric), {}, {}, {}, {}, {}};
  const TrialDensity density = with_kb_of_hessian(std::move(symmetric));
  const HessianInput input(population, result.weights, density, group, options.hermite_terms);
  result.bubble = density.matrices().blocks;
  const std::vector<at::Tensor> responses = add_anharmonic_parts(input, options, observe, result);
  symmetrize.matrices(result.matrices.blocks);
  symmetrize.matrices(result.bubble);
  add_modes(density, result);
  if (options.errors) add_errors(input, responses, options.order, result);
  return result;
}

std::vector<HessianReport> plan_hessian(const TrialDensity& density, const SpaceGroup& group,
                                        std::int64_t n_configurations, const HessianOptions& options,
                                        at::Device device) {
  const phonons::QGrid& grid = density.matrices().grid;
  const ModeRows rows(density);
  const at::TensorOptions options_of_rows =
      at::TensorOptions(at::kCPU).dtype(rows.real ? at::kDouble : at::kComplexDouble);
  const ModeRotations rotations(density, group, rows, options_of_rows);
  const std::vector<Star> stars = find_stars(rotations, grid);
  std::vector<HessianReport> reports;
  for (const Star& star : stars) {
    const std::int64_t n_pairs = PairSpace(rows, grid, star.iq, at::kCPU).size();
    reports.push_back(plan(star, rows, n_pairs, generating_modes(rotations, rows, star, options_of_rows).size(),
                           n_configurations, options, allowed_memory(options, device)));
    reports.back().done = static_cast<int>(reports.size());
    reports.back().total = static_cast<int>(stars.size());
  }
  return reports;
}

double Hessian::smallest_eigenvalue() const {
  double smallest = 1;
  for (const HessianReport& report : reports) smallest = smaller(smallest, report.smallest_eigenvalue);
  return smallest;
}

double Hessian::largest_residual() const {
  double largest = 0;
  for (const HessianReport& report : reports) largest = larger(largest, report.residual);
  return largest;
}

}  // namespace zeropoint::sscha
