// Derivatives of the free energy, on ensembles that integrate a quartic potential exactly and on sampled ones.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "sscha/evaluation.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::DynamicalMatrices;
using phonons::QGrid;
using test::BondModel;
using Blocks = std::vector<Eigen::MatrixXcd>;

struct Case {
  const char* name;
  Crystal crystal;
  Eigen::Vector3i divisions;
  double temperature;
};

/// Up to 15 modes: complex q, several species, isotopes, non-symmorphic groups, T = 0 and T > 0.
std::vector<Case> cases() {
  return {{"triclinic 3x2x1", test::triclinic_lattice(), {3, 2, 1}, 300},
          {"triclinic 3x1x1, T = 0", test::triclinic_lattice(), {3, 1, 1}, 0},
          {"hcp 3x1x1", test::hexagonal_crystal(), {3, 1, 1}, 500},
          {"Cmc2_1 1x1x1", test::cmc21_crystal(), {1, 1, 1}, 200},
          {"isotopes 2x1x1", test::triclinic_crystal(), {2, 1, 1}, 400}};
}

BondModel model_of(const Case& c) { return BondModel::of_neighbours(c.crystal, c.divisions, 4.6); }

/// A density away from the solution: other force constants, other centroids.
TrialDensity off_solution(const Case& c) {
  DynamicalMatrices matrices = model_of(c).harmonic(c.crystal);
  const DynamicalMatrices other = test::model_matrices(c.crystal, c.divisions, 5);
  for (std::size_t i = 0; i < matrices.blocks.size(); ++i) matrices.blocks[i] += 0.15 * other.blocks[i];
  phonons::impose_acoustic_sum_rule(matrices.blocks[matrices.grid.gamma()]);
  for (Eigen::Index i = 0; i < matrices.crystal.positions.size(); ++i) {
    matrices.crystal.positions.data()[i] += 0.03 * std::sin(static_cast<double>(2 * i + 1));
  }
  return {std::move(matrices), c.temperature, units::codata2022};
}

phonons::Symmetrizer no_symmetry(const TrialDensity& density) {
  return {find_space_group(density.matrices().crystal, {.enabled = false}), density.matrices().crystal,
          density.matrices().grid};
}

TrialDensity with_matrices_moved(const TrialDensity& density, double h, const Blocks& direction) {
  DynamicalMatrices matrices = density.matrices();
  for (std::size_t i = 0; i < direction.size(); ++i) matrices.blocks[i] += h * direction[i];
  return {std::move(matrices), density.temperature(), density.units()};
}

TrialDensity with_centroids_moved(const TrialDensity& density, double h, const Vectors& direction) {
  DynamicalMatrices matrices = density.matrices();
  matrices.crystal.positions += h * direction;
  return {std::move(matrices), density.temperature(), density.units()};
}

/// Cell and centroids strained; auxiliary matrices either as they are or such that displacements are strained along.
TrialDensity strained(const TrialDensity& density, const Eigen::Matrix3d& strain, bool displacements_too) {
  const Eigen::Matrix3d f = Eigen::Matrix3d::Identity() + strain, inverse = f.inverse();
  DynamicalMatrices matrices = density.matrices();
  matrices.crystal.cell = (matrices.crystal.cell * f.transpose()).eval();
  matrices.crystal.positions = (matrices.crystal.positions * f.transpose()).eval();
  if (displacements_too) {
    for (Eigen::MatrixXcd& block : matrices.blocks) {
      for (Eigen::Index s = 0; s < block.rows(); s += 3) {
        for (Eigen::Index t = 0; t < block.cols(); t += 3) {
          block.block<3, 3>(s, t) = (inverse.transpose() * block.block<3, 3>(s, t) * inverse).eval();
        }
      }
    }
  }
  return {std::move(matrices), density.temperature(), density.units()};
}

