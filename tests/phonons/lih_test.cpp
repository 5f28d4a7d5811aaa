// Matrices of ph.x for LiH: ibrav 2, dielectric tensor and effective charges, files of three stars.
#include <gtest/gtest.h>

#include <cmath>

#include "core/space_group.hpp"
#include "phonons/modes.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/symmetrizer.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

const std::string folder = ZEROPOINT_SOURCE_DIR "/examples/lih/";

TEST(LithiumHydride, IsReadWithItsCellMassesChargesAndFrequencies) {
  const DynamicalMatrices matrices = read_qe_dyn(folder + "a4.006/harmonic.dyn");
  EXPECT_EQ(matrices.crystal.formula(), "LiH");
  EXPECT_EQ(matrices.grid.divisions(), Eigen::Vector3i(2, 2, 2));
  EXPECT_NEAR(matrices.crystal.volume(), std::pow(4.006, 3) / 4, 1e-6);
  EXPECT_NEAR(matrices.crystal.masses[0], 6.94, 1e-6);
  EXPECT_NEAR(matrices.crystal.masses[1], 1.008, 1e-6);
  ASSERT_TRUE(matrices.polar);
  EXPECT_NEAR(matrices.polar->dielectric.trace() / 3, 4.19, 0.005);
  EXPECT_NEAR(matrices.polar->born_charges[0].trace() / 3, 1.009, 0.005);
  EXPECT_NEAR(matrices.polar->born_charges[1].trace() / 3, -1.009, 0.02);
  EXPECT_EQ(find_space_group(matrices.crystal).number, 225);

  // By another build of ph.x with the same inputs, cm^-1; the convergence of this one is some hundredths.
  const std::vector<std::vector<double>> expected = {
      {587.4, 587.4, 587.4}, {272.8, 272.8, 520.9, 771.0, 771.0, 1065.7}, {314.3, 314.3, 414.6, 822.7, 822.7, 1031.9}};
  const auto frequencies = frequencies_inverse_cm(diagonalise(matrices), units::codata2022);
  std::size_t star = 0;
  for (const int iq : matrices.grid.representatives()) {
    const std::vector<double>& found = frequencies[iq];
    const std::size_t first = star == 0 ? 3 : 0;
    for (std::size_t i = 0; i < expected[star].size(); ++i)
      EXPECT_NEAR(found[first + i], expected[star][i], 0.15) << "star " << star + 1;
    ++star;
  }
}

TEST(LithiumHydride, SoftensAsItExpands) {
  double before = 1e4;
  for (const char* lattice_constant : {"4.006", "4.05", "4.09", "4.13"}) {
    const DynamicalMatrices matrices = read_qe_dyn(folder + "a" + lattice_constant + "/harmonic.dyn");
    EXPECT_NEAR(matrices.crystal.volume(), std::pow(std::stod(lattice_constant), 3) / 4, 1e-6);
    const double transverse = frequencies_inverse_cm(diagonalise(matrices), units::codata2022)[0][3];
    EXPECT_LT(transverse, before - 20);
    before = transverse;
  }
}

TEST(LithiumHydride, IsWrittenAndReadAgainWithItsCharges) {
  const DynamicalMatrices matrices = read_qe_dyn(folder + "a4.09/harmonic.dyn");
  const test::TemporaryFolder copy;
  write_qe_dyn(matrices, copy / "dyn");
  const DynamicalMatrices again = read_qe_dyn(copy / "dyn");
  EXPECT_LT(test::difference(again.blocks, matrices.blocks), 1e-12);
  ASSERT_TRUE(again.polar);
  EXPECT_LT((again.polar->dielectric - matrices.polar->dielectric).norm(), 1e-9);
  for (std::size_t s = 0; s < 2; ++s)
    EXPECT_LT((again.polar->born_charges[s] - matrices.polar->born_charges[s]).norm(), 1e-9);
}

}  // namespace
}  // namespace zeropoint::phonons
