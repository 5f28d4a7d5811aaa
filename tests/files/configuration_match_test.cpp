#include "files/configuration_match.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "core/error.hpp"
#include "core/units.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint {
namespace {

at::Tensor random_displacements(std::int64_t n, int n_atoms, double width) {
  at::Tensor u = at::empty({n, n_atoms, 3}, at::kDouble);
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(0, width);
  double* const values = u.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < u.numel(); ++i) values[i] = normal(random);
  return u;
}

class ConfigurationMatch : public testing::Test {
 protected:
  /// Configuration c as an output would hold it, with forces that name their atom.
  LabelledStructure structure(std::int64_t c) const {
    LabelledStructure s;
    s.cell = crystal_.cell;
    s.species = crystal_.species;
    s.positions = crystal_.positions + Eigen::Map<const Vectors>(u_.const_data_ptr<double>() + c * 72, 24, 3);
    s.forces = Vectors::Zero(24, 3);
    for (int atom = 0; atom < 24; ++atom) s.forces(atom, 0) = atom;
    return s;
  }

  /// Row i of the result is row order[i].
  static LabelledStructure reordered(const LabelledStructure& s, const std::vector<int>& order) {
    LabelledStructure other = s;
    other.positions = in_supercell_order(s.positions, order);
    other.forces = in_supercell_order(s.forces, order);
    for (std::size_t i = 0; i < order.size(); ++i) other.species[i] = s.species[order[i]];
    return other;
  }

  static std::vector<int> shuffled() {
    std::vector<int> order(24);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937_64{3});
    return order;
  }

  /// Row `atom` pushed by `distance` along a diagonal.
  static LabelledStructure pushed(LabelledStructure s, int atom, double distance) {
    s.positions.row(atom).array() += distance / std::sqrt(3.0);
    return s;
  }

  const Supercell reference_ = test::triclinic_supercell();  // 24 atoms: Te H Sn H in 2 x 1 x 3 cells
  const Crystal crystal_ = reference_.crystal();
  const at::Tensor u_ = random_displacements(200, 24, 0.05);
  const ConfigurationIndex index_{reference_, u_};
};

TEST_F(ConfigurationMatch, FindsEveryConfiguration) {
  for (std::int64_t c = 0; c < 200; ++c) {
    const Match match = index_.find(structure(c));
    ASSERT_TRUE(match) << match.reason;
    EXPECT_EQ(match.configuration, c);
    EXPECT_EQ(match.reason, "");
    for (int i = 0; i < 24; ++i) EXPECT_EQ(match.order[i], i);
  }
}

TEST_F(ConfigurationMatch, UndoesAnyOrderOfTheAtoms) {
  for (const std::int64_t c : {0, 57, 199}) {
    const LabelledStructure mixed = reordered(structure(c), shuffled());
    const Match match = index_.find(mixed);
    ASSERT_EQ(match.configuration, c) << match.reason;
    EXPECT_EQ(in_supercell_order(mixed.forces, match.order), structure(c).forces);
  }
}

TEST_F(ConfigurationMatch, SeesAtomsThatWereWrappedIntoTheCell) {
  LabelledStructure wrapped = structure(11);
  const Vectors fractional = wrapped.positions * crystal_.cell.inverse();
  const Vectors inside = fractional.array() - fractional.array().floor();
  EXPECT_GT((inside - fractional).cwiseAbs().maxCoeff(), 0.5);  // something is wrapped
  wrapped.positions = inside * crystal_.cell;
  EXPECT_EQ(index_.find(wrapped).configuration, 11);
  EXPECT_EQ(index_.find(reordered(wrapped, shuffled())).configuration, 11);
  wrapped.positions.row(5) += Eigen::RowVector3d{-1, 1, 0} * crystal_.cell;
  EXPECT_EQ(index_.find(wrapped).configuration, 11);
}

TEST_F(ConfigurationMatch, AcceptsTheDigitsOfPwxAndVasp) {
  const auto rounded = [&](double unit) {
    LabelledStructure s = structure(42);
    s.positions = (s.positions / unit).array().round() * unit;
    return index_.find(s).configuration;
  };
  EXPECT_EQ(rounded(1e-7 * 40), 42);  // 7 decimals, alat = 75 bohr
  EXPECT_EQ(rounded(1e-5), 42);       // the table of forces in OUTCAR
  EXPECT_EQ(rounded(1e-3), -1);
}

