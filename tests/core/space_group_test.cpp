#include "core/space_group.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

using test::TemporaryFolder;

std::string file_with(const TemporaryFolder& folder, const std::string& text) {
  const std::string path = folder.path() + "/operations.txt";
  std::ofstream(path) << text;
  return path;
}

TEST(SpaceGroup, FindsKnownGroupsInAnyOrientation) {
  const struct {
    Crystal crystal;
    int number;
    std::string symbol;
    std::size_t n_operations;
  } known[] = {{test::cubic_crystal(), 225, "Fm-3m", 48},       {test::diamond_crystal(), 227, "Fd-3m", 48},
               {test::hexagonal_crystal(), 194, "P63/mmc", 24}, {test::wurtzite_crystal(), 186, "P63mc", 12},
               {test::cmc21_crystal(), 36, "Cmc21", 4},         {test::p21c_crystal(), 14, "P21/c", 4},
               {test::triclinic_lattice(), 2, "P-1", 2},        {test::triclinic_crystal(), 1, "P1", 1}};
  for (const auto& row : known) {
    for (const Crystal& crystal : {row.crystal, test::rotated(row.crystal, test::some_rotation()),
                                   test::with_origin_moved(row.crystal, {0.3, -1.7, 0.9})}) {
      const SpaceGroup group = find_space_group(crystal);
      EXPECT_EQ(group.number, row.number);
      EXPECT_EQ(group.symbol, row.symbol);
      EXPECT_EQ(group.operations.size(), row.n_operations) << row.symbol;
      EXPECT_TRUE(group.operations[0].cartesian.isIdentity(1e-14));
    }
  }
}

TEST(SpaceGroup, OperationsActOnTheAtomsAsTheySay) {
  for (const Crystal& crystal : {test::diamond_crystal(), test::p21c_crystal(),
                                 test::rotated(test::wurtzite_crystal(), test::some_rotation())}) {
    for (const SymmetryOperation& operation : find_space_group(crystal).operations) {
      const Eigen::Matrix3d& s = operation.cartesian;
      EXPECT_TRUE((s * s.transpose()).isIdentity(1e-12));
      const Eigen::Vector3d t = crystal.cell.transpose() * operation.translation;
      for (std::size_t at = 0; at < operation.permutation.size(); ++at) {
        const Eigen::Vector3d image = s * crystal.positions.row(static_cast<Eigen::Index>(at)).transpose() + t;
        const Eigen::Vector3d expected = crystal.positions.row(operation.permutation[at]).transpose() +
                                         crystal.cell.transpose() * operation.shift[at].cast<double>();
        EXPECT_LT((image - expected).norm(), 1e-10);
      }
    }
  }
}

TEST(SpaceGroup, OfDiamondHasFractionalTranslationsInHalfOfItsOperations) {
  int n = 0;
  for (const SymmetryOperation& operation : find_space_group(test::diamond_crystal()).operations) {
    const Eigen::Vector3d t = operation.translation;
    n += (t - t.array().round().matrix()).norm() > 1e-6;
  }
  EXPECT_EQ(n, 24);
}

TEST(SpaceGroup, IsotopesLowerTheSymmetry) {
  Crystal crystal = test::diamond_crystal();
  crystal.masses[1] += 1;
  const SpaceGroup group = find_space_group(crystal);
  EXPECT_EQ(group.symbol, "F-43m");
  EXPECT_EQ(group.operations.size(), 24u);
}

TEST(SpaceGroup, KeepsASubgroupByNumberOrSymbol) {
  const Crystal crystal = test::cubic_crystal();
  EXPECT_EQ(find_space_group(crystal, {.space_group = "216"}).operations.size(), 24u);
  EXPECT_EQ(find_space_group(crystal, {.space_group = "R-3m"}).operations.size(), 12u);
  const SpaceGroup polar = find_space_group(test::p21c_crystal(), {.space_group = "P2_1"});
  EXPECT_EQ(polar.number, 4);
  EXPECT_EQ(polar.operations.size(), 2u);
  EXPECT_EQ(find_space_group(crystal, {.enabled = false}).operations.size(), 1u);
  EXPECT_COMPLAINT(find_space_group(test::p21c_crystal(), {.space_group = "P4/mmm"}),
                   "the space group 'P4/mmm' is not a subgroup");
  EXPECT_COMPLAINT(find_space_group(test::p21c_crystal(), {.space_group = "5"}),
                   "these are: 1 (P1), 14 (P21/c), 2 (P-1), 4 (P21), 7 (Pc)");
}

