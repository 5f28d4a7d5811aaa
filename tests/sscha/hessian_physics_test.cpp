// The free-energy Hessian against second derivatives of free energies that are known exactly.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/decompositions.hpp"
#include "phonons/symmetrizer.hpp"
#include "sscha/hessian.hpp"
#include "sscha/stability.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/coupled_oscillator.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/crystals_on_grids.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

using Method = HessianOptions::Method;
using test::CoupledOscillator, test::ExactSolution, test::density_of, test::oscillators;

/// Points of equal weight for three normal numbers, exact up to degree seven: 22 levels +-sqrt(x) with the moments 1,
/// 3, 15.
Eigen::MatrixXd equal_weights() {
  std::vector<double> levels;
  for (const auto& [square, times] :
       {std::pair{5.464569768149644, 1}, {0.4673000734113573, 5}, {0.639785972958714, 5}}) {
    for (int i = 0; i < times; ++i) {
      levels.push_back(std::sqrt(square));
      levels.push_back(-std::sqrt(square));
    }
  }
  const int p = static_cast<int>(levels.size());
  Eigen::MatrixXd y(3, p * p * p);
  for (int c = 0; c < y.cols(); ++c) {
    y.col(c) << levels[c % p], levels[c / p % p], levels[c / (p * p)];
  }
  return y;
}

SpaceGroup no_symmetry(const TrialDensity& density) {
  return find_space_group(density.matrices().crystal, {.enabled = false});
}

TEST(OscillatorHessian, IsTheExactSecondDerivativeOfTheFreeEnergy) {
  for (const CoupledOscillator& o : oscillators()) {
    const ExactSolution exact = exact_solution(o);
    const TrialDensity density = density_of(o, exact.r, exact.phi);
    const at::Tensor u = test::displacements(test::amplitudes(density), equal_weights());
    const Population population(*ensemble_in_memory(o(density.matrices().crystal, u), "design"), density,
                                {.check_generator = false});
    for (const Method method : {Method::dense, Method::krylov}) {
      const Hessian found =
          free_energy_hessian(population, density, no_symmetry(density), {.method = method, .tolerance = 1e-13});
      const Eigen::Matrix3d h = found.matrices.blocks[0].topLeftCorner<3, 3>().real();
      // Differences of the slope, 1e-15 of rounding over a step of 1e-3, extrapolated.
      EXPECT_LT((h - exact.hessian).norm(), 1e-9 * exact.hessian.norm()) << o.name;
      EXPECT_GT(found.smallest_eigenvalue(), 0.5) << o.name;
      const Stability lowest = lowest_mode(found);
      EXPECT_FALSE(lowest.unstable()) << o.name;
    }
    if (o.c == 0 && o.d == 0) {
      EXPECT_LT((exact.hessian - exact.phi).norm(), 1e-9 * exact.phi.norm()) << o.name;  // no third order
    } else {
      EXPECT_GT((exact.hessian - exact.phi).norm(), 2e-3 * exact.phi.norm()) << o.name;
      const Hessian bubble = free_energy_hessian(population, density, no_symmetry(density), {.order = 3});
      EXPECT_GT((bubble.matrices.blocks[0].topLeftCorner<3, 3>().real() - exact.hessian).norm(),
                5e-4 * exact.phi.norm())
          << o.name;
    }
  }
}

/// chi^2 per degree of freedom of many independent estimates of the squares of all modes at Gamma.
double chi_squared(const CoupledOscillator& o, int order, bool antithetic) {
  const ExactSolution exact = exact_solution(o);
  const TrialDensity density = density_of(o, exact.r, exact.phi);
  Eigen::Vector3d truth = symmetric_eigenvalues(exact.hessian / o.mass());
  if (order == 3) {  // of third order alone the exact design tells
    const at::Tensor u = test::displacements(test::amplitudes(density), equal_weights());
    const Population population(*ensemble_in_memory(o(density.matrices().crystal, u), "design"), density,
                                {.check_generator = false});
    const Hessian found = free_energy_hessian(population, density, no_symmetry(density), {.order = 3});
    truth = found.modes[0].frequencies.tail<3>().cwiseAbs2();
  }
  double sum = 0;
  constexpr unsigned n_seeds = 200;
  for (unsigned seed = 0; seed < n_seeds; ++seed) {
    const Population population = test::sample(density, o, {.n = 3000, .seed = 100 + seed, .antithetic = antithetic});
    const Hessian found = free_energy_hessian(population, density, no_symmetry(density), {.order = order});
    for (Eigen::Index i = 0; i < 3; ++i) {
      const double w = found.modes[0].frequencies[3 + i];
      const double error = found.squared_errors[0][3 + i];
      sum += std::pow((w * std::abs(w) - truth[i]) / error, 2);
    }
  }
  return sum / (3 * n_seeds);
}

TEST(HessianErrors, AreTheSpreadAroundTheExactValue) {
  // 600 numbers, three of which belong together: the deviation of their mean square from 1 is 0.06 to 0.1.
  const std::vector<CoupledOscillator> all = oscillators();
  for (const int order : {3, 4}) {
    for (const bool antithetic : {false, true}) {
      const double chi = chi_squared(all.at(5), order, antithetic);
      EXPECT_GT(chi, 0.75) << order << antithetic;
      EXPECT_LT(chi, 1.35) << order << antithetic;
    }
  }
  const double cold = chi_squared(all.at(4), 4, false);
  EXPECT_GT(cold, 0.75);
  EXPECT_LT(cold, 1.35);
}

