// Structures as displacements from sites: any order, any images, and what does not fit.
#include "files/site_match.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "files/configuration_match.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint {
namespace {

class SiteMatchTest : public ::testing::Test {
 protected:
  SiteMatchTest() : supercell_(test::triclinic_supercell()), crystal_(supercell_.crystal()) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal(0, 0.05);
    displacements_ = Vectors::NullaryExpr(crystal_.n_atoms(), 3, [&] { return normal(random); });
    structure_.cell = crystal_.cell;
    structure_.positions = crystal_.positions + displacements_;
    structure_.species = crystal_.species;
  }
  Supercell supercell_;
  Crystal crystal_;
  Vectors displacements_;
  LabelledStructure structure_;
};

TEST_F(SiteMatchTest, FindsDisplacementsInAnyOrderAndAnyImage) {
  const SiteMatch plain = match_to_sites(structure_, supercell_);
  ASSERT_EQ(plain.reason, "");
  EXPECT_LT((plain.displacements - displacements_).norm(), 1e-12);

  std::vector<int> order(structure_.species.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::shuffle(order.begin(), order.end(), std::mt19937(2));
  LabelledStructure shuffled = structure_;
  for (std::size_t i = 0; i < order.size(); ++i) {
    shuffled.species[i] = structure_.species[order[i]];
    shuffled.positions.row(static_cast<Eigen::Index>(i)) =
        structure_.positions.row(order[i]) + (i % 2) * crystal_.cell.row(0) - crystal_.cell.row(2);
  }
  const SiteMatch found = match_to_sites(shuffled, supercell_);
  ASSERT_EQ(found.reason, "");
  EXPECT_LT((found.displacements - displacements_).norm(), 1e-11);
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[found.order[i]], static_cast<int>(i));
}

TEST_F(SiteMatchTest, SaysWhyAStructureDoesNotFit) {
  LabelledStructure other = structure_;
  other.cell(0, 0) += 0.01;
  EXPECT_NE(match_to_sites(other, supercell_).reason.find("another cell"), std::string::npos);
  other = structure_;
  other.species.pop_back();
  EXPECT_NE(match_to_sites(other, supercell_).reason.find("23 atoms, the supercell has 24"), std::string::npos);
  other = structure_;
  other.species[3] = "Xe";
  EXPECT_NE(match_to_sites(other, supercell_).reason.find("Xe, which the crystal does not have"), std::string::npos);
  other = structure_;
  // On the site of another atom of its species.
  std::size_t twin = 1;
  while (other.species[twin] != other.species[0]) ++twin;
  other.positions.row(0) = other.positions.row(static_cast<Eigen::Index>(twin));
  const SiteMatch taken = match_to_sites(other, supercell_);
  EXPECT_NE(taken.reason.find("are both nearest to site"), std::string::npos) << taken.reason;
  EXPECT_EQ(taken.displacements.rows(), 0);
}

}  // namespace
}  // namespace zeropoint
