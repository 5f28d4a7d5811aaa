// result.h5 of a relaxation and of harmonic matrices: what is written is read, what is damaged is refused.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/harmonic_file.hpp"
#include "phonons/relaxation_file.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

TEST(RelaxationFile, HasTheStepsAndBothCrystals) {
  const test::TemporaryFolder folder;
  const Crystal start = test::triclinic_crystal(), end = test::hexagonal_crystal();
  const std::vector<RelaxationStep> steps{{.step = 0, .enthalpy = -1.5, .force = 0.25, .stress = 0.125, .volume = 30},
                                          {.step = 1, .enthalpy = -1.75, .force = 0, .stress = 0, .volume = 31}};
  write_relaxation(folder / "result.h5", start, end, steps, "a = 1\n");
  const std::vector<RelaxationStep> read = read_relaxation(folder / "result.h5");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].enthalpy, -1.5);
  EXPECT_EQ(read[0].force, 0.25);
  EXPECT_EQ(read[0].stress, 0.125);
  EXPECT_EQ(read[1].step, 1);
  EXPECT_EQ(read[1].volume, 31);
  const Hdf5File file = Hdf5File::open(folder / "result.h5");
  EXPECT_EQ(file.read_matrix("start/cell"), Eigen::MatrixXd(start.cell));
  EXPECT_EQ(file.read_strings("final/species"), end.species);
}

TEST(RelaxationFile, WithoutStepsIsRefused) {
  const test::TemporaryFolder folder;
  write_relaxation(folder / "result.h5", test::cubic_crystal(), test::cubic_crystal(), {{}}, "");
  Hdf5File file = Hdf5File::modify(folder / "result.h5");
  file.remove("steps");
  file.write("steps", Eigen::MatrixXd(Eigen::MatrixXd::Zero(2, 4)), "", "step,quantity");
  file.close();
  EXPECT_THROW(read_relaxation(folder / "result.h5"), InputError);
}

TEST(HarmonicFile, HasMatricesAndFrequenciesToTheLastBit) {
  const test::TemporaryFolder folder;
  const DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 1, 2}, 1);
  std::vector<std::vector<double>> frequencies(6, std::vector<double>(9));
  for (std::size_t i = 0; i < 54; ++i) frequencies[i / 9][i % 9] = 0.1 * static_cast<double>(i) - 1;
  write_harmonic(folder / "result.h5", matrices, frequencies, "");
  const StoredHarmonic read = read_harmonic(folder / "result.h5");
  EXPECT_EQ(read.frequencies, frequencies);
  EXPECT_EQ(read.matrices.blocks, matrices.blocks);
  frequencies.pop_back();
  write_harmonic(folder / "cut.h5", matrices, frequencies, "");
  EXPECT_THROW(read_harmonic(folder / "cut.h5"), InputError);
  EXPECT_THROW(read_relaxation(folder / "result.h5"), InputError) << "of another kind";
}

}  // namespace
}  // namespace zeropoint::phonons
