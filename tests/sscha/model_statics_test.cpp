#include <gtest/gtest.h>

#include <random>

#include "phonons/finite_differences.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/relaxation.hpp"
#include "phonons/symmetrizer.hpp"
#include "potentials/harmonic.hpp"
#include "potentials/tin_telluride.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::sscha {
namespace {

using namespace phonons;

constexpr double rounding = 1e-11;  // 1e-15 of 10 eV/A over 0.01 A

/// |a - b| over |b|, q points in any order.
double relative_difference(const DynamicalMatrices& a, const DynamicalMatrices& b) {
  std::vector<Eigen::MatrixXcd> change;
  for (int iq = 0; iq < a.grid.size(); ++iq) {
    const int other = b.grid.find(a.grid.points()[iq]);
    change.push_back(a.blocks[iq] - b.blocks.at(static_cast<std::size_t>(other)));
  }
  return norm(change) / norm(b.blocks);
}

TEST(ModelStatics, DifferencesOfAHarmonicCrystalAreItsMatrices) {
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 2, 1}, 3);
  DynamicalMatrices exact = matrices;
  Symmetrizer(find_space_group(matrices.crystal), matrices.crystal, matrices.grid).matrices(exact.blocks);
  const HarmonicMatrices found = harmonic_matrices(potentials::HarmonicPotential(exact), matrices.crystal, {2, 2, 1},
                                                   find_space_group(matrices.crystal));
  EXPECT_LT(relative_difference(found.matrices, exact), rounding);
}

TEST(ModelStatics, DifferencesOfTheTinTellurideModelAreItsForceConstants) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  // The matrices of the files break the sum rule by 3e-4: the model is made of what obeys it.
  DynamicalMatrices matrices = read_qe_dyn(data + "/toy/snte/ffield_dynq");
  const SpaceGroup group = find_space_group(matrices.crystal);
  Symmetrizer(group, matrices.crystal, matrices.grid).matrices(matrices.blocks);
  const HarmonicMatrices found =
      harmonic_matrices(potentials::ToyTinTelluride(matrices), matrices.crystal, matrices.grid.divisions(), group);
  EXPECT_EQ(found.n_operations, 48);
  EXPECT_EQ(found.n_displacements, 4);  // two atoms along one direction, which inversion turns over
  EXPECT_LT(relative_difference(found.matrices, matrices), 1e-9);  // rounding of the supercell's constants
}

TEST(ModelStatics, RelaxationFindsTheMinimumOfAHarmonicCrystalInFewSteps) {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 2, 1}, 5);
  impose_acoustic_sum_rule(matrices.blocks[matrices.grid.gamma()]);
  Crystal moved = matrices.crystal;
  std::mt19937 random(2);
  std::normal_distribution<double> normal(0, 0.05);
  moved.positions = moved.positions.unaryExpr([&](double x) { return x + normal(random); });
  const Relaxation found = relax(potentials::HarmonicPotential(matrices), moved, find_space_group(moved),
                                 {.cell = CellKind::fixed, .force = 1e-7, .divisions = {2, 2, 1}});
  ASSERT_TRUE(found.converged) << found.reason;
  EXPECT_LT(found.end.step, 25);  // nine coordinates, three of them translations
  Vectors away = found.crystal.positions - matrices.crystal.positions;
  away.rowwise() -= away.colwise().mean().eval();
  EXPECT_LT(away.cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_LT((found.crystal.positions.colwise().mean() - moved.positions.colwise().mean()).norm(), 1e-12);
}

TEST(ModelStatics, RelaxationOfTheTinTellurideModelStaysWhereSymmetryHoldsItAndFallsWhereNothingDoes) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const DynamicalMatrices matrices = read_qe_dyn(data + "/toy/snte/ffield_dynq");
  const potentials::ToyTinTelluride potential(matrices);
  const RelaxationOptions options{.cell = CellKind::fixed, .force = 1e-6, .divisions = matrices.grid.divisions()};
  const Relaxation held = relax(potential, matrices.crystal, find_space_group(matrices.crystal), options);
  EXPECT_TRUE(held.converged);
  EXPECT_EQ(held.end.step, 0);
  Crystal moved = matrices.crystal;
  moved.positions.row(1) += Eigen::RowVector3d(0.01, 0.012, 0.015);
  const Relaxation found = relax(potential, moved, find_space_group(moved), options);
  ASSERT_TRUE(found.converged) << found.reason;
  EXPECT_LT(found.energy, -1e-3);  // ferroelectric
  EXPECT_LT(found.end.step, 60);
}

}  // namespace
}  // namespace zeropoint::sscha
