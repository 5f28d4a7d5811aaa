#include "phonons/atom_images.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>

#include "phonons/wigner_seitz.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double nearly_nearest = 1.3;  // times the smallest distance: bonds of one shell
constexpr double half = 0.5;       // of the largest force constants of the pair, as many as there are nearest images
constexpr double of_a_bond = 0.2;  // of the largest between two atoms: below that pairs are far apart anyway

}  // namespace

DynamicalMatrices with_atoms_moved(DynamicalMatrices matrices, const std::vector<Eigen::Vector3i>& shifts) {
  for (std::size_t s = 0; s < shifts.size(); ++s) {
    matrices.crystal.positions.row(static_cast<Eigen::Index>(s)) +=
        shifts[s].cast<double>().transpose() * matrices.crystal.cell;
  }
  for (std::size_t iq = 0; iq < matrices.blocks.size(); ++iq) {
    Eigen::VectorXcd phases(matrices.n_modes());
    for (Eigen::Index x = 0; x < phases.size(); ++x) {
      phases[x] = std::polar(1.0, 2 * std::numbers::pi * matrices.grid.points()[iq].dot(shifts[x / 3].cast<double>()));
    }
    matrices.blocks[iq] = (phases.asDiagonal() * matrices.blocks[iq] * phases.conjugate().asDiagonal()).eval();
    if (matrices.grid.is_real(static_cast<int>(iq))) {
      matrices.blocks[iq] = matrices.blocks[iq].real().cast<std::complex<double>>().eval();
    }
  }
  return matrices;
}

std::vector<Eigen::Vector3i> image_shifts(const Crystal& from, const Crystal& to) {
  std::vector<Eigen::Vector3i> shifts;
  const Vectors moved = to.fractional() - from.fractional();
  for (Eigen::Index s = 0; s < moved.rows(); ++s)
    shifts.emplace_back(moved.row(s).transpose().array().round().cast<int>());
  return shifts;
}

std::optional<StrangePair> strange_pair(const DynamicalMatrices& matrices) {
  const std::vector<Eigen::MatrixXd> constants = to_real_space(matrices);
  const Supercell supercell = matrices.supercell();
  const Crystal& crystal = matrices.crystal;
  const WignerSeitz nearest(supercell, 1e-5);
  const int n = crystal.n_atoms();
  double strongest = 0;
  for (const Eigen::MatrixXd& block : constants) {
    for (int s = 0; s < n; ++s) {
      for (int t = 0; t < n; ++t) {
        if (s != t) strongest = std::max(strongest, block.block<3, 3>(3 * s, 3 * t).norm());
      }
    }
  }
  for (int s = 0; s < n; ++s) {
    for (int t = 0; t < s; ++t) {
      Eigen::VectorXd distances(supercell.n_cells()), strengths(supercell.n_cells());
      for (int cell = 0; cell < supercell.n_cells(); ++cell) {
        const Eigen::Vector3i r = nearest(cell, s, t).lattice_vectors.front();
        distances[cell] =
            (r.cast<double>().transpose() * crystal.cell + crystal.positions.row(s) - crystal.positions.row(t)).norm();
        strengths[cell] = constants[cell].block<3, 3>(3 * s, 3 * t).norm();
      }
      const double least = distances.minCoeff();
      const Eigen::Array<bool, Eigen::Dynamic, 1> is_near = distances.array() <= nearly_nearest * least;
      const double there = is_near.select(strengths.array(), 0).sum();
      Eigen::Index at = 0;
      const double beyond = is_near.select(0, strengths.array()).maxCoeff(&at);
      std::vector<double> sorted(strengths.begin(), strengths.end());
      std::sort(sorted.begin(), sorted.end(), std::greater<>());
      const double most = std::accumulate(sorted.begin(), sorted.begin() + is_near.count(), 0.0);
      if (beyond > of_a_bond * strongest && there < half * most) return StrangePair{s, t, least, distances[at]};
    }
  }
  return {};
}

}  // namespace zeropoint::phonons
