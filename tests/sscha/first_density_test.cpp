// What makes matrices fit to draw from, and matrices of a structure.
#include "sscha/first_density.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "phonons/displacements.hpp"
#include "phonons/modes.hpp"
#include "tests/support/bond_potential.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::sscha {
namespace {

const UnitSet& units = units::codata2022;

/// The lowest mode at grid point `iq` gets omega^2 -> `factor` omega^2; everything else stays.
void scale_lowest_mode(phonons::DynamicalMatrices& matrices, int iq, double factor) {
  const std::vector<phonons::Modes> modes = phonons::diagonalise(matrices);
  Eigen::VectorXd roots(matrices.n_modes());
  for (int x = 0; x < roots.size(); ++x) roots[x] = std::sqrt(matrices.crystal.masses[x / 3]);
  const Eigen::VectorXcd e = roots.asDiagonal() * modes[iq].polarisations.col(0);
  matrices.blocks[iq] += (factor - 1) * std::pow(modes[iq].frequencies[0], 2) * e * e.adjoint();
}

TEST(FirstDensity, IsLeftAsItIsWhenAllModesArePositiveAndStiff) {
  const phonons::DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {2, 2, 2}, 3);
  const FirstDensity first = first_density(matrices, 50, units);
  EXPECT_EQ(first.n_turned, 0);
  EXPECT_TRUE(first.imaginary.empty());
  EXPECT_EQ(first.raised_to, 0);
  EXPECT_EQ(first.matrices.blocks, matrices.blocks);
  EXPECT_TRUE(imaginary_modes(matrices, units).empty());
}

TEST(FirstDensity, TurnsImaginaryModesAndTellsWhichTheyWere) {
  phonons::DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 1, 1}, 4);
  const int iq = 1;
  const double before = phonons::diagonalise(matrices)[iq].frequencies[0];
  scale_lowest_mode(matrices, iq, -1);
  const FirstDensity first = first_density(matrices, 10, units);
  EXPECT_EQ(first.n_turned, 1);
  ASSERT_EQ(first.imaginary.size(), 1u);
  EXPECT_EQ(first.imaginary[0].q, matrices.grid.points()[iq]);
  ASSERT_EQ(first.imaginary[0].frequencies.size(), 1u);
  EXPECT_NEAR(first.imaginary[0].frequencies[0], -units.inverse_cm(before), 1e-6);
  EXPECT_NEAR(phonons::diagonalise(first.matrices)[iq].frequencies[0], before, 1e-9);
}

TEST(FirstDensity, HoldsAtomsAwayFromTheirNeighbours) {
  phonons::DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 1, 1}, 4);
  scale_lowest_mode(matrices, 1, 1e-6);
  const FirstDensity first = first_density(matrices, 300, units);
  EXPECT_EQ(first.n_turned, 0);
  EXPECT_GT(first.raised_to, 0);
  EXPECT_DOUBLE_EQ(first.largest_displacement, 0.25 * shortest_distance(matrices.crystal));
  const auto longest = [&](const phonons::DynamicalMatrices& of) {
    double most = 0;
    for (const Eigen::Matrix3d& u : phonons::mean_square_displacements(of, 300, units))
      most = std::max(most, std::sqrt(u.trace()));
    return most;
  };
  EXPECT_GT(longest(matrices), first.largest_displacement);
  EXPECT_LE(longest(first.matrices), first.largest_displacement);
}

/// Bonds that remember whether they were asked; its precise twin has springs that are harder by a tenth.
class RoundingBonds : public test::BondPotential {
 public:
  RoundingBonds(const test::BondModel& rounded, const test::BondModel& precise)
      : test::BondPotential(rounded), precise_(precise) {}
  std::unique_ptr<Potential> in_double_precision() const override {
    return std::make_unique<test::BondPotential>(precise_);
  }

 private:
  test::BondModel precise_;
};

TEST(MatricesOfAStructure, AreThoseOfThePotentialAtRest) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6);
  const test::BondPotential potential(model);
  const SpaceGroup group = find_space_group(crystal);
  int n_relaxed = 0, n_idle = 0;
  const StructureStart start{.divisions = {2, 2, 2},
                             .relaxed =
                                 [&](const phonons::Relaxation& found) {
                                   EXPECT_TRUE(found.converged) << found.reason;
                                   ++n_relaxed;
                                 },
                             .idle = [&] { ++n_idle; }};
  const phonons::HarmonicMatrices found = matrices_of_structure(potential, crystal, group, start);
  EXPECT_EQ(n_relaxed, 1);
  EXPECT_GT(n_idle, 0);
  const phonons::DynamicalMatrices exact = model.harmonic(crystal);
  for (int iq = 0; iq < exact.grid.size(); ++iq) {
    const int here = found.matrices.grid.find(exact.grid.points()[iq]);
    EXPECT_LT((found.matrices.blocks[here] - exact.blocks[iq]).norm(), 1e-9) << "q " << iq;
  }
}

TEST(MatricesOfAStructure, BelongToTheRelaxedCell) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondPotential potential(test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6));
  const SpaceGroup group = find_space_group(crystal);
  StructureStart start{
      .divisions = {2, 2, 2}, .cell = CellKind::isotropic, .pressure = 5 / units::gpa_per_ev_angstrom3};
  double volume = 0;
  start.relaxed = [&](const phonons::Relaxation& found) { volume = found.crystal.volume(); };
  const phonons::HarmonicMatrices found = matrices_of_structure(potential, crystal, group, start);
  EXPECT_LT(volume, crystal.volume());
  EXPECT_EQ(found.matrices.crystal.volume(), volume);
  start.relax = false;
  EXPECT_NEAR(matrices_of_structure(potential, crystal, group, start).matrices.crystal.volume(), crystal.volume(),
              1e-9 * crystal.volume());
}

TEST(MatricesOfAStructure, AreComputedInDoublePrecisionWhereThePotentialCan) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondModel rounded = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6);
  const test::BondModel precise = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.7);
  const SpaceGroup group = find_space_group(crystal);
  const StructureStart start{.divisions = {2, 2, 2}, .relax = false};
  const auto found = matrices_of_structure(RoundingBonds(rounded, precise), crystal, group, start);
  const auto expected = matrices_of_structure(test::BondPotential(precise), crystal, group, start);
  EXPECT_EQ(found.matrices.blocks, expected.matrices.blocks);
}

}  // namespace
}  // namespace zeropoint::sscha
