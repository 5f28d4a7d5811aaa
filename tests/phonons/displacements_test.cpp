#include "phonons/displacements.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/decompositions.hpp"
#include "phonons/modes.hpp"
#include "phonons/q_stars.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

const UnitSet& units = units::codata2022;

double difference(const SiteTensors& a, const SiteTensors& b) {
  double largest = 0;
  for (std::size_t s = 0; s < a.size(); ++s) largest = std::max(largest, (a[s] - b[s]).cwiseAbs().maxCoeff());
  return largest;
}

DynamicalMatrices symmetric_matrices(const Crystal& crystal, const Eigen::Vector3i& divisions) {
  DynamicalMatrices matrices = test::model_matrices(crystal, divisions, 5);
  const SpaceGroup group = keeping_grid(find_space_group(crystal), matrices.grid);
  Symmetrizer(group, crystal, matrices.grid).matrices(matrices.blocks);
  return matrices;
}

TEST(MeanSquareDisplacements, OfAtomsOnSpringsAreThoseOfOscillators) {
  // Every atom on a spring of its own, no coupling: U = hbar/(2 m w) coth(hbar w/2kT) along the axes of the spring.
  // Three of the modes at Gamma are translations, which do not count: shares of each mode there are left out of the
  // expectation by a single atom a cell, all of whose modes at Gamma are translations.
  Crystal crystal = test::triclinic_lattice();
  const Eigen::Vector3i divisions(3, 2, 2);
  const Eigen::Matrix3d turn = test::some_rotation();
  const Eigen::Vector3d springs(2.0, 5.0, 11.0);  // eV/angstrom^2
  DynamicalMatrices matrices{crystal, QGrid(divisions), {}, {}, 0, ""};
  const Eigen::Matrix3d block = turn * springs.asDiagonal() * turn.transpose();
  matrices.blocks.assign(12, block.cast<std::complex<double>>());
  for (const double t : {0.0, 20.0, 700.0}) {
    Eigen::Vector3d squares;
    for (int i = 0; i < 3; ++i)
      squares[i] =
          11.0 / 12 * squared_amplitude(std::sqrt(springs[i] / crystal.masses[0]), t, units) / crystal.masses[0];
    const Eigen::Matrix3d expected = turn * squares.asDiagonal() * turn.transpose();
    EXPECT_LT((mean_square_displacements(matrices, t).front() - expected).cwiseAbs().maxCoeff(), 1e-14) << t;
  }
  // Classical limit kT/(m w^2) = kT/spring; the next term is (hbar w/kT)^2/12 of it.
  const double hot = 1e5;
  const Eigen::Matrix3d classical = 11.0 / 12 * units.kb_density * hot * block.inverse();
  const double x = units.hbar * std::sqrt(springs[2] / crystal.masses[0]) / (units.kb_density * hot);
  EXPECT_LT((mean_square_displacements(matrices, hot).front() - classical).cwiseAbs().maxCoeff(),
            x * x / 6 * classical.maxCoeff());
}

