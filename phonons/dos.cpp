#include "phonons/dos.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace zeropoint::phonons {
namespace {

/// Signs of the steps along the shortest diagonal of a mesh cell.
Eigen::Vector3i shortest_diagonal(const Crystal& crystal, const Eigen::Vector3i& divisions) {
  const Eigen::Matrix3d steps = divisions.cast<double>().cwiseInverse().asDiagonal() * crystal.reciprocal();
  Eigen::Vector3i signs = Eigen::Vector3i::Ones();
  double shortest = std::numeric_limits<double>::infinity();
  for (const int s : {1, -1}) {
    for (const int t : {1, -1}) {
      const double length = (Eigen::RowVector3d(1, s, t) * steps).norm();
      if (length < shortest * (1 - 1e-9)) {
        shortest = length;
        signs = {1, s, t};
      }
    }
  }
  return signs;
}

}  // namespace

std::array<TetrahedronCorners, 6> tetrahedra_of_cell(const Eigen::Vector3i& signs) {
  std::array<TetrahedronCorners, 6> all;
  std::array<int, 3> axes = {0, 1, 2};
  for (TetrahedronCorners& corners : all) {
    corners[0] = (1 - signs.array()) / 2;  // the diagonal starts at the far end of reversed axes
    for (std::size_t i = 0; i < 3; ++i) {
      corners[i + 1] = corners[i];
      corners[i + 1][axes[i]] += signs[axes[i]];
    }
    std::next_permutation(axes.begin(), axes.end());
  }
  return all;
}

std::array<TetrahedronCorners, 6> tetrahedra_of_cell(const Crystal& crystal, const Eigen::Vector3i& divisions) {
  return tetrahedra_of_cell(shortest_diagonal(crystal, divisions));
}

Tetrahedron tetrahedron(const std::array<double, 4>& e, double energy) {
  if (energy <= e[0]) return {0, 0, {0.25, 0.25, 0.25, 0.25}};
  if (energy >= e[3]) return {0, 1, {0.25, 0.25, 0.25, 0.25}};
  const double least = 1e-14 * (e[3] - e[0]);
  const auto d = [&](std::size_t i, std::size_t j) { return std::max(e[i] - e[j], least); };  // e_ij, i > j
  const auto f = [&](std::size_t n, std::size_t m) {  // height of the surface between corners m (0) and n (1)
    return n > m ? (energy - e[m]) / d(n, m) : (e[m] - energy) / d(m, n);
  };
  if (energy < e[1]) {
    const double x = energy - e[0], volume = d(1, 0) * d(2, 0) * d(3, 0);
    return {3 * x * x / volume,
            x * x * x / volume,
            {(f(0, 1) + f(0, 2) + f(0, 3)) / 3, f(1, 0) / 3, f(2, 0) / 3, f(3, 0) / 3}};
  }
  if (energy >= e[2]) {
    const double x = e[3] - energy, volume = d(3, 0) * d(3, 1) * d(3, 2);
    return {3 * x * x / volume,
            1 - x * x * x / volume,
            {f(0, 3) / 3, f(1, 3) / 3, f(2, 3) / 3, (f(3, 0) + f(3, 1) + f(3, 2)) / 3}};
  }
  const double x = energy - e[1], base = d(2, 0) * d(3, 0), bend = (d(2, 0) + d(3, 1)) / (d(2, 1) * d(3, 1));
  const double sum = 3 * (f(1, 2) * f(2, 0) + f(2, 1) * f(1, 3));
  return {(3 * d(1, 0) + 6 * x - 3 * bend * x * x) / base,
          (d(1, 0) * d(1, 0) + 3 * d(1, 0) * x + 3 * x * x - bend * x * x * x) / base,
          {f(0, 3) / 3 + f(0, 2) * f(2, 0) * f(1, 2) / sum, f(1, 2) / 3 + f(1, 3) * f(1, 3) * f(2, 1) / sum,
           f(2, 1) / 3 + f(2, 0) * f(2, 0) * f(1, 2) / sum, f(3, 0) / 3 + f(3, 1) * f(1, 3) * f(2, 1) / sum}};
}

namespace {

void check_range(double lowest, double highest, int n) {
  if (n >= 2 && highest > lowest) return;
  throw InputError{
      "a density of states at {} frequencies from {} to {}: give at least two in a range that is not empty", n, lowest,
      highest};
}

}  // namespace

