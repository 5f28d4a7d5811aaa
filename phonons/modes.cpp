#include "phonons/modes.hpp"

#include <cmath>

#include "core/contract.hpp"
#include "core/decompositions.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"

namespace zeropoint::phonons {
namespace {

double signed_root(double square) { return std::copysign(std::sqrt(std::abs(square)), square); }

Eigen::VectorXd inverse_root_masses(const Crystal& crystal) {
  Eigen::VectorXd factors(3 * crystal.n_atoms());
  for (int s = 0; s < crystal.n_atoms(); ++s) factors.segment<3>(3 * s).setConstant(1 / std::sqrt(crystal.masses[s]));
  return factors;
}

Modes modes_at_gamma(const Eigen::MatrixXd& scaled, const Eigen::VectorXd& inverse_roots) {
  const Eigen::Index n = scaled.rows();
  Eigen::MatrixXd translations(n, 3);
  for (Eigen::Index x = 0; x < n; ++x) translations.row(x) = Eigen::RowVector3d::Unit(x % 3) / inverse_roots[x];
  translations.colwise().normalize();
  const Eigen::MatrixXd internal = orthonormal_complement(translations);

  Modes modes;
  modes.frequencies.resize(n);
  modes.polarisations.resize(n, n);
  modes.acoustic.assign(static_cast<std::size_t>(n), false);
  for (int k = 0; k < 3; ++k) {
    modes.frequencies[k] = signed_root(translations.col(k).dot(scaled * translations.col(k)));
    modes.polarisations.col(k) = translations.col(k).cast<std::complex<double>>();
    modes.acoustic[k] = true;
  }
  if (n == 3) return modes;
  const Eigensystem<Eigen::MatrixXd> solution = symmetric_eigensystem(internal.transpose() * scaled * internal);
  modes.frequencies.tail(n - 3) = solution.values.unaryExpr(&signed_root);
  modes.polarisations.rightCols(n - 3) = (internal * solution.vectors).cast<std::complex<double>>();
  return modes;
}

template <class Matrix>
Modes modes_of(const Eigensystem<Matrix>& solution) {
  return {solution.values.unaryExpr(&signed_root), solution.vectors.template cast<std::complex<double>>(),
          std::vector<bool>(static_cast<std::size_t>(solution.values.size()), false)};
}

template <class Term>
double sum_over_modes(const std::vector<Modes>& modes, Term term) {
  double sum = 0;
  for (std::size_t iq = 0; iq < modes.size(); ++iq) {
    for (Eigen::Index mu = 0; mu < modes[iq].frequencies.size(); ++mu) {
      if (modes[iq].acoustic[mu]) continue;
      const double frequency = modes[iq].frequencies[mu];
      if (!(frequency > 0)) {
        throw InputError{
            "mode {} at q point {} has frequency {:.4f} cm^-1: a Gaussian density needs positive ones. "
            "Start from repaired matrices",
            mu + 1, iq + 1, units::codata2022.inverse_cm(frequency)};
      }
      sum += term(frequency);
    }
  }
  return sum;
}

/// The same polarisation vectors with omega^2 = square(omega); blocks in which nothing changes stay as they are.
template <class Square>
DynamicalMatrices with_squares(const DynamicalMatrices& matrices, Square square) {
  const Eigen::VectorXd roots = inverse_root_masses(matrices.crystal).cwiseInverse();
  const std::vector<Modes> modes = diagonalise(matrices);
  DynamicalMatrices result = matrices;
  for (std::size_t iq = 0; iq < modes.size(); ++iq) {
    Eigen::VectorXd squares = Eigen::VectorXd::Zero(modes[iq].frequencies.size());
    bool changed = false;
    for (Eigen::Index mu = 0; mu < squares.size(); ++mu) {
      if (modes[iq].acoustic[mu]) continue;
      const double frequency = modes[iq].frequencies[mu];
      squares[mu] = square(frequency);
      changed = changed || squares[mu] != frequency * std::abs(frequency);
    }
    if (!changed) continue;
    const Eigen::MatrixXcd e = roots.asDiagonal() * modes[iq].polarisations;
    result.blocks[iq] = e * squares.asDiagonal() * e.adjoint();
  }
  return result;
}

}  // namespace

std::vector<Modes> diagonalise(const DynamicalMatrices& matrices) {
  const Eigen::VectorXd factors = inverse_root_masses(matrices.crystal);
  const QGrid& grid = matrices.grid;
  expect(std::ssize(matrices.blocks) == grid.size(), "a block for each point of the grid");
  std::vector<Modes> modes(static_cast<std::size_t>(grid.size()));
  const std::vector<int>& independent = grid.independent();
  parallel_for(static_cast<std::int64_t>(independent.size()), [&](std::int64_t i) {
    const int iq = independent[i];
    const Eigen::MatrixXcd scaled = factors.asDiagonal() * matrices.blocks[iq] * factors.asDiagonal();
    Modes& here = modes[iq];
    if (iq == grid.gamma()) {
      here = modes_at_gamma(scaled.real(), factors);
    } else if (grid.is_real(iq)) {
      here = modes_of(symmetric_eigensystem(scaled.real()));
    } else {
      here = modes_of(hermitian_eigensystem(scaled));
      Modes& partner = modes[grid.minus(iq)];
      partner = here;
      partner.polarisations = here.polarisations.conjugate();
    }
  });
  return modes;
}

Eigen::MatrixXcd displacement_patterns(const Modes& modes, const Crystal& crystal) {
  expect(modes.polarisations.rows() == 3 * crystal.n_atoms(), "polarisations are [3n, modes]");
  return inverse_root_masses(crystal).asDiagonal() * modes.polarisations;
}

DynamicalMatrices with_absolute_squares(const DynamicalMatrices& matrices, int& n_turned) {
  return with_squares(matrices, [&](double frequency) {
    if (frequency < 0) ++n_turned;
    return frequency * frequency;
  });
}

DynamicalMatrices with_lowest_frequency(const DynamicalMatrices& matrices, double lowest) {
  return with_squares(matrices, [&](double frequency) {
    const double raised = std::max(frequency, lowest);
    return raised * raised;
  });
}

std::vector<std::vector<double>> frequencies_inverse_cm(const std::vector<Modes>& modes, const UnitSet& units) {
  std::vector<std::vector<double>> all;
  for (const Modes& at_q : modes) {
    std::vector<double>& row = all.emplace_back();
    for (const double frequency : at_q.frequencies) row.push_back(units.inverse_cm(frequency));
  }
  return all;
}

double harmonic_free_energy(const std::vector<Modes>& modes, double temperature, const UnitSet& units) {
  const double kt = units.kb_free_energy * temperature;
  return sum_over_modes(modes, [&](double frequency) {
    const double energy = units.hbar * frequency;
    return temperature > 0 ? energy / 2 + kt * std::log(-std::expm1(-energy / kt)) : energy / 2;
  });
}

double harmonic_entropy(const std::vector<Modes>& modes, double temperature, const UnitSet& units) {
  if (temperature <= 0) return 0;
  const double kb = units.kb_free_energy;
  return sum_over_modes(modes, [&](double frequency) {
    const double x = units.hbar * frequency / (kb * temperature);
    if (x > 700) return 0.0;
    return kb * (x / std::expm1(x) - std::log(-std::expm1(-x)));
  });
}

double squared_amplitude(double frequency, double temperature, const UnitSet& units) {
  const double zero_point = units.hbar / (2 * frequency);
  if (temperature <= 0) return zero_point;
  return zero_point / std::tanh(units.hbar * frequency / (2 * units.kb_density * temperature));
}

}  // namespace zeropoint::phonons
