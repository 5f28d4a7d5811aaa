#include "phonons/relaxation.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/error.hpp"
#include "core/units.hpp"
#include "phonons/qe_dyn.hpp"
#include "phonons/symmetrizer.hpp"
#include "sscha/model_potentials.hpp"
#include "tests/support/bond_potential.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double gpa = units::gpa_per_ev_angstrom3;

struct Case {
  const char* name;
  Crystal crystal;
};

std::vector<Case> cases() {
  return {{"triclinic", test::triclinic_crystal()}, {"Cmc2_1", test::cmc21_crystal()}, {"hcp", test::hexagonal_crystal()},
          {"wurtzite", test::wurtzite_crystal()},   {"P2_1/c", test::p21c_crystal()},  {"fcc", test::cubic_crystal()}};
}

/// Bonds between neighbours that are 3 % too long, stretched less where they are many: internal coordinates move, too.
test::BondPotential bonds_of(const Crystal& crystal) { return test::BondPotential(test::BondModel::of_neighbours(crystal, {1, 1, 1}, 4.6)); }

TEST(Relaxation, ReachesThePressureAndKeepsTheSpaceGroup) {
  for (const Case& c : cases()) {
    const SpaceGroup group = find_space_group(c.crystal);
    for (const double pressure : {0.0, 5.0, -2.0}) {
      SCOPED_TRACE(fmt::format("{} at {} GPa", c.name, pressure));
      const Relaxation found = relax(bonds_of(c.crystal), c.crystal, group,
                                     {.cell = CellKind::full, .pressure = pressure / gpa, .force = 1e-6, .stress = 1e-7});
      ASSERT_TRUE(found.converged) << found.reason;
      EXPECT_LT(found.end.force, 1e-6);
      EXPECT_LT((*found.stress + pressure / gpa * Eigen::Matrix3d::Identity()).cwiseAbs().maxCoeff(), 1e-7 + 1e-12);
      EXPECT_LT(found.end.enthalpy, found.start.enthalpy);
      EXPECT_LT(found.forbidden_force, 1e-9);
      EXPECT_EQ(find_space_group(found.crystal).number, group.number);
      EXPECT_LT(found.end.step, 80);
    }
  }
}

TEST(Relaxation, HoldsWhatTheKindOfCellHolds) {
  const Crystal crystal = test::cmc21_crystal();
  const SpaceGroup group = find_space_group(crystal);
  const auto relaxed = [&](CellKind kind) {
    Relaxation found = relax(bonds_of(crystal), crystal, group, {.cell = kind, .pressure = 0.02, .force = 1e-6, .stress = 1e-7});
    EXPECT_TRUE(found.converged) << found.reason;
    return found;
  };
  EXPECT_EQ(relaxed(CellKind::fixed).crystal.cell, crystal.cell);
  const Relaxation isotropic = relaxed(CellKind::isotropic);
  const double scale = std::cbrt(isotropic.crystal.volume() / crystal.volume());
  EXPECT_LT(scale, 0.999);
  EXPECT_LT((isotropic.crystal.cell - scale * crystal.cell).norm(), 1e-12);
  EXPECT_NEAR(-isotropic.stress->trace() / 3, 0.02, 1e-7);
  const Relaxation shape = relaxed(CellKind::shape);
  EXPECT_NEAR(shape.crystal.volume(), crystal.volume(), 1e-10);
  EXPECT_GT((shape.crystal.cell - crystal.cell).norm(), 1e-3);
  EXPECT_LT((*shape.stress - shape.stress->trace() / 3 * Eigen::Matrix3d::Identity()).cwiseAbs().maxCoeff(), 1e-7);
}

TEST(Relaxation, FindsTheMinimumOfAHarmonicCrystalInFewSteps) {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {2, 2, 1}, 5);
  impose_acoustic_sum_rule(matrices.blocks[static_cast<std::size_t>(matrices.grid.gamma())]);
  Crystal moved = matrices.crystal;
  std::mt19937 random(2);
  std::normal_distribution<double> normal(0, 0.05);
  moved.positions = moved.positions.unaryExpr([&](double x) { return x + normal(random); });
  const Relaxation found = relax(sscha::HarmonicPotential(matrices), moved, find_space_group(moved),
                                 {.cell = CellKind::fixed, .force = 1e-7, .divisions = {2, 2, 1}});
  ASSERT_TRUE(found.converged) << found.reason;
  EXPECT_LT(found.end.step, 25);  // nine coordinates, three of them translations
  Vectors away = found.crystal.positions - matrices.crystal.positions;
  away.rowwise() -= away.colwise().mean().eval();
  EXPECT_LT(away.cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_LT((found.crystal.positions.colwise().mean() - moved.positions.colwise().mean()).norm(), 1e-12);
}

TEST(Relaxation, OfTheTinTellurideModelStaysWhereSymmetryHoldsItAndFallsWhereNothingDoes) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const DynamicalMatrices matrices = read_qe_dyn(data + "/toy/snte/ffield_dynq");
  const sscha::ToyTinTelluride potential(matrices);
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

TEST(Relaxation, SaysWhyItDoesNotEnd) {
  const Crystal crystal = test::cmc21_crystal();
  const SpaceGroup group = find_space_group(crystal);
  const test::BondPotential bonds = bonds_of(crystal);
  const Relaxation cut = relax(bonds, crystal, group, {.pressure = 0.1, .max_steps = 1});
  EXPECT_FALSE(cut.converged);
  EXPECT_EQ(cut.reason, "not converged after 1 steps");
  const Relaxation torn = relax(bonds, crystal, group, {.pressure = 60});
  EXPECT_FALSE(torn.converged);
  EXPECT_NE(torn.reason.find("no minimum at this pressure"), std::string::npos) << torn.reason;
  EXPECT_THROW(relax(test::WithoutStress(bonds), crystal, group), InputError);
  EXPECT_TRUE(relax(test::WithoutStress(bonds), crystal, group, {.cell = CellKind::fixed}).converged);
}

}  // namespace
}  // namespace zeropoint::phonons