/// The central difference tends to `derivative` as h^2: once h is halved the deviation falls to a quarter, or is
/// rounding.
void expect_derivative(const std::function<double(double)>& f, double h, double derivative, double scale,
                       const std::string& what) {
  const auto deviation = [&](double step) { return (f(step) - f(-step)) / (2 * step) - derivative; };
  const double coarse = deviation(h), fine = deviation(h / 2);
  EXPECT_LT(std::abs(fine), 2e-3 * scale) << what;
  // Energies of 10 eV have 1e-15 of rounding, divided by h.
  const double rounding = 1e-13 / h + 1e-9 * scale;
  if (std::abs(coarse) > 50 * rounding) {
    EXPECT_NEAR(coarse / fine, 4, 0.2) << what;
  } else {
    EXPECT_LT(std::abs(fine), 50 * rounding) << what;
  }
}

/// Directions that keep D(q) Hermitian, D(-q) = D(q)^* and the sum rule.
Blocks random_direction(const DynamicalMatrices& matrices, unsigned seed) {
  Blocks blocks = test::model_matrices(matrices.crystal, matrices.grid.divisions(), seed).blocks;
  for (Eigen::MatrixXcd& block : blocks) block -= 10 * Eigen::MatrixXcd::Identity(block.rows(), block.cols());
  phonons::impose_acoustic_sum_rule(blocks[matrices.grid.gamma()]);
  return blocks;
}

double along(const Blocks& derivative, const Blocks& direction) {
  double sum = 0;
  for (std::size_t i = 0; i < derivative.size(); ++i) sum += (derivative[i] * direction[i]).trace().real();
  return sum;
}

TEST(ExactIntegration, OfTheDesignIsThatOfTheClosedFormulas) {
  // Two independent ways to the same Gaussian averages; the first goes through everything that a user's ensemble does.
  for (const Case& c : cases()) {
    const BondModel model = model_of(c);
    const TrialDensity density = off_solution(c);
    const Population population = test::integrate(density, model);
    const Evaluation found = evaluate(population, density, no_symmetry(density));
    const test::ExactAverages exact = model.averages(density);
    EXPECT_NEAR(found.free_energy.total.value, exact.free_energy, 1e-11) << c.name;
    EXPECT_LT(test::difference(found.gradient.matrices, exact.gradient), 1e-9) << c.name;
    EXPECT_GT(phonons::norm(exact.gradient), 0.1) << c.name;
    EXPECT_LT((found.gradient.forces - exact.forces).cwiseAbs().maxCoeff(), 1e-11) << c.name;
    EXPECT_GT(exact.forces.norm(), c.crystal.n_atoms() > 1 ? 0.01 : -1) << c.name;
    ASSERT_TRUE(found.stress);
    EXPECT_LT((found.stress->value - exact.stress).cwiseAbs().maxCoeff(), 1e-12) << c.name;
    EXPECT_GT(exact.stress.norm(), 1e-3) << c.name;
  }
}

TEST(FreeEnergyDerivative, IsTheSlopeOfTheExactFreeEnergyAlongAnyMatrices) {
  for (const Case& c : cases()) {
    const BondModel model = model_of(c);
    const TrialDensity density = off_solution(c);
    const Blocks derivative = free_energy_derivative(model.averages(density).gradient, density);
    for (const unsigned seed : {1u, 2u, 3u}) {
      const Blocks direction = random_direction(density.matrices(), seed);
      const auto f = [&](double h) { return model.averages(with_matrices_moved(density, h, direction)).free_energy; };
      expect_derivative(f, 0.01, along(derivative, direction), std::abs(along(derivative, direction)) + 1e-4, c.name);
    }
  }
}

TEST(FreeEnergyDerivative, IsTheSlopeOfTheFreeEnergiesOfIntegratedPopulations) {
  const Case c = cases()[1];
  const BondModel model = model_of(c);
  const TrialDensity density = off_solution(c);
  const auto evaluated = [&](const TrialDensity& at) {
    return evaluate(test::integrate(at, model), at, no_symmetry(at));
  };
  const Blocks derivative = free_energy_derivative(evaluated(density).gradient.matrices, density);
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    const Blocks direction = random_direction(density.matrices(), seed);
    const auto f = [&](double h) {
      return evaluated(with_matrices_moved(density, h, direction)).free_energy.total.value;
    };
    expect_derivative(f, 0.01, along(derivative, direction), std::abs(along(derivative, direction)) + 1e-4, c.name);
  }
}

