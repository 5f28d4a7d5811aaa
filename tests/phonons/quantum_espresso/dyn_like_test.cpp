#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/quantum_espresso/dyn_like.hpp"
#include "tests/phonons/matdyn_run.hpp"
#include "tests/support/crystals.hpp"

namespace zeropoint::phonons {
namespace {

const std::string original = std::string(ZEROPOINT_SOURCE_DIR) + "/examples/lih/a4.006/harmonic.dyn";

/// The text in front of the first matrix.
std::string header(const std::string& path) {
  const std::string text = test::text_of(path);
  return text.substr(0, text.find("Dynamical  Matrix"));
}

TEST(HeaderPreserving, KeepsEverythingButTheMatricesAndModes) {
  DynamicalMatrices matrices = read_qe_dyn(original);
  for (Eigen::MatrixXcd& block : matrices.blocks) block *= 1.44;
  const test::TemporaryFolder folder;
  write_qe_dyn_like(matrices, original, folder / "dyn");
  for (const std::string file : {"1", "2", "3"}) EXPECT_EQ(header(folder / ("dyn" + file)), header(original + file));
  EXPECT_EQ(test::text_of(folder / "dyn0"), test::text_of(original + "0"));
  const std::string gamma = test::text_of(folder / "dyn1");
  EXPECT_NE(gamma.find("  2    2   2   7.5702429"), std::string::npos) << "ibrav is kept";
  EXPECT_NE(gamma.find("Effective Charges U-E"), std::string::npos) << "foreign blocks are kept";
  EXPECT_EQ(gamma.find("587.35"), std::string::npos) << "the old modes are gone";
  EXPECT_NE(gamma.find("704.82"), std::string::npos) << "1.2 x 587.3533";
  const DynamicalMatrices back = read_qe_dyn(folder / "dyn");
  EXPECT_EQ(back.grid.points(), matrices.grid.points());
  EXPECT_LT(test::difference(back.blocks, matrices.blocks), 1e-12);  // 14 decimals of Ry/bohr^2
}

TEST(HeaderPreserving, WritesForStarsInAnotherOrder) {
  const DynamicalMatrices matrices = read_qe_dyn(original);
  DynamicalMatrices other{matrices.crystal, QGrid({2, 2, 2}), {}, matrices.polar, 0, {}};
  for (const Eigen::Vector3d& q : other.grid.points()) {
    other.blocks.push_back(matrices.blocks[matrices.grid.find(q)]);
  }
  const test::TemporaryFolder folder;
  write_qe_dyn_like(other, original, folder / "dyn");
  EXPECT_LT(test::difference(read_qe_dyn(folder / "dyn").blocks, matrices.blocks), 1e-12);
}

TEST(HeaderPreserving, IsReadByQ2rAndMatdyn) {
  SKIP_WITHOUT_MATDYN();
  DynamicalMatrices matrices = read_qe_dyn(original);
  for (Eigen::MatrixXcd& block : matrices.blocks) block *= 1.44;
  const test::TemporaryFolder folder;
  write_qe_dyn_like(matrices, original, folder / "x.dyn");
  const auto theirs = test::frequencies_of_matdyn(folder, "no", {matrices.grid.points()[1]});
  EXPECT_NEAR(theirs[0][5], 1.2 * 1065.688825, 1e-3);  // ph.x's own frequency
}

TEST(HeaderPreserving, RefusesAnotherCellAndGrid) {
  const DynamicalMatrices matrices = read_qe_dyn(original);
  const test::TemporaryFolder folder;
  const auto complaint = [&](const DynamicalMatrices& given) -> std::string {
    try {
      write_qe_dyn_like(given, original, folder / "dyn");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  DynamicalMatrices strained = matrices;
  strained.crystal.cell *= 1.001;
  EXPECT_NE(complaint(strained).find("another cell"), std::string::npos);
  DynamicalMatrices gamma{matrices.crystal, QGrid({1, 1, 1}), {matrices.blocks[0]}, {}, 0, {}};
  EXPECT_NE(complaint(gamma).find("is on a 2 x 2 x 2 grid"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace zeropoint::phonons
