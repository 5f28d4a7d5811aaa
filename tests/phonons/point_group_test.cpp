#include "phonons/point_group.hpp"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <cmath>
#include <numbers>
#include <set>

#include "core/standard_cell.hpp"
#include "phonons/gamma_modes.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

using Matrices = std::vector<Eigen::Matrix3d>;

Eigen::Matrix3d turn(int n, const Eigen::Vector3d& axis) {
  return Eigen::AngleAxisd(2 * std::numbers::pi / n, axis.normalized()).toRotationMatrix();
}

const Eigen::Vector3d x = Eigen::Vector3d::UnitX(), z = Eigen::Vector3d::UnitZ(), diagonal(1, 1, 1);
const Eigen::Matrix3d inversion = -Eigen::Matrix3d::Identity();

Eigen::Index find(const Matrices& group, const Eigen::Matrix3d& element) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    if ((group[i] - element).cwiseAbs().maxCoeff() < 1e-6) return static_cast<Eigen::Index>(i);
  }
  return -1;
}

Matrices closure(const Matrices& generators) {
  Matrices group{Eigen::Matrix3d::Identity()};
  for (std::size_t i = 0; i < group.size(); ++i) {
    for (const Eigen::Matrix3d& generator : generators) {
      const Eigen::Matrix3d product = generator * group[i];
      if (find(group, product) < 0) group.push_back(product);
    }
  }
  return group;
}

struct Named {
  const char *schoenflies, *international;
  Matrices generators;
};

/// The 32 groups from generators, main axis z, twofold axes or mirror normals along x.
std::vector<Named> all_groups() {
  const Eigen::Matrix3d m_z = -turn(2, z), m_x = -turn(2, x), c2x = turn(2, x), c3 = turn(3, diagonal);
  const auto c = [](int n) { return turn(n, z); };
  return {{"C1", "1", {}},
          {"Ci", "-1", {inversion}},
          {"C2", "2", {c(2)}},
          {"Cs", "m", {m_z}},
          {"C2h", "2/m", {c(2), inversion}},
          {"D2", "222", {c(2), c2x}},
          {"C2v", "mm2", {c(2), m_x}},
          {"D2h", "mmm", {c(2), c2x, inversion}},
          {"C4", "4", {c(4)}},
          {"S4", "-4", {-c(4)}},
          {"C4h", "4/m", {c(4), inversion}},
          {"D4", "422", {c(4), c2x}},
          {"C4v", "4mm", {c(4), m_x}},
          {"D2d", "-42m", {-c(4), c2x}},
          {"D4h", "4/mmm", {c(4), c2x, inversion}},
          {"C3", "3", {c(3)}},
          {"C3i", "-3", {c(3), inversion}},
          {"D3", "32", {c(3), c2x}},
          {"C3v", "3m", {c(3), m_x}},
          {"D3d", "-3m", {c(3), c2x, inversion}},
          {"C6", "6", {c(6)}},
          {"C3h", "-6", {-c(6)}},
          {"C6h", "6/m", {c(6), inversion}},
          {"D6", "622", {c(6), c2x}},
          {"C6v", "6mm", {c(6), m_x}},
          {"D3h", "-6m2", {-c(6), c2x}},
          {"D6h", "6/mmm", {c(6), c2x, inversion}},
          {"T", "23", {c(2), c3}},
          {"Th", "m-3", {c(2), c3, inversion}},
          {"O", "432", {c(4), c3}},
          {"Td", "-43m", {-c(4), c3}},
          {"Oh", "m-3m", {c(4), c3, inversion}}};
}

TEST(PointGroup, HasOrthogonalCharactersThatAreTheSameInAClassForAll32Groups) {
  std::set<std::string> names;
  // Turned: nothing may depend on axes along x, y or z.
  const Eigen::Matrix3d frame = test::some_rotation();
  for (const Named& named : all_groups()) {
    Matrices elements = closure(named.generators);
    for (Eigen::Matrix3d& element : elements) element = (frame * element * frame.transpose()).eval();
    const PointGroup group = point_group(elements, frame.transpose());
    EXPECT_EQ(group.schoenflies, named.schoenflies);
    EXPECT_EQ(group.international, named.international);
    names.insert(group.schoenflies);
    const auto order = static_cast<double>(elements.size());
    double dimensions = 0;
    std::set<std::string> labels;
    for (const Irrep& a : group.irreps) {
      labels.insert(a.label);
      double norm = 0;
      for (const double value : a.characters) norm += value * value / order;
      EXPECT_TRUE(std::abs(norm - 1) < 1e-12 || std::abs(norm - 2) < 1e-12)
          << named.schoenflies << " " << a.label << " " << norm;
      dimensions += a.characters[0] * a.characters[0] / norm;  // a pair of complex ones: 1 + 1 = 4/2
      for (const Irrep& b : group.irreps) {
        if (a.label == b.label) continue;
        EXPECT_NEAR(multiplicity(a, b.characters), 0, 1e-12) << named.schoenflies << " " << a.label << " " << b.label;
      }
      for (std::size_t g = 0; g < elements.size(); ++g) {
        for (std::size_t h = 0; h < elements.size(); ++h) {
          const Eigen::Index conjugate = find(elements, elements[h] * elements[g] * elements[h].transpose());
          EXPECT_EQ(a.characters[conjugate], a.characters[g]) << named.schoenflies << " " << a.label;
          if (a.characters[0] != 1) continue;
          const Eigen::Index product = find(elements, elements[g] * elements[h]);
          EXPECT_EQ(a.characters[product], a.characters[g] * a.characters[h]) << named.schoenflies << " " << a.label;
        }
      }
    }
    EXPECT_EQ(labels.size(), group.irreps.size()) << named.schoenflies;
    EXPECT_NEAR(dimensions, order, 1e-9) << named.schoenflies;
  }
  EXPECT_EQ(names.size(), 32U);
}

