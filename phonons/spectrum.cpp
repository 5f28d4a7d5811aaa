#include "phonons/spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/decompositions.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "phonons/q_stars.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double degenerate =
    1e-6;  // of the largest frequency: the solver leaves 1e-12, noise of matrices a little more

Eigen::MatrixXcd mass_scaled(const Eigen::MatrixXcd& block, const Crystal& crystal) {
  Eigen::VectorXd factors(block.rows());
  for (Eigen::Index x = 0; x < factors.size(); ++x) factors[x] = 1 / std::sqrt(crystal.masses[x / 3]);
  return factors.asDiagonal() * block * factors.asDiagonal();
}

double signed_root(double square) { return std::copysign(std::sqrt(std::abs(square)), square); }

/// Gamma with its translations projected out, frequencies ascending.
Modes modes_at_gamma(const Eigen::MatrixXcd& block, const Crystal& crystal) {
  const Modes found = diagonalise({crystal, QGrid(Eigen::Vector3i::Ones()), {block}, {}, 0, ""}).front();
  const Eigen::Index n = block.rows();
  Eigen::VectorXd frequencies = found.frequencies;
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (const Eigen::Index mu : order) {
    if (found.acoustic[mu]) frequencies[mu] = 0;
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](Eigen::Index a, Eigen::Index b) { return frequencies[a] < frequencies[b]; });
  Modes sorted{Eigen::VectorXd(n), Eigen::MatrixXcd(n, n), {}};
  for (Eigen::Index mu = 0; mu < n; ++mu) {
    const Eigen::Index from = order[mu];
    sorted.frequencies[mu] = frequencies[from];
    sorted.polarisations.col(mu) = found.polarisations.col(from);
    sorted.acoustic.push_back(found.acoustic[from]);
  }
  return sorted;
}

/// |e_s|^2, [3n, n_atoms]; only the sum over a degenerate set is defined, each of its modes gets the mean.
Eigen::MatrixXf atom_shares(const Modes& modes, double largest) {
  const Eigen::Index n = modes.frequencies.size();
  Eigen::MatrixXd shares(n, n / 3);
  for (Eigen::Index mu = 0; mu < n; ++mu) {
    for (Eigen::Index s = 0; s < n / 3; ++s) shares(mu, s) = modes.polarisations.block<3, 1>(3 * s, mu).squaredNorm();
  }
  for (Eigen::Index first = 0, last; first < n; first = last) {
    last = first + 1;
    while (last < n && modes.frequencies[last] - modes.frequencies[last - 1] < degenerate * largest) ++last;
    shares.middleRows(first, last - first).rowwise() = shares.middleRows(first, last - first).colwise().mean().eval();
  }
  return shares.cast<float>();
}

/// How often operations lead an atom to another, over their number: the mean over the points of a star, [n_atoms,
/// n_atoms].
Eigen::MatrixXf images_of_atoms(const SpaceGroup& group, int n_atoms) {
  Eigen::MatrixXf images = Eigen::MatrixXf::Zero(n_atoms, n_atoms);
  for (const SymmetryOperation& operation : group.operations) {
    for (int s = 0; s < n_atoms; ++s) images(s, operation.permutation[s]) += 1;
  }
  return images / static_cast<float>(group.operations.size());
}

}  // namespace

Modes modes_at(const Eigen::MatrixXcd& block, const Crystal& crystal) {
  const Eigensystem<Eigen::MatrixXcd> solution = hermitian_eigensystem(mass_scaled(block, crystal));
  return {solution.values.unaryExpr(&signed_root), solution.vectors,
          std::vector<bool>(static_cast<std::size_t>(block.rows()), false)};
}

Eigen::MatrixXd frequencies_at(const Interpolation& interpolation, const std::vector<Eigen::Vector3d>& points,
                               const std::vector<Eigen::Vector3d>& directions) {
  if (!directions.empty() && directions.size() != points.size()) {
    throw InternalError{"{} directions for {} q points", directions.size(), points.size()};
  }
  Eigen::MatrixXd all(static_cast<Eigen::Index>(points.size()), 3 * interpolation.crystal().n_atoms());
  parallel_for(static_cast<std::int64_t>(points.size()), [&](std::int64_t i) {
    const auto iq = static_cast<std::size_t>(i);
    const Eigen::Vector3d direction = directions.empty() ? Eigen::Vector3d::Zero() : directions[iq];
    all.row(i) = modes_at(interpolation(points[iq], direction), interpolation.crystal()).frequencies.transpose();
  });
  return all;
}

MeshModes modes_on_mesh(const Interpolation& interpolation, const Eigen::Vector3i& divisions) {
  return modes_on_mesh(interpolation, divisions, find_space_group(interpolation.crystal(), {.enabled = false}));
}

MeshModes modes_on_mesh(const Interpolation& interpolation, const Eigen::Vector3i& divisions, const SpaceGroup& group,
                        const ModeVisitor& visit) {
  const MeshOrbits stars = orbits(divisions, group);
  MeshModes mesh;
  mesh.crystal = interpolation.crystal();
  mesh.divisions = divisions;
  mesh.row = stars.orbit;
  mesh.counts = Eigen::Map<const Eigen::VectorXi>(stars.counts.data(), stars.size());
  for (const int i : stars.first) {
    const Eigen::Vector3i k(i / (divisions[1] * divisions[2]), i / divisions[2] % divisions[1], i % divisions[2]);
    mesh.points.emplace_back(k.cast<double>().cwiseQuotient(divisions.cast<double>()));
  }
  mesh.frequencies.resize(mesh.counts.size(), 3 * mesh.crystal.n_atoms());
  mesh.shares.resize(mesh.points.size());
  const Modes gamma = modes_at_gamma(interpolation(Eigen::Vector3d::Zero()), mesh.crystal);
  mesh.acoustic = gamma.acoustic;
  const Eigen::MatrixXf images = images_of_atoms(keeping_mesh(group, divisions), mesh.crystal.n_atoms());
  const double largest = gamma.frequencies.cwiseAbs().maxCoeff();
  parallel_for((stars.size() + mesh_piece - 1) / mesh_piece, [&](std::int64_t piece) {
    const int begin = static_cast<int>(piece) * mesh_piece;
    for (int i = begin; i < std::min(begin + mesh_piece, stars.size()); ++i) {
      const auto iq = static_cast<std::size_t>(i);
      const Modes modes = iq == 0 ? gamma : modes_at(interpolation(mesh.points[iq]), mesh.crystal);
      mesh.frequencies.row(i) = modes.frequencies.transpose();
      mesh.shares[iq] = atom_shares(modes, largest) * images;
      if (visit) visit(i, modes);
    }
  });
  return mesh;
}

}  // namespace zeropoint::phonons