TEST(HarmonicHessian, IsTheTrueMatrixForAnyNumberOfConfigurations) {
  for (const test::CrystalOnGrid& c : test::crystals_on_grids()) {
    phonons::DynamicalMatrices truth = test::model_matrices(c.crystal, c.divisions, 1);
    const SpaceGroup group = phonons::keeping_grid(find_space_group(c.crystal), truth.grid);
    phonons::Symmetrizer(group, c.crystal, truth.grid).matrices(truth.blocks);
    const TrialDensity density(truth, 300, units::codata2022);
    const Population population =
        test::sample(density, test::HarmonicModel(truth), {.n = 6, .population = {.check_generator = false}});
    const Hessian hessian = free_energy_hessian(population, density, group, {.method = Method::krylov});
    EXPECT_LT(test::difference(hessian.matrices.blocks, truth.blocks), 1e-9) << c.name;
    EXPECT_NEAR(hessian.smallest_eigenvalue(), 1, 1e-9) << c.name;
    for (const std::vector<double>& errors : hessian.squared_errors) {
      for (const double error : errors) EXPECT_LT(error, 1e-9) << c.name;
    }
  }
}

// A chain of one atom in a cell of three: the same crystal as three points of q, two of them complex, and as one large
// cell, in which every atom moves on its own and F can be differentiated along it.
struct Chain {
  Crystal cell = test::triclinic_lattice();
  Eigen::Vector3i divisions{3, 1, 1};
  double temperature = 300;

  test::BondModel model() const { return test::BondModel::of_neighbours(cell, divisions, 4.6); }
  test::BondModel model_of_large() const { return test::BondModel::of_neighbours(large(), {1, 1, 1}, 4.6); }
  Crystal large() const { return Supercell(cell, divisions).crystal(); }
  TrialDensity solution() const { return model().solve({model().harmonic(cell), temperature, units::codata2022}); }
};

/// d2F/dR dR of the large cell, the matrices following the centroids.
Eigen::MatrixXd exact_hessian(const Chain& chain, const TrialDensity& solution) {
  const test::BondModel model = chain.model_of_large();
  const Eigen::MatrixXcd phi = test::dense(solution.matrices()).cast<std::complex<double>>();
  const Crystal large = solution.matrices().supercell().crystal();
  const auto forces = [&](Eigen::Index x, double h) {
    phonons::DynamicalMatrices matrices{large, phonons::QGrid({1, 1, 1}), {phi}, {}, 0, ""};
    matrices.crystal.positions.data()[x] += h;
    for (int i = 0; i < 200; ++i) {
      const TrialDensity density(matrices, chain.temperature, units::codata2022);
      const test::ExactAverages averages = model.averages(density);
      const Eigen::MatrixXcd change = averages.curvature[0] - matrices.blocks[0];
      if (change.norm() < 1e-12) return averages.forces;
      matrices.blocks[0] += 0.7 * change;
    }
    ADD_FAILURE() << "not self-consistent";
    return Vectors(large.positions);
  };
  Eigen::MatrixXd hessian(phi.rows(), phi.rows());
  for (Eigen::Index x = 0; x < phi.rows(); ++x) {
    const double h = 2e-3;
    const Vectors a = (forces(x, -h) - forces(x, h)) / (2 * h), b = (forces(x, -h / 2) - forces(x, h / 2)) / h;
    const Vectors slope = (4 * b - a) / 3;
    hessian.col(x) = Eigen::Map<const Eigen::VectorXd>(slope.data(), slope.size());
  }
  return hessian;
}

TEST(HessianAtComplexPoints, IsTheSecondDerivativeOfTheExactFreeEnergyWithinItsErrors) {
  const Chain chain;
  const TrialDensity density = chain.solution();
  const Eigen::MatrixXd exact = exact_hessian(chain, density);
  phonons::DynamicalMatrices truth = density.matrices();
  std::vector<Eigen::MatrixXd> constants;
  for (int cell = 0; cell < 3; ++cell) constants.push_back(exact.block<3, 3>(3 * cell, 0));
  truth.blocks = phonons::to_bloch(constants, truth.grid);
  const std::vector<phonons::Modes> modes = phonons::diagonalise(truth);
  double chi = 0, shift = 0;
  constexpr int n_seeds = 60;
  for (unsigned seed = 0; seed < n_seeds; ++seed) {
    const Population population =
        test::sample(density, chain.model(), {.n = 2000, .seed = 900 + seed, .antithetic = true});
    const Hessian found = free_energy_hessian(population, density, no_symmetry(density), {});
    for (Eigen::Index i = 0; i < 3; ++i) {
      const double w = found.modes[1].frequencies[i], w0 = modes[1].frequencies[i];
      const double error = found.squared_errors[1][i];
      chi += std::pow((w * std::abs(w) - w0 * std::abs(w0)) / error, 2);
      shift += std::abs(w0 * std::abs(w0) - std::pow(density.modes()[1].frequencies[i], 2)) / error;
    }
  }
  chi /= 3 * n_seeds;
  EXPECT_GT(chi, 0.7);  // 180 numbers: +- 0.1 to 0.18
  EXPECT_LT(chi, 1.45);
  EXPECT_GT(shift / (3 * n_seeds), 5);  // the anharmonic part is far above the errors
}

}  // namespace
}  // namespace zeropoint::sscha