std::string vector_and_tensor(const PointGroup& group, bool raman) {
  std::string text;
  for (const Irrep& irrep : group.irreps) {
    if (raman ? irrep.raman : irrep.infrared) text += (text.empty() ? "" : " ") + irrep.label;
  }
  return text;
}

TEST(PointGroup, GivesVectorsAndTensorsTheirUsualLabels) {
  // The columns x, y, z and x^2, xy ... of the usual tables, axes as in all_groups.
  const std::vector<std::array<const char*, 3>> expected = {
      {"C2v", "A1 B1 B2", "A1 A2 B1 B2"}, {"D2d", "B2 E", "A1 B1 B2 E"},
      {"D3h", "A2'' E'", "A1' E'' E'"},   {"C3h", "A'' E'", "A' E'' E'"},
      {"C6v", "A1 E1", "A1 E1 E2"},       {"D4h", "A2u Eu", "A1g B1g B2g Eg"},
      {"D3d", "A2u Eu", "A1g Eg"},        {"Td", "T2", "A1 E T2"},
      {"Oh", "T1u", "A1g Eg T2g"},        {"S4", "B E", "A B E"},
      {"D6h", "A2u E1u", "A1g E1g E2g"},  {"Cs", "A' A''", "A' A''"}};
  for (const auto& [name, infrared, raman] : expected) {
    for (const Named& named : all_groups()) {
      if (std::string(named.schoenflies) != name) continue;
      const PointGroup group = point_group(closure(named.generators), Eigen::Matrix3d::Identity());
      EXPECT_EQ(vector_and_tensor(group, false), infrared) << name;
      EXPECT_EQ(vector_and_tensor(group, true), raman) << name;
    }
  }
}

TEST(PointGroup, RefusesWhatIsNoGroup) {
  EXPECT_COMPLAINT(point_group({Eigen::Matrix3d::Identity(), turn(5, z)}, Eigen::Matrix3d::Identity()),
                   "which no crystal allows");
  EXPECT_COMPLAINT(point_group({Eigen::Matrix3d::Identity(), Eigen::Matrix3d::Identity()}, Eigen::Matrix3d::Identity()),
                   "some are there twice");
}

/// Random matrices of the crystal's symmetry.
std::optional<GammaModes> modes_of(const Crystal& crystal) {
  const DynamicalMatrices matrices = test::model_matrices(crystal, {2, 2, 2}, 7);
  const StandardCell standard = find_standard_cell(crystal);
  return gamma_modes(matrices.blocks.front(), crystal, find_space_group(crystal),
                     standard.transformation.inverse() * crystal.cell);
}

TEST(GammaModes, OfWellKnownCrystalsHaveTheirLabels) {
  // Wurtzite as in phonopy; the others in any textbook.
  EXPECT_EQ(decomposition(*modes_of(test::cubic_crystal())), "T1u");
  EXPECT_EQ(decomposition(*modes_of(test::diamond_crystal())), "T2g");
  EXPECT_EQ(decomposition(*modes_of(test::wurtzite_crystal())), "A1+2B1+E1+2E2");
  EXPECT_EQ(modes_of(test::wurtzite_crystal())->acoustic, "A1+E1");
  EXPECT_EQ(decomposition(*modes_of(test::triclinic_lattice())), "");
  // P2_1/c, eight atoms at general positions: 6 of each label, less A_u + 2 B_u acoustic.
  EXPECT_EQ(decomposition(*modes_of(test::p21c_crystal())), "6Ag+6Bg+5Au+4Bu");
}

TEST(GammaModes, DoNotDependOnTheDescriptionOfTheCrystal) {
  const Crystal crystal = test::wurtzite_crystal();
  Eigen::Matrix3i unimodular;
  unimodular << 1, 2, 0, 0, 1, -1, 0, 0, 1;
  for (const Crystal& other :
       {test::rotated(crystal, test::some_rotation()), test::with_other_cell(crystal, unimodular),
        test::with_origin_moved(crystal, {0.3, -1.2, 5})}) {
    EXPECT_EQ(decomposition(*modes_of(other)), "A1+2B1+E1+2E2");
  }
}

TEST(GammaModes, OfLihAreOneInfraredTriplet) {
  const DynamicalMatrices matrices = read_qe_dyn(ZEROPOINT_SOURCE_DIR "/examples/lih/a4.006/harmonic.dyn");
  const Crystal& crystal = matrices.crystal;
  const StandardCell standard = find_standard_cell(crystal);
  const auto modes = gamma_modes(matrices.blocks.front(), crystal, find_space_group(crystal),
                                 standard.transformation.inverse() * crystal.cell);
  ASSERT_EQ(modes->optical.size(), 1U);
  const GammaSet& set = modes->optical.front();
  EXPECT_EQ(set.label, "T1u");
  EXPECT_EQ(set.size, 3);
  EXPECT_TRUE(set.infrared);
  EXPECT_FALSE(set.raman);
  EXPECT_NEAR(units::codata2022.inverse_cm(set.frequency), 587.41, 0.05);  // ph.x and matdyn.x, TO
}

TEST(GammaModes, OfASupercellHaveNoPointGroup) {
  const Crystal supercell = Supercell(test::cubic_crystal(), {2, 1, 1}).crystal();
  EXPECT_FALSE(modes_of(supercell).has_value());
}

}  // namespace
}  // namespace zeropoint::phonons
