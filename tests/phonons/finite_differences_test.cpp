#include "phonons/finite_differences.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/support/bond_potential.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::phonons {
namespace {

struct Case {
  const char* name;
  Crystal crystal;
  Eigen::Vector3i divisions;
};

std::vector<Case> cases() {
  return {{"triclinic isotopes", test::triclinic_crystal(), {3, 2, 1}},
          {"Cmc2_1", test::cmc21_crystal(), {2, 2, 2}},
          {"hcp", test::hexagonal_crystal(), {3, 3, 1}},
          {"wurtzite", test::wurtzite_crystal(), {2, 2, 1}},
          {"diamond", test::diamond_crystal(), {2, 2, 2}},
          {"P2_1/c", test::p21c_crystal(), {1, 2, 1}},
          {"fcc on a grid of lower symmetry", test::cubic_crystal(), {3, 1, 1}}};
}

/// |a - b| over |b|, q points in any order.
double relative_difference(const DynamicalMatrices& a, const DynamicalMatrices& b) {
  std::vector<Eigen::MatrixXcd> change;
  for (int iq = 0; iq < a.grid.size(); ++iq) {
    const int other = b.grid.find(a.grid.points()[iq]);
    change.push_back(a.blocks[iq] - b.blocks.at(static_cast<std::size_t>(other)));
  }
  return norm(change) / norm(b.blocks);
}

// Forces are polynomials of third degree: differences of fourth order are exact but for rounding, 1e-15 of 10 eV/A over
// 0.01 A.
constexpr double rounding = 1e-11;

TEST(FiniteDifferences, AreTheAnalyticSecondDerivatives) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const test::BondModel model = test::BondModel::of_neighbours(c.crystal, c.divisions, 4.6);
    const HarmonicMatrices found =
        harmonic_matrices(test::BondPotential(model), c.crystal, c.divisions, find_space_group(c.crystal));
    EXPECT_LT(relative_difference(found.matrices, model.harmonic(c.crystal)), rounding);
    EXPECT_LT(found.asymmetry, rounding);
  }
}

TEST(FiniteDifferences, NeedFewerDisplacementsWithSymmetryAndGiveTheSame) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const test::BondPotential potential(test::BondModel::of_neighbours(c.crystal, c.divisions, 4.6));
    const SpaceGroup group = find_space_group(c.crystal);
    const HarmonicMatrices reduced = harmonic_matrices(potential, c.crystal, c.divisions, group);
    const HarmonicMatrices all = harmonic_matrices(potential, c.crystal, c.divisions, group, {.reduced = false});
    EXPECT_EQ(all.n_displacements, 12 * c.crystal.n_atoms());
    if (reduced.n_operations > 1) {
      EXPECT_LT(reduced.n_displacements, all.n_displacements);
    } else {
      EXPECT_EQ(reduced.n_displacements, all.n_displacements);
    }
    EXPECT_LT(relative_difference(reduced.matrices, all.matrices), rounding);
  }
}

TEST(FiniteDifferences, NeedOneDisplacementOfEachAtomOfRockSaltForSecondOrder) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondPotential potential(test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6));
  const HarmonicMatrices found =
      harmonic_matrices(potential, crystal, {2, 2, 2}, find_space_group(crystal), {.order = 2});
  EXPECT_EQ(found.n_displacements, 2);
  EXPECT_LT(found.residual_force, 1e-12);  // every site is a centre
}

TEST(FiniteDifferences, OfSecondOrderErrBySquareOfTheDisplacement) {
  const Crystal crystal = test::cmc21_crystal();
  const test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 1, 1}, 4.6);
  const DynamicalMatrices exact = model.harmonic(crystal);
  const auto error = [&](double h) {
    return relative_difference(harmonic_matrices(test::BondPotential(model), crystal, {2, 1, 1},
                                                 find_space_group(crystal), {.displacement = h, .order = 2})
                                   .matrices,
                               exact);
  };
  EXPECT_NEAR(error(0.04) / error(0.02), 4, 1e-3);
}

TEST(FiniteDifferences, RefuseWhatIsNoDifference) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondPotential potential(test::BondModel::of_neighbours(crystal, {1, 1, 1}, 4.6));
  const SpaceGroup group = find_space_group(crystal);
  EXPECT_THROW(harmonic_matrices(potential, crystal, {1, 1, 1}, group, {.order = 3}), InputError);
  EXPECT_THROW(harmonic_matrices(potential, crystal, {1, 1, 1}, group, {.displacement = 0}), InputError);
}

}  // namespace
}  // namespace zeropoint::phonons