TEST_F(ConfigurationMatch, CountsWrappedAtomsWithTheDifferenceOfTheCells) {
  LabelledStructure s = structure(3);
  s.cell(0, 0) += 9e-5;  // as close as a cell must be; atoms that are not wrapped stay where they are
  EXPECT_EQ(index_.find(s).configuration, 3);
  s.positions.row(7) += s.cell.row(0);
  EXPECT_EQ(index_.find(s).configuration, 3);
  EXPECT_EQ(index_.find(reordered(s, shuffled())).configuration, 3);
  EXPECT_EQ(index_.find(pushed(structure(3), 7, 9e-5)).configuration, -1);
}

TEST_F(ConfigurationMatch, NamesAnAtomOffItsSite) {
  EXPECT_EQ(index_.find(pushed(structure(20), 4, 1.9e-5)).configuration, 20);
  for (int atom = 0; atom < 24; ++atom) {
    const Match match = index_.find(pushed(structure(20), atom, 0.0123));
    EXPECT_FALSE(match);
    EXPECT_TRUE(match.order.empty());
    const std::string& species = crystal_.species[atom];
    EXPECT_THAT_CONTAINS(
        match.reason,
        fmt::format("nearest is configuration 21, but 1 of 24 atoms are off, such as atom {0} ({1}): 0.0123 "
                    "angstrom from atom {0} of the supercell ({1}), at most 2e-05 are allowed",
                    atom + 1, species));
  }
}

TEST_F(ConfigurationMatch, RefusesExchangedSpecies) {
  LabelledStructure s = structure(8);
  std::swap(s.species[0], s.species[2]);  // the labels
  EXPECT_THAT_CONTAINS(index_.find(s).reason,
                       "the positions are those of configuration 9, but species are exchanged: atom 1 is Sn where "
                       "atom 1 of the supercell is Te, atom 3 is Te where atom 3 of the supercell is Sn.");
  for (int a = 0; a < 24; ++a) {  // whichever of the atoms: their places
    const int b = a / 4 * 4 + (a + 1) % 4;
    LabelledStructure swapped = structure(8);
    swapped.positions.row(a).swap(swapped.positions.row(b));
    const Match match = index_.find(swapped);
    EXPECT_FALSE(match);
    EXPECT_THAT_CONTAINS(match.reason, "are those of configuration 9, but species are exchanged");
  }
  LabelledStructure same = structure(8);
  same.positions.row(1).swap(same.positions.row(3));  // both are H: an order of the atoms like any other
  EXPECT_EQ(index_.find(same).configuration, 8);
}

TEST_F(ConfigurationMatch, NamesAnotherCell) {
  const auto reason = [&](const Eigen::Matrix3d& cell) {
    LabelledStructure s = structure(0);
    s.cell = cell;
    return index_.find(s).reason;
  };
  const Eigen::Matrix3d& cell = crystal_.cell;
  const double bohr = units::codata2022.bohr;
  EXPECT_THAT_CONTAINS(reason(cell / bohr), "bohr instead of angstrom?");
  EXPECT_THAT_CONTAINS(reason(cell * bohr), "taken for bohr, but angstrom?");
  EXPECT_THAT_CONTAINS(reason(cell * 1.01), "another cell: a");
  EXPECT_THAT_CONTAINS(reason(cell * 1.01), "all vectors are 1.010000 times as long: another volume");
  const Eigen::Matrix3d turn = Eigen::AngleAxisd(0.3, Eigen::Vector3d{1, 2, 3}.normalized()).toRotationMatrix();
  EXPECT_THAT_CONTAINS(reason(cell * turn), "the crystal is rotated, and rotated structures are not matched");
  Eigen::Matrix3d other = cell;
  other.row(0) += cell.row(1);
  EXPECT_THAT_CONTAINS(reason(other), "other vectors of the same lattice");
  Eigen::Matrix3d strained = cell;
  strained(2, 1) += 0.02;
  EXPECT_THAT_CONTAINS(reason(strained), "another cell: a3 is (");
  EXPECT_THAT_CONTAINS(reason(strained), "0.02 off; another volume, grid or strain");
}

