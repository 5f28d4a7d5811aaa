#include "phonons/relaxation.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/units.hpp"
#include "tests/support/bond_potential.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

constexpr double gpa = units::gpa_per_ev_angstrom3;

struct Case {
  const char* name;
  Crystal crystal;
};

std::vector<Case> cases() {
  return {{"triclinic", test::triclinic_crystal()}, {"Cmc2_1", test::cmc21_crystal()},
          {"hcp", test::hexagonal_crystal()},       {"wurtzite", test::wurtzite_crystal()},
          {"P2_1/c", test::p21c_crystal()},         {"fcc", test::cubic_crystal()}};
}

/// Bonds between neighbours that are 3 % too long, stretched less where they are many: internal coordinates move, too.
test::BondPotential bonds_of(const Crystal& crystal) {
  return test::BondPotential(test::BondModel::of_neighbours(crystal, {1, 1, 1}, 4.6));
}

TEST(Relaxation, ReachesThePressureAndKeepsTheSpaceGroup) {
  for (const Case& c : cases()) {
    const SpaceGroup group = find_space_group(c.crystal);
    for (const double pressure : {0.0, 5.0, -2.0}) {
      SCOPED_TRACE(fmt::format("{} at {} GPa", c.name, pressure));
      const Relaxation found =
          relax(bonds_of(c.crystal), c.crystal, group,
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
    Relaxation found =
        relax(bonds_of(crystal), crystal, group, {.cell = kind, .pressure = 0.02, .force = 1e-6, .stress = 1e-7});
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

/// Bonds that fail in one evaluation, and remember where they were asked.
template <class Failure>
class FailingOnce : public Potential {
 public:
  FailingOnce(const Potential& potential, std::size_t which) : potential_(potential), which_(which) {}
  Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override {
    asked.push_back(reference.crystal());
    if (asked.size() == which_) throw Failure{"evaluation {} fails", which_};
    return potential_.evaluate(reference, displacements);
  }
  mutable std::vector<Crystal> asked;

 private:
  const Potential& potential_;
  std::size_t which_;
};

TEST(Relaxation, TakesAShorterStepWhereThePotentialHasNoFiniteAnswer) {
  const Crystal crystal = test::cmc21_crystal();
  const test::BondPotential bonds = bonds_of(crystal);
  const FailingOnce<ConfigurationError> potential(bonds, 2);
  const Relaxation found = relax(potential, crystal, find_space_group(crystal), {.cell = CellKind::fixed});
  EXPECT_TRUE(found.converged) << found.reason;
  const double refused = (potential.asked[1].positions - crystal.positions).norm();
  EXPECT_NEAR((potential.asked[2].positions - crystal.positions).norm(), refused / 4, 1e-12);
}

TEST(Relaxation, EndsWithACalculatorThatDied) {
  const Crystal crystal = test::cmc21_crystal();
  const test::BondPotential bonds = bonds_of(crystal);
  const FailingOnce<CalculatorError> potential(bonds, 3);
  EXPECT_THROW(relax(potential, crystal, find_space_group(crystal)), CalculatorError);
  EXPECT_EQ(potential.asked.size(), 3U);
  const FailingOnce<InputError> wrong(bonds, 3);
  EXPECT_THROW(relax(wrong, crystal, find_space_group(crystal)), InputError);
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