TEST(SpaceGroup, ReadsOperationsInBothForms) {
  const TemporaryFolder folder;
  const std::string letters =
      file_with(folder, "# P2_1/c\nx,y,z\n-x, y+1/2, -z+1/2\n\n-x,-y,-z  # centre\nx, 0.5-y, z+.5\n");
  const SpaceGroup from_letters = find_space_group(test::p21c_crystal(), {.operations_file = letters});
  EXPECT_EQ(from_letters.number, 14);
  const std::string rows = file_with(folder,
                                     "1 0 0 0\n0 1 0 0\n0 0 1 0\n\n-1 0 0 0\n0 1 0 0.5\n0 0 -1 0.5\n"
                                     "-1 0 0 0\n0 -1 0 0\n0 0 -1 0\n1 0 0 0\n0 -1 0 0.5\n0 0 1 0.5\n");
  const SpaceGroup from_rows = find_space_group(test::p21c_crystal(), {.operations_file = rows});
  ASSERT_EQ(from_rows.operations.size(), from_letters.operations.size());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(from_rows.operations[i].rotation, from_letters.operations[i].rotation);
    EXPECT_EQ(from_rows.operations[i].translation, from_letters.operations[i].translation);
    EXPECT_EQ(from_rows.operations[i].permutation, from_letters.operations[i].permutation);
  }
  // Fewer operations than there are: the list decides.
  EXPECT_EQ(find_space_group(test::p21c_crystal(), {.operations_file = file_with(folder, "-x,-y,-z\nx,y,z\n")}).symbol,
            "P-1");
}

TEST(SpaceGroup, RefusesListsThatDoNotFit) {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    return find_space_group(test::p21c_crystal(), {.operations_file = file_with(folder, text)});
  };
  EXPECT_COMPLAINT(read("x,y,z\n-x,y+0.501,-z+1/2\n"), "symmetry operation 2 moves atom 1 (Zr) 5.60e-03 angstrom away");
  EXPECT_COMPLAINT(read("x,y,z\ny,x,z\n"), "symmetry operation 2 does not keep the lengths");
  EXPECT_COMPLAINT(read("-x,-y,-z\n"), "the identity x,y,z is missing");
  EXPECT_COMPLAINT(read("x,y,z\nx,y\n"), "operations.txt:2: 'x,y' is not an operation such as");
  EXPECT_COMPLAINT(read("x,y,z\n-x,-y,w\n"), "operations.txt:2: '-x,-y,w' is not an operation such as");
  EXPECT_COMPLAINT(read("1 0 0 0\n0 1 0 0\n0 0 1 0\n-1 0 0 0\n"), "the last operation has 1 of 3 rows");
  EXPECT_COMPLAINT(read("1 0 0 0\n0 1 0\n"), "operations.txt:2: expected x,y,z or a row");
  EXPECT_COMPLAINT(read("# nothing\n"), "no symmetry operation in it");
  EXPECT_COMPLAINT(find_space_group(test::p21c_crystal(), {.operations_file = folder.path() + "/none"}),
                   "cannot open the list of symmetry operations");
}

TEST(SpaceGroup, RefusesRotationsOfAnotherCellWhereTheAtomsCannotTell) {
  // One atom at the origin stays there under every integer matrix.
  const TemporaryFolder folder;
  const std::string exchange = file_with(folder, "x,y,z\ny,x,z\n");
  EXPECT_COMPLAINT(find_space_group(test::triclinic_lattice(), {.operations_file = exchange}),
                   "symmetry operation 2 does not keep the lengths of the cell vectors");
}

TEST(SpaceGroup, SymmetrizedMovesAtomsOnceAndLittle) {
  const Crystal exact = test::with_origin_moved(test::wurtzite_crystal(), {0.1, 0.2, 0.3});
  Crystal noisy = exact;
  for (Eigen::Index i = 0; i < noisy.positions.size(); ++i) {
    noisy.positions.data()[i] += 1e-4 * std::sin(static_cast<double>(7 * i));
  }
  const SpaceGroup group = find_space_group(noisy, {.tolerance = 1e-3});
  EXPECT_EQ(group.symbol, "P63mc");
  const Crystal once = symmetrized(noisy, group);
  const Crystal twice = symmetrized(once, group);
  EXPECT_LT((once.positions - noisy.positions).cwiseAbs().maxCoeff(), 5e-4);
  EXPECT_GT((once.positions - noisy.positions).cwiseAbs().maxCoeff(), 1e-5);
  EXPECT_LT((twice.positions - once.positions).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_EQ(find_space_group(once, {.tolerance = 1e-8}).symbol, "P63mc");
}

}  // namespace
}  // namespace zeropoint