TEST(MeanSquareDisplacements, AreTheDiagonalBlocksOfTheSupercellsCovariance) {
  // Of all atoms at once, without q points.
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 2);
  impose_acoustic_sum_rule(matrices.blocks[matrices.grid.gamma()]);
  const int n = matrices.n_modes(), n_cells = matrices.grid.size();
  const std::vector<Eigen::MatrixXd> constants = to_real_space(matrices);
  const Supercell supercell = matrices.supercell();
  Eigen::MatrixXd scaled(n * n_cells, n * n_cells);  // m^-1/2 Phi m^-1/2, D of all cells
  Eigen::VectorXd roots(n * n_cells);
  for (int a = 0; a < n_cells; ++a) {
    for (int b = 0; b < n_cells; ++b) {
      const Eigen::Vector3i r = supercell.lattice_vector(a) - supercell.lattice_vector(b);
      Eigen::Vector3i k;
      for (int i = 0; i < 3; ++i) k[i] = (r[i] + matrices.grid.divisions()[i]) % matrices.grid.divisions()[i];
      const auto cell =
          static_cast<std::size_t>((k[0] * matrices.grid.divisions()[1] + k[1]) * matrices.grid.divisions()[2] + k[2]);
      scaled.block(a * n, b * n, n, n) = constants[cell];
    }
    for (int x = 0; x < n; ++x) roots[a * n + x] = std::sqrt(matrices.crystal.masses[x / 3]);
  }
  const double t = 250;
  const Eigen::VectorXd inverse = roots.cwiseInverse();
  scaled = (inverse.asDiagonal() * scaled * inverse.asDiagonal()).eval();
  const Eigensystem<Eigen::MatrixXd> solution = symmetric_eigensystem((scaled + scaled.transpose()) / 2);
  Eigen::VectorXd amplitudes(solution.values.size());
  for (Eigen::Index mu = 0; mu < amplitudes.size(); ++mu) {
    const double square = solution.values[mu];
    amplitudes[mu] = square < 1e-9 ? 0 : squared_amplitude(std::sqrt(square), t, units);
  }
  const Eigen::MatrixXd psi = inverse.asDiagonal() *
                              (solution.vectors * amplitudes.asDiagonal() * solution.vectors.transpose()).eval() *
                              inverse.asDiagonal();
  const SiteTensors tensors = mean_square_displacements(matrices, t);
  for (int s = 0; s < 3; ++s) {
    // 1e-10 of numbers near 1e-2 angstrom^2; a cell in the middle has the same block as the first.
    EXPECT_LT((psi.block<3, 3>(3 * s, 3 * s) - tensors[s]).cwiseAbs().maxCoeff(), 1e-10);
    EXPECT_LT((psi.block<3, 3>(4 * n + 3 * s, 4 * n + 3 * s) - tensors[s]).cwiseAbs().maxCoeff(), 1e-10);
  }
}

TEST(MeanSquareDisplacements, FromOnePointAStarAreThoseOfTheWholeMesh) {
  for (const Crystal& crystal : {test::wurtzite_crystal(), test::p21c_crystal(), test::diamond_crystal()}) {
    const Eigen::Vector3i divisions(2, 2, 2), mesh(4, 4, 4);
    const SpaceGroup group = find_space_group(crystal);
    const Interpolation interpolation(symmetric_matrices(crystal, divisions));
    SpaceGroup none = group;
    none.operations.resize(1);
    const std::vector<double> temperatures{0, 300};
    const auto folded = mean_square_displacements(interpolation, mesh, group, temperatures, true);
    const auto whole = mean_square_displacements(interpolation, mesh, none, temperatures, true);
    for (std::size_t t = 0; t < 2; ++t) {
      EXPECT_LT(difference(folded[t], whole[t]), 1e-10 * whole[t].front().trace());
      EXPECT_LT(difference(symmetrized(folded[t], group), folded[t]), 1e-14);
    }
  }
}

TEST(MeanSquareDisplacements, OnTheGridOfTheMatricesAreThoseOfTheMatrices) {
  const DynamicalMatrices matrices = symmetric_matrices(test::p21c_crystal(), {2, 2, 2});
  const SpaceGroup group = find_space_group(matrices.crystal);
  const auto mesh = mean_square_displacements(Interpolation(matrices), {2, 2, 2}, group, {100});
  EXPECT_LT(difference(mesh.front(), mean_square_displacements(matrices, 100)), 1e-12);
}

TEST(MeanSquareDisplacements, RefuseImaginaryModes) {
  DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {2, 1, 1}, 1);
  matrices.blocks.back() *= -1;
  EXPECT_COMPLAINT(mean_square_displacements(matrices, 0), "mean-square displacements need positive");
  EXPECT_COMPLAINT(mean_square_displacements(matrices, -5), "must be 0 or more");
}

}  // namespace
}  // namespace zeropoint::phonons