TEST_F(ConfigurationMatch, NamesOtherAtomsAndOtherPopulations) {
  LabelledStructure s = structure(0);
  s.species[1] = "O";
  EXPECT_THAT_CONTAINS(index_.find(s).reason, "other atoms: 11 H, 1 O, 6 Sn, 6 Te; the supercell has 12 H, 6 Sn, 6 Te");
  s = structure(0);
  s.species.pop_back();
  s.positions.conservativeResize(23, 3);
  EXPECT_EQ(index_.find(s).reason, "23 atoms, the supercell has 24");
  s = structure(5);
  s.positions.array() += 0.3;
  EXPECT_THAT_CONTAINS(index_.find(s).reason,
                       "no configuration is near: in the order of the supercell the nearest is configuration ");
  const ConfigurationIndex none{reference_, at::empty({0, 24, 3}, at::kDouble)};
  EXPECT_EQ(none.find(structure(0)).reason, "the population is empty");
  s = structure(5);
  s.positions(3, 1) = 1e300;
  EXPECT_THAT_CONTAINS(index_.find(s).reason, "an atom is far outside of the cell");
}

TEST_F(ConfigurationMatch, TakesLabelsForElementsWhenTheTwoSidesDiffer) {
  Crystal labelled = reference_.unit_cell();  // Te H1 Sn H2
  labelled.species[1] = "H1";
  labelled.species[3] = "H2";
  const ConfigurationIndex index{Supercell{labelled, reference_.divisions()}, u_};
  EXPECT_EQ(index.find(structure(1)).configuration, 1);  // VASP writes H for both
  LabelledStructure s = structure(1);
  s.species = Supercell{labelled, reference_.divisions()}.crystal().species;
  EXPECT_EQ(index.find(s).configuration, 1);
  s.positions.row(1).swap(s.positions.row(3));  // two different potentials in the wrong place
  EXPECT_THAT_CONTAINS(index.find(s).reason, "species are exchanged: atom 4 is H2 where atom 2 of the supercell is H1");
}

TEST_F(ConfigurationMatch, TakesTheFirstOfEqualConfigurations) {
  const ConfigurationIndex resting{reference_, at::zeros({50, 24, 3}, at::kDouble)};
  LabelledStructure s = structure(0);
  s.positions = crystal_.positions;
  EXPECT_EQ(resting.find(s).configuration, 0);
  EXPECT_EQ(resting.find(reordered(s, shuffled())).configuration, 0);
}

TEST_F(ConfigurationMatch, RefusesDisplacementsOfAnotherShape) {
  EXPECT_THROW((ConfigurationIndex{reference_, at::zeros({5, 23, 3}, at::kDouble)}), InputError);
  EXPECT_THROW((ConfigurationIndex{reference_, at::zeros({5, 24, 3}, at::kFloat)}), InputError);
}

TEST(ConfigurationIndex, FindsRowsOfALargePopulationInAnyOrderOfAtoms) {
  Crystal cell;
  cell.cell = Eigen::Matrix3d::Identity() * 5.5;
  cell.positions = Vectors::Zero(14, 3);
  for (int s = 0; s < 14; ++s) cell.positions.row(s) << 1.8 * (s % 3), 1.8 * (s / 3 % 3), 1.8 * (s / 9);
  cell.species.assign(14, "H");
  cell.species[0] = cell.species[13] = "Sr";
  cell.masses = Eigen::VectorXd::Ones(14);
  const Supercell reference{cell, {2, 2, 2}};
  const Crystal crystal = reference.crystal();
  const at::Tensor u = random_displacements(40000, 112, 0.1);
  const ConfigurationIndex index{reference, u};
  for (int k = 0; k < 10; ++k) {
    const std::int64_t c = 3970 * k;
    LabelledStructure s;
    s.cell = crystal.cell;
    s.species = crystal.species;
    s.positions = crystal.positions + Eigen::Map<const Vectors>(u.const_data_ptr<double>() + c * 336, 112, 3);
    EXPECT_EQ(index.find(s).configuration, c);
    const Vectors reversed = s.positions.colwise().reverse();
    s.positions = reversed;
    std::reverse(s.species.begin(), s.species.end());
    EXPECT_EQ(index.find(s).configuration, c);
    s.positions.array() += 0.1;  // none: the nearest is looked for
    EXPECT_FALSE(index.find(s));
  }
}

}  // namespace
}  // namespace zeropoint
