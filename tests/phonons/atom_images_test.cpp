#include "phonons/atom_images.hpp"

#include <gtest/gtest.h>

#include "phonons/interpolation.hpp"
#include "phonons/matrix_judgement.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/spectrum.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/reference_data.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

const std::vector<Eigen::Vector3i> some_shifts{{0, 0, 0}, {1, -2, 0}, {0, 3, -1}};

TEST(AtomImages, MoveAtomsWithTheirForceConstants) {
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 2}, 5);
  const DynamicalMatrices moved = with_atoms_moved(matrices, some_shifts);
  EXPECT_LT(test::difference(moved.blocks, test::with_other_images(matrices, some_shifts).blocks), 1e-12);
  const std::vector<Eigen::Vector3d> points{{0.1, 0.2, 0.3}, {-0.4, 0.05, 0.25}};
  EXPECT_LT((frequencies_at(Interpolation(moved), points) - frequencies_at(Interpolation(matrices), points))
                .cwiseAbs()
                .maxCoeff(),
            1e-9);
  std::vector<Eigen::Vector3i> back = image_shifts(moved.crystal, matrices.crystal);
  for (std::size_t s = 0; s < back.size(); ++s) EXPECT_EQ(back[s], -some_shifts[s]);
}

TEST(AtomImages, OfASupportMayStandInOtherCells) {
  const DynamicalMatrices fine = test::model_matrices(test::triclinic_crystal(), {4, 2, 4}, 10),
                          coarse = test::model_matrices(test::triclinic_crystal(), {2, 2, 2}, 11);
  DynamicalMatrices matrices = coarse;
  for (Eigen::MatrixXcd& block : matrices.blocks) block *= 1.1;
  const Interpolation plain(matrices, {coarse, fine}), other(matrices, {coarse, with_atoms_moved(fine, some_shifts)});
  const Eigen::Vector3d q(0.13, -0.21, 0.37);
  EXPECT_LT((plain(q) - other(q)).cwiseAbs().maxCoeff(), 1e-11);
}

/// LiH, 4 x 4 x 4, so that there is room beyond the nearest images.
DynamicalMatrices lih() {
  return Interpolation(read_qe_dyn(ZEROPOINT_SOURCE_DIR "/examples/lih/a4.006/harmonic.dyn")).on_grid(QGrid({4, 4, 4}));
}

TEST(AtomImages, ThatForceConstantsDoNotKnowAreNoticed) {
  DynamicalMatrices matrices = lih();
  EXPECT_FALSE(strange_pair(matrices));
  EXPECT_FALSE(strange_pair(with_atoms_moved(matrices, {{0, 0, 0}, {1, -1, 2}})));
  // The position alone is moved: as when a structure was wrapped after the force constants were computed.
  matrices.crystal.positions.row(1) += matrices.crystal.cell.row(0) + matrices.crystal.cell.row(1);
  const std::optional<StrangePair> pair = strange_pair(matrices);
  ASSERT_TRUE(pair);
  EXPECT_NEAR(pair->nearest, 4.006 / 2, 1e-3);
  EXPECT_GT(pair->largest, 4.006 / 2 * 1.5);
  const test::TemporaryFolder folder;
  write_qe_dyn(matrices, folder / "dyn");
  const MatrixFile file = judged(read_matrix_file(folder / "dyn"));
  ASSERT_FALSE(file.warnings.empty());
  EXPECT_NE(file.warnings[0].find("an atom was moved by a lattice vector"), std::string::npos) << file.warnings[0];
}

TEST(AtomImages, OfPublishedSetsAreNotStrange) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  for (const char* set : {"ensembles/graphite_6x6x1/dyn_gen_pop1_", "electron_phonon/al_444/al.dyn"}) {
    EXPECT_FALSE(strange_pair(read_qe_dyn(data + "/" + set))) << set;
  }
}

}  // namespace
}  // namespace zeropoint::phonons