DensityOfStates smeared_density_of_states(const MeshModes& mesh, double width, double lowest, double highest, int n) {
  check_range(lowest, highest, n);
  if (!(width > 0)) throw InputError{"a smearing of {}: it must be positive", width};
  DensityOfStates dos{Eigen::VectorXd::LinSpaced(n, lowest, highest), Eigen::VectorXd::Zero(n),
                      Eigen::VectorXd::Zero(n), Eigen::MatrixXd::Zero(n, mesh.crystal.n_atoms())};
  const double per_point = 1.0 / mesh.n_points(), height = 1 / (width * std::sqrt(2 * std::numbers::pi));
  parallel_for(n, [&](std::int64_t i) {
    const double at = dos.frequencies[i];
    for (Eigen::Index row = 0; row < mesh.frequencies.rows(); ++row) {
      for (Eigen::Index mu = 0; mu < mesh.frequencies.cols(); ++mu) {
        const double x = (at - mesh.frequencies(row, mu)) / width, weight = mesh.counts[row] * per_point;
        dos.cumulative[i] += weight * 0.5 * std::erfc(-x / std::numbers::sqrt2);
        if (std::abs(x) > 8) continue;  // 1e-14
        const double density = weight * height * std::exp(-0.5 * x * x);
        dos.total[i] += density;
        dos.projected.row(i) += density * mesh.shares[row].row(mu).cast<double>();
      }
    }
  });
  return dos;
}

DensityOfStates density_of_states(const MeshModes& mesh, double lowest, double highest, int n) {
  check_range(lowest, highest, n);
  const int n_atoms = mesh.crystal.n_atoms();
  const double step = (highest - lowest) / (n - 1);
  const std::array<TetrahedronCorners, 6> tetrahedra = tetrahedra_of_cell(mesh.crystal, mesh.divisions);
  const Eigen::Vector3i& divisions = mesh.divisions;
  const auto row_of = [&](const Eigen::Vector3i& k) {
    const int i = ((k[0] % divisions[0]) * divisions[1] + k[1] % divisions[1]) * divisions[2] + k[2] % divisions[2];
    return mesh.row[i];
  };

  struct Sums {
    Eigen::VectorXd density, states;
    Eigen::MatrixXd projected;
  };
  // One item a branch, summed in their order: the bits do not depend on the threads.
  std::vector<Sums> branches(static_cast<std::size_t>(3 * n_atoms));
  const double share = 1 / (6.0 * mesh.n_points());
  parallel_for(3 * n_atoms, [&](std::int64_t mu) {
    Sums& sums = branches[mu];
    sums = {Eigen::VectorXd::Zero(n), Eigen::VectorXd::Zero(n), Eigen::MatrixXd::Zero(n, n_atoms)};
    Eigen::VectorXd full = Eigen::VectorXd::Zero(n + 1);  // tetrahedra that are full from this frequency on
    for (int q = 0; q < mesh.n_points(); ++q) {
      const Eigen::Vector3i k(q / (divisions[1] * divisions[2]), q / divisions[2] % divisions[1], q % divisions[2]);
      for (const TetrahedronCorners& corners : tetrahedra) {
        std::array<int, 4> rows;
        for (std::size_t c = 0; c < 4; ++c) rows[c] = row_of(k + corners[c]);
        std::sort(rows.begin(), rows.end(),
                  [&](int a, int b) { return mesh.frequencies(a, mu) < mesh.frequencies(b, mu); });
        std::array<double, 4> e;
        for (std::size_t c = 0; c < 4; ++c) e[c] = mesh.frequencies(rows[c], mu);
        const auto index = [&](double frequency) {  // first frequency of the list that is not below
          return static_cast<int>(std::clamp(std::ceil((frequency - lowest) / step), 0.0, static_cast<double>(n)));
        };
        const int above = index(e[3]);
        for (int i = index(e[0]); i < above; ++i) {
          const Tetrahedron here = tetrahedron(e, lowest + i * step);
          sums.density[i] += share * here.density;
          sums.states[i] += share * here.states;
          for (std::size_t c = 0; c < 4; ++c) {
            sums.projected.row(i) +=
                share * here.density * here.weights[c] * mesh.shares[rows[c]].row(mu).cast<double>();
          }
        }
        full[above] += share;
      }
    }
    double below = 0;
    for (int i = 0; i < n; ++i) {
      below += full[i];
      sums.states[i] += below;
    }
  });

  DensityOfStates dos{Eigen::VectorXd::LinSpaced(n, lowest, highest), Eigen::VectorXd::Zero(n),
                      Eigen::VectorXd::Zero(n), Eigen::MatrixXd::Zero(n, n_atoms)};
  for (const Sums& sums : branches) {
    dos.total += sums.density;
    dos.cumulative += sums.states;
    dos.projected += sums.projected;
  }
  return dos;
}

}  // namespace zeropoint::phonons
