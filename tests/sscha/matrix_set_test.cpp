// Matrices and structures from whatever holds them.
#include "sscha/matrix_set.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/structure_file.hpp"
#include "phonons/harmonic_file.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/relaxation_file.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::sscha {
namespace {

class SetOfMatrices : public ::testing::Test {
 protected:
  MatrixSet read(const std::string& source) const { return read_matrix_set(source, 1e-5, units::codata2022); }

  const phonons::DynamicalMatrices matrices_ = test::model_matrices(test::hexagonal_crystal(), {2, 2, 1}, 3);
  const test::TemporaryFolder folder_;
};

TEST_F(SetOfMatrices, IsReadFromFilesFromAResultAndFromItsFolder) {
  phonons::write_qe_dyn(matrices_, folder_ / "dyn", units::codata2022);
  const std::string run = folder_ / "phonons";
  std::filesystem::create_directory(run);
  phonons::write_harmonic(run + "/result.h5", matrices_, std::vector<std::vector<double>>(4, std::vector<double>(6)),
                          "");
  write_file(run + "/summary.json", "{}\n");
  write_file(run + "/run.toml", "\n");
  const MatrixSet files = read(folder_ / "dyn");
  EXPECT_TRUE(files.label.ends_with("/dyn")) << files.label;
  for (const std::string& source : {run, run + "/result.h5"}) {
    const MatrixSet of_run = read(source);
    EXPECT_EQ(of_run.label, "harmonic");
    EXPECT_EQ(of_run.source, source);
    EXPECT_EQ(of_run.matrices.blocks, matrices_.blocks);
    EXPECT_EQ(of_run.group.number, files.group.number);
    EXPECT_FALSE(of_run.sscha);
    EXPECT_TRUE(of_run.squared_errors.empty());
    EXPECT_EQ(read_crystal(source, units::codata2022).species, matrices_.crystal.species);
  }
}

TEST_F(SetOfMatrices, IsNotReadFromAResultWithoutAny) {
  const std::string file = folder_ / "result.h5";
  phonons::write_relaxation(file, matrices_.crystal, matrices_.crystal, {{}}, "");
  EXPECT_THROW(read(file), InputError);
  EXPECT_THROW(read(folder_.path()), InputError) << "a folder of no finished run";
}

TEST_F(SetOfMatrices, StructureOfAFinishedRunIsThatOfItsFile) {
  Crystal moved = matrices_.crystal;
  moved.positions(1, 2) += 0.25;
  write_structure(moved, folder_ / "structure.extxyz", "");
  EXPECT_NEAR(read_crystal(folder_.path(), units::codata2022).positions(1, 2), moved.positions(1, 2), 1e-7);
}

}  // namespace
}  // namespace zeropoint::sscha
