#include "phonons/dynamical_matrices.hpp"

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/extremes.hpp"

namespace zeropoint::phonons {
namespace {

/// exp(2 pi i q.R) for points of a grid and cells of its supercell, exact at quarter turns and exactly conjugate at -q.
class Phases {
 public:
  explicit Phases(const Eigen::Vector3i& divisions) : divisions_(divisions), turns_(divisions.prod()) {
    table_.resize(static_cast<std::size_t>(turns_));
    for (int t = 0; 2 * t <= turns_; ++t) {
      const double angle = 2 * std::numbers::pi * t / turns_;
      std::complex<double> phase(std::cos(angle), std::sin(angle));
      if (2 * t == turns_) phase = -1;
      if (4 * t == turns_) phase = {0, 1};
      if (t == 0) phase = 1;
      table_[t] = phase;
      if (t > 0) table_[turns_ - t] = std::conj(phase);
    }
  }

  std::complex<double> operator()(const Eigen::Vector3i& k, const Eigen::Vector3i& cell) const {
    int turn = 0;
    for (int i = 0; i < 3; ++i) turn += k[i] * cell[i] % divisions_[i] * (turns_ / divisions_[i]);
    return table_[turn % turns_];
  }

 private:
  Eigen::Vector3i divisions_;
  int turns_;
  std::vector<std::complex<double>> table_;
};

Eigen::Vector3i lattice_vector(int cell, const Eigen::Vector3i& divisions) {
  return {cell / (divisions[1] * divisions[2]), cell / divisions[2] % divisions[1], cell % divisions[2]};
}

}  // namespace

std::vector<Eigen::MatrixXd> to_real_space(const DynamicalMatrices& matrices) {
  const QGrid& grid = matrices.grid;
  const Phases phase(grid.divisions());
  std::vector<Eigen::MatrixXd> force_constants;
  double largest = 0, imaginary = 0;
  for (int cell = 0; cell < grid.size(); ++cell) {
    const Eigen::Vector3i r = lattice_vector(cell, grid.divisions());
    Eigen::MatrixXcd sum = Eigen::MatrixXcd::Zero(matrices.n_modes(), matrices.n_modes());
    for (int iq = 0; iq < grid.size(); ++iq) sum += phase(grid.integers(iq), r) * matrices.blocks[iq];
    sum /= grid.size();
    largest = larger(largest, largest_magnitude(sum));
    imaginary = larger(imaginary, largest_magnitude(sum.imag()));
    force_constants.emplace_back(sum.real());
  }
  if (!(imaginary <= 1e-6 * largest)) {
    throw InputError{
        "the force constants have an imaginary part of {:.3g} of their largest element: D(-q) is not the complex "
        "conjugate "
        "of D(q)",
        imaginary / largest};
  }
  return force_constants;
}

std::vector<Eigen::MatrixXcd> to_bloch(const std::vector<Eigen::MatrixXd>& force_constants, const QGrid& grid) {
  if (static_cast<int>(force_constants.size()) != grid.size()) {
    throw InputError{"{} blocks of force constants for a supercell of {} cells", force_constants.size(), grid.size()};
  }
  const Phases phase(grid.divisions());
  std::vector<Eigen::MatrixXcd> blocks;
  for (int iq = 0; iq < grid.size(); ++iq) {
    Eigen::MatrixXcd sum = Eigen::MatrixXcd::Zero(force_constants[0].rows(), force_constants[0].cols());
    for (int cell = 0; cell < grid.size(); ++cell) {
      const Eigen::Vector3i r = lattice_vector(cell, grid.divisions());
      sum += std::conj(phase(grid.integers(iq), r)) * force_constants[cell];
    }
    blocks.push_back(std::move(sum));
  }
  return blocks;
}

double norm(const std::vector<Eigen::MatrixXcd>& blocks) {
  double squared = 0;
  for (const Eigen::MatrixXcd& block : blocks) squared += block.squaredNorm();
  return std::sqrt(squared);
}

void refuse_unwritable(const DynamicalMatrices& matrices, const std::string& path) {
  if (static_cast<int>(matrices.blocks.size()) != matrices.grid.size()) {
    throw InternalError{"{} matrices for {} q points", matrices.blocks.size(), matrices.grid.size()};
  }
  for (std::size_t iq = 0; iq < matrices.blocks.size(); ++iq) {
    if (!matrices.blocks[iq].allFinite()) {
      throw InputError{"{} is not written: the matrix of q point {} holds NaN or infinity", path, iq + 1};
    }
  }
}

}  // namespace zeropoint::phonons
