#include "mlp/label_check.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/units.hpp"
#include "mlp/pressure_balance.hpp"
#include "tests/mlp/toy_labels.hpp"

namespace zeropoint::mlp {
namespace {

/// Displaced and strained copies of one structure.
std::vector<LabelledStructure> copies(int count, double displacement, double strain) {
  const test::RandomStructure reference = test::random_structure(51, 8, 2);
  std::mt19937 generator{9};
  std::normal_distribution<double> normal;
  std::vector<LabelledStructure> set;
  for (int k = 0; k < count; ++k) {
    test::RandomStructure moved = reference;
    for (Eigen::Index i = 0; i < moved.positions.size(); ++i)
      moved.positions.data()[i] += displacement * normal(generator);
    Eigen::Matrix3d map = Eigen::Matrix3d::Identity();
    for (Eigen::Index i = 0; i < 9; ++i) map.data()[i] += strain * normal(generator);
    moved.cell = moved.cell * map;
    moved.positions = moved.positions * map;
    set.push_back(test::toy_label(moved));
  }
  return set;
}

TEST(LabelCheck, FindsRightLabelsRight) {
  for (const double strain : {0.0, 0.02}) {
    const LabelConsistency found = check_consistency(copies(60, 0.05, strain));
    ASSERT_TRUE(found.force_factor);
    EXPECT_GT(found.explained, 0.99);
    EXPECT_NEAR(*found.force_factor, 1, 0.05);
    EXPECT_EQ(found.stress_factor.has_value(), strain > 0);
    EXPECT_NEAR(found.stress_factor.value_or(1), 1, 0.05);
    EXPECT_TRUE(complaints(found).empty());
  }
}

TEST(LabelCheck, NamesTheUnitThatWasMistaken) {
  const double bohr = units::codata2022.bohr, rydberg = units::codata2022.rydberg;
  const auto said = [](double force, double energy) {
    std::vector<LabelledStructure> set = copies(40, 0.05, 0);
    for (LabelledStructure& structure : set) {
      structure.forces *= force;
      structure.energy *= energy;
    }
    const auto texts = complaints(check_consistency(set));
    return texts.empty() ? std::string{} : texts[0];
  };
  EXPECT_NE(said(bohr / rydberg, 1).find("Ry/bohr where eV/angstrom"), std::string::npos);
  EXPECT_NE(said(1 / rydberg, 1).find("Ry/angstrom where eV/angstrom"), std::string::npos);
  EXPECT_NE(said(1 / bohr, 1).find("angstrom/bohr"), std::string::npos);
  EXPECT_NE(said(1, 1 / rydberg).find("energies in Ry"), std::string::npos);
  EXPECT_NE(said(-1, 1).find("gradients"), std::string::npos);
  EXPECT_NE(said(1, 1.0 / 8).find("single atoms"), std::string::npos);
}

TEST(LabelCheck, FindsATurnedStress) {
  std::vector<LabelledStructure> set = copies(60, 0.05, 0.02);
  for (LabelledStructure& structure : set) *structure.stress *= -1;
  const auto texts = complaints(check_consistency(set));
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_NE(texts[0].find("sign is turned"), std::string::npos);
}

TEST(LabelCheck, SaysNothingAboutStructuresThatCannotBeCompared) {
  EXPECT_TRUE(complaints(check_consistency(test::toy_set(100, 30))).empty());
  EXPECT_TRUE(complaints(check_consistency(copies(4, 0.05, 0))).empty());
}

/// E = V^2/2 with P = -V + lack: a model that follows the pressures, one that follows the energies, one in between.
TEST(PressureBalance, FindsThePressureThatStressesLack) {
  constexpr double lack = 0.3;
  for (const double share : {0.0, 0.4, 1.0}) {
    PressureBalance balance;
    for (int k = 0; k < 40; ++k) {
      const double volume = 2 + 0.01 * k, noise = 1e-4 * std::cos(17.0 * k * k);
      LabelledStructure label;
      label.cell = std::cbrt(volume) * Eigen::Matrix3d::Identity();
      label.positions.setZero(1, 3);
      label.species = {"Mg"};
      label.energy = volume * volume / 2;
      label.stress = (volume + lack) * Eigen::Matrix3d::Identity();
      Prediction prediction;
      prediction.energy = label.energy + noise + 0.7 + (1 - share) * lack * volume;
      prediction.stress = (volume + (1 - share) * lack) * Eigen::Matrix3d::Identity();
      EXPECT_FALSE(k < 20 && balance.lacking());
      balance.add(prediction, label);
    }
    const std::optional<Estimate> found = balance.lacking();
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->value, lack, 5 * found->standard_error);
    EXPECT_LT(found->standard_error, 1e-3);
    LabelledStructure other;
    other.cell.setIdentity();
    other.positions.setZero(1, 3);
    other.species = {"O"};
    other.stress = Eigen::Matrix3d::Zero();
    Prediction prediction;
    prediction.stress.setZero();
    balance.add(prediction, other);
    EXPECT_FALSE(balance.lacking());
  }
}

}  // namespace
}  // namespace zeropoint::mlp