TEST(Forces, AreMinusTheSlopeOfTheFreeEnergyAlongTheCentroids) {
  for (const Case& c : cases()) {
    const BondModel model = model_of(c);
    const TrialDensity density = off_solution(c);
    const Vectors forces = evaluate(test::integrate(density, model), density, no_symmetry(density)).gradient.forces;
    for (Eigen::Index i = 0; i < forces.size(); ++i) {
      Vectors direction = Vectors::Zero(c.crystal.n_atoms(), 3);
      direction.data()[i] = 1;
      const auto f = [&](double h) { return model.averages(with_centroids_moved(density, h, direction)).free_energy; };
      const double n_cells = density.matrices().grid.size();  // every cell moves alike
      expect_derivative(f, 0.01, -n_cells * forces.data()[i], n_cells * (forces.norm() + 0.1), c.name);
    }
  }
}

TEST(Stress, IsTheSlopeOfTheFreeEnergyAtFixedAuxiliaryMatricesAnywhere) {
  for (const Case& c : cases()) {
    const BondModel model = model_of(c);
    const TrialDensity density = off_solution(c);
    const Eigen::Matrix3d stress =
        evaluate(test::integrate(density, model), density, no_symmetry(density)).stress->value;
    const double volume = density.matrices().supercell().volume();
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b <= a; ++b) {
        Eigen::Matrix3d strain = Eigen::Matrix3d::Zero();
        strain(a, b) += 0.5;
        strain(b, a) += 0.5;
        const auto f = [&](double h) { return model.averages(strained(density, h * strain, false)).free_energy; };
        expect_derivative(f, 0.004, volume * stress(a, b), volume * stress.norm(), c.name);
      }
    }
  }
}

TEST(Stress, AtTheSolutionIsTheSlopeWithDisplacementsStrainedAlong) {
  for (const Case& c : cases()) {
    const BondModel model = model_of(c);
    const TrialDensity solution = model.solve(off_solution(c));
    const Evaluation at = evaluate(test::integrate(solution, model), solution, no_symmetry(solution));
    EXPECT_LT(at.gradient.norm, 1e-9) << c.name;
    EXPECT_LT(at.gradient.forces.norm(), 1e-11) << c.name;
    const double volume = solution.matrices().supercell().volume();
    Eigen::Matrix3d strain;
    strain << 0.5, 0.3, -0.4, 0.3, -0.8, 0.2, -0.4, 0.2, 0.6;
    const double slope = volume * (at.stress->value * strain).trace();
    for (const bool displacements_too : {false, true}) {
      const auto f = [&](double h) {
        return model.averages(strained(solution, h * strain, displacements_too)).free_energy;
      };
      expect_derivative(f, 0.004, slope, volume * at.stress->value.norm(), c.name);
    }
  }
}

TEST(SampledAverages, ApproachTheExactOnesAsTheRootOfTheirNumber) {
  const Case c = cases()[1];
  const BondModel model = model_of(c);
  const TrialDensity density = off_solution(c);
  const test::ExactAverages exact = model.averages(density);
  std::vector<double> log_n, log_deviation[3];
  for (const int n : {500, 2000, 8000, 32000}) {
    double squares[3] = {0, 0, 0};
    for (unsigned seed = 0; seed < 24; ++seed) {
      const Population population = test::sample(density, model, {.n = n, .seed = 100 + seed});
      const Evaluation found = evaluate(population, density, no_symmetry(density));
      squares[0] += std::pow(found.free_energy.total.value - exact.free_energy, 2);
      squares[1] += (found.stress->value - exact.stress).squaredNorm();
      for (std::size_t i = 0; i < exact.gradient.size(); ++i) {
        squares[2] += (found.gradient.matrices[i] - exact.gradient[i]).squaredNorm();
      }
    }
    log_n.push_back(std::log(n));
    for (int k = 0; k < 3; ++k) log_deviation[k].push_back(0.5 * std::log(squares[k] / 24));
  }
  const double mean_x = (log_n.front() + log_n.back()) / 2;
  for (const auto& y : log_deviation) {
    double xy = 0, xx = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      xy += (log_n[i] - mean_x) * y[i];
      xx += std::pow(log_n[i] - mean_x, 2);
    }
    EXPECT_NEAR(xy / xx, -0.5, 0.1);
  }
}

}  // namespace
}  // namespace zeropoint::sscha
