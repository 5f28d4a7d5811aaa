#include "phonons/displacement_fit.hpp"

#include <cmath>
#include <numbers>
#include <random>

#include "core/error.hpp"
#include "phonons/q_stars.hpp"
#include "phonons/symmetrizer.hpp"

namespace zeropoint::phonons {
namespace {

constexpr int most_steps = 3000;
constexpr double converged = 1e-13;       // of the first gradient
constexpr double determined = 1e-3;       // relative error of constants found again from their own forces
constexpr double smallest_force = 1e-12;  // eV/angstrom

using Blocks = std::vector<Eigen::MatrixXcd>;

/// u_s(q) = N^-1/2 sum_R exp(-2 pi i q.R) u_s(R), [n_q] (3n, n_configurations).
Blocks to_bloch_vectors(const std::vector<Vectors>& configurations, const PhonopyCells& cells, const QGrid& grid) {
  const Supercell supercell = cells.grid();
  const int n_modes = 3 * cells.primitive.n_atoms();
  const double scale = 1 / std::sqrt(static_cast<double>(supercell.n_cells()));
  Blocks blocks;
  for (const Eigen::Vector3d& q : grid.points()) {
    Eigen::MatrixXcd sum = Eigen::MatrixXcd::Zero(n_modes, static_cast<Eigen::Index>(configurations.size()));
    for (std::size_t i = 0; i < cells.site.size(); ++i) {
      const double angle = -2 * std::numbers::pi * q.dot(supercell.lattice_vector(cells.cell[i]).cast<double>());
      const std::complex<double> phase = std::polar(scale, angle);
      for (std::size_t c = 0; c < configurations.size(); ++c) {
        sum.col(static_cast<Eigen::Index>(c)).segment<3>(3 * cells.site[i]) +=
            phase * configurations[c].row(static_cast<Eigen::Index>(i)).transpose().cast<std::complex<double>>();
      }
    }
    blocks.push_back(std::move(sum));
  }
  return blocks;
}

double squared_norm(const Blocks& blocks) { return std::pow(norm(blocks), 2); }

void add(Blocks& to, double times, const Blocks& what) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += times * what[i];
}

/// Minimises |target - D U|^2 over D in the range of the projector.
Blocks solve(const Blocks& displacements, Blocks residual, const Symmetrizer& project) {
  const auto product = [&](const Blocks& d) {
    Blocks result;
    for (std::size_t i = 0; i < d.size(); ++i) result.emplace_back(d[i] * displacements[i]);
    return result;
  };
  const auto gradient = [&](const Blocks& r) {
    Blocks result;
    for (std::size_t i = 0; i < r.size(); ++i) result.emplace_back(r[i] * displacements[i].adjoint());
    project.matrices(result);
    return result;
  };
  Blocks s = gradient(residual), direction = s, solution = s;
  for (Eigen::MatrixXcd& block : solution) block.setZero();
  double gamma = squared_norm(s);
  const double enough = converged * converged * gamma;
  for (int step = 0; step < most_steps && gamma > enough; ++step) {
    const Blocks image = product(direction);
    const double length = gamma / squared_norm(image);
    add(solution, length, direction);
    add(residual, -length, image);
    s = gradient(residual);
    const double next = squared_norm(s);
    for (std::size_t i = 0; i < s.size(); ++i) direction[i] = s[i] + next / gamma * direction[i];
    gamma = next;
  }
  return solution;
}

/// Constants of the right symmetry with nothing else in common with any crystal.
Blocks random_constants(const QGrid& grid, int n_modes, const Symmetrizer& project) {
  std::mt19937 random(5489);
  std::normal_distribution<double> normal;
  Blocks blocks;
  for (int iq = 0; iq < grid.size(); ++iq) {
    blocks.emplace_back(Eigen::MatrixXcd::NullaryExpr(n_modes, n_modes, [&](Eigen::Index, Eigen::Index) {
      return std::complex<double>(normal(random), normal(random));
    }));
  }
  project.matrices(blocks);
  return blocks;
}

}  // namespace

DynamicalMatrices fit_force_constants(const DisplacedSupercells& displaced, FitQuality& quality) {
  const auto& [cells, data, source] = displaced;
  const Supercell supercell = cells.grid();
  const SpaceGroup group = find_space_group(cells.primitive);
  DynamicalMatrices result{cells.primitive, grid_of_stars(supercell.divisions(), group), {}, {}, 0, {}};
  const SpaceGroup kept = keeping_grid(group, result.grid);
  const Symmetrizer project(kept, cells.primitive, result.grid);
  quality.n_operations = project.n_operations();
  quality.n_group = static_cast<int>(group.operations.size());

  const Blocks u = to_bloch_vectors(data.displacements, cells, result.grid);
  Blocks target = to_bloch_vectors(data.forces, cells, result.grid);
  for (Eigen::MatrixXcd& block : target) block = -block;
  const double size = norm(target);
  if (!(norm(u) > 0)) throw InputError{"{}: all displacements are zero: no force constants follow", source};
  if (!(size > smallest_force)) throw InputError{"{}: all forces are zero: no force constants follow", source};

  const Blocks known = random_constants(result.grid, result.n_modes(), project);
  Blocks answers;
  for (std::size_t i = 0; i < known.size(); ++i) answers.emplace_back(known[i] * u[i]);
  Blocks found = solve(u, answers, project);
  add(found, -1, known);
  if (const double error = norm(found) / norm(known); !(error < determined)) {
    throw InputError{
        "{}: {} configurations do not determine the force constants: constants with the {} operations of the "
        "supercell, recomputed from "
        "forces of their own, are wrong by {:.2g} of their size. Displace every independent atom in enough directions, "
        "or add "
        "configurations",
        source, data.displacements.size(), quality.n_operations, error};
  }
  result.blocks = solve(u, target, project);
  Blocks rest = target;
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= result.blocks[i] * u[i];
  quality.residual = norm(rest) / size;
  return result;
}

}  // namespace zeropoint::phonons
