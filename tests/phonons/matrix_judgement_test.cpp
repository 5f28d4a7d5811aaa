#include "phonons/matrix_judgement.hpp"

#include <gtest/gtest.h>

#include "phonons/symmetrizer.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/polar_models.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

TEST(MatrixJudgement, FitsWhatReadingLeavesAsForces) {
  const std::string folder = std::string(ZEROPOINT_SOURCE_DIR) + "/tests/data/phonopy/";
  MatrixFile file = read_matrix_file(folder + "FORCE_SETS");
  ASSERT_TRUE(file.displaced);
  EXPECT_TRUE(file.matrices.blocks.empty());
  EXPECT_EQ(file.matrices.crystal.n_atoms(), 2);
  EXPECT_EQ(file.matrices.supercell().n_cells(), 8);
  ASSERT_TRUE(file.matrices.polar);
  file = judged(std::move(file));
  EXPECT_FALSE(file.displaced);
  EXPECT_EQ(file.matrices.blocks.size(), 8U);
  EXPECT_TRUE(file.matrices.polar);
  EXPECT_EQ(file.notes.at(0).first, "force constants");
  EXPECT_NE(file.notes.at(0).second.find("fitted to"), std::string::npos) << file.notes.at(0).second;
  // A supercell that is no cube.
  ASSERT_EQ(file.warnings.size(), 1U);
  EXPECT_NE(file.warnings[0].find("keeps 16 of the 48 operations"), std::string::npos) << file.warnings[0];
}

TEST(MatrixJudgement, DoubtsMatricesOfAnotherCrystal) {
  DynamicalMatrices matrices = test::model_matrices(test::hexagonal_crystal(), {2, 2, 1}, 7);
  const test::TemporaryFolder folder;
  write_matrix_file(matrices, "qe", folder / "dyn");
  MatrixFile file = read_matrix_file(folder / "dyn");
  EXPECT_TRUE(file.warnings.empty()) << "reading judges";
  file = judged(std::move(file));
  ASSERT_EQ(file.warnings.size(), 1U);
  EXPECT_NE(file.warnings[0].find("break the symmetry of their crystal, P63/mmc"), std::string::npos)
      << file.warnings[0];
  EXPECT_EQ(file.warnings[0].find(folder / "dyn"), 0U);
  const SpaceGroup group = keeping_grid(find_space_group(matrices.crystal), matrices.grid);
  Symmetrizer(group, matrices.crystal, matrices.grid).matrices(matrices.blocks);
  EXPECT_TRUE(doubts_about(matrices, "these").empty());
}

TEST(MatrixJudgement, DoubtsChargesOfAnotherCrystal) {
  DynamicalMatrices matrices = test::polar_models()[1].matrices;
  const auto n_before = doubts_about(matrices, "these").size();
  matrices.polar->born_charges[0](0, 1) += 0.2;
  const std::vector<std::string> doubts = doubts_about(matrices, "these");
  ASSERT_EQ(doubts.size(), n_before + 1);
  EXPECT_EQ(doubts.back().find("these: the Born effective charges of atom 1"), 0U) << doubts.back();
}

}  // namespace
}  // namespace zeropoint::phonons
