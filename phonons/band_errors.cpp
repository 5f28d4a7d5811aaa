#include "phonons/band_errors.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "phonons/modes.hpp"
#include "phonons/spectrum.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double degenerate = 1e-5;  // of the largest frequency

/// Every value of a degenerate set becomes their mean.
void average_sets(const Eigen::VectorXd& frequencies, Eigen::VectorXd& values) {
  const Eigen::Index n = frequencies.size();
  const double limit = degenerate * frequencies.cwiseAbs().maxCoeff();
  for (Eigen::Index first = 0, last; first < n; first = last) {
    last = first + 1;
    while (last < n && std::abs(frequencies[last] - frequencies[last - 1]) < limit) ++last;
    values.segment(first, last - first).setConstant(values.segment(first, last - first).mean());
  }
}

DynamicalMatrices error_matrices(const DynamicalMatrices& matrices,
                                 const std::vector<std::vector<double>>& squared_errors) {
  if (static_cast<int>(squared_errors.size()) != matrices.grid.size()) {
    throw InputError{"standard errors at {} q points for matrices at {}: they are of another run",
                     squared_errors.size(), matrices.grid.size()};
  }
  Eigen::VectorXd roots(matrices.n_modes());
  for (Eigen::Index x = 0; x < roots.size(); ++x) roots[x] = std::sqrt(matrices.crystal.masses[x / 3]);
  const std::vector<Modes> modes = diagonalise(matrices);
  DynamicalMatrices result{matrices.crystal, matrices.grid, {}, {}, matrices.alat, "standard errors"};
  result.blocks.resize(modes.size());
  for (const int iq : matrices.grid.independent()) {
    const auto i = static_cast<std::size_t>(iq);
    if (static_cast<int>(squared_errors[i].size()) != matrices.n_modes()) {
      throw InputError{"{} standard errors at a q point for {} modes: they are of another run",
                       squared_errors[i].size(), matrices.n_modes()};
    }
    Eigen::VectorXd errors = Eigen::Map<const Eigen::VectorXd>(squared_errors[i].data(), roots.size());
    if (!errors.allFinite() || errors.minCoeff() < 0)
      throw InputError{"a standard error of omega^2 is negative or not finite"};
    average_sets(modes[i].frequencies, errors);
    const Eigen::MatrixXcd e = roots.asDiagonal() * modes[i].polarisations;
    Eigen::MatrixXcd block = e * errors.asDiagonal() * e.adjoint();
    if (matrices.grid.is_real(iq)) block.imag().setZero();
    result.blocks[matrices.grid.minus(iq)] = block.conjugate();
    result.blocks[i] = std::move(block);
  }
  return result;
}

}  // namespace

BandErrors::BandErrors(const DynamicalMatrices& matrices, const std::vector<std::vector<double>>& squared_errors)
    : errors_(error_matrices(matrices, squared_errors), {.sum_rule = SumRule::none, .dipoles = false}) {}

Eigen::MatrixXd BandErrors::operator()(const Interpolation& interpolation, const std::vector<Eigen::Vector3d>& points,
                                       const std::vector<Eigen::Vector3d>& directions) const {
  if (directions.size() != points.size())
    throw InternalError{"{} directions for {} q points", directions.size(), points.size()};
  const Crystal& crystal = interpolation.crystal();
  Eigen::MatrixXd result(static_cast<Eigen::Index>(points.size()), 3 * crystal.n_atoms());
  parallel_for(static_cast<std::int64_t>(points.size()), [&](std::int64_t i) {
    const auto iq = static_cast<std::size_t>(i);
    const Modes modes = modes_at(interpolation(points[iq], directions[iq]), crystal);
    const Eigen::MatrixXcd patterns = displacement_patterns(modes, crystal);
    Eigen::VectorXd squares = (patterns.adjoint() * errors_(points[iq]) * patterns).diagonal().real().cwiseMax(0);
    average_sets(modes.frequencies, squares);
    for (Eigen::Index mu = 0; mu < squares.size(); ++mu) {
      const double root = std::sqrt(squares[mu]), frequency = std::abs(modes.frequencies[mu]);
      result(i, mu) = 2 * frequency > root ? squares[mu] / (2 * frequency) : root;  // no step where they meet
    }
  });
  return result;
}

}  // namespace zeropoint::phonons
