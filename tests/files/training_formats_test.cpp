// Formats of training sets: mlearn's JSON and DeePMD's folders.
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/units.hpp"
#include "files/deepmd_npy.hpp"
#include "files/labelled_formats.hpp"
#include "files/npy.hpp"
#include "files/structures_hdf5.hpp"
#include "files/xsf_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

constexpr double volume = 4.0 * 5.0 * 6.25;

std::string entry(const std::string& outputs) {
  return R"({"structure": {"lattice": {"matrix": [[4, 0, 0], [0, 5, 0], [0.5, 0, 6.25]]},
             "sites": [{"xyz": [0.1, 0.2, 0.3], "label": "Sn"}, {"xyz": [2.1, 2.2, 2.3], "label": "Te"}]},
             "outputs": )" +
         outputs + "}";
}

const std::string good =
    R"({"energy": -7.25, "forces": [[1.5, -2.5, 3.5], [-1.5, 2.5, -3.5]], "virial_stress": [1, 2, 3, 4, 5, 6]})";

TEST(MlearnJson, IsReadWithItsOwnOrderAndSignOfTheStress) {
  const test::TemporaryFolder folder;
  write_file(folder / "set.json", "[" + entry(good) + "]");
  const LabelledStructures read = read_labelled_structures(folder / "set.json");
  ASSERT_EQ(read.accepted.size(), 1u);
  const LabelledStructure& s = read.accepted[0];
  EXPECT_EQ(s.species, (std::vector<std::string>{"Sn", "Te"}));
  EXPECT_EQ(s.cell(2, 0), 0.5);
  EXPECT_EQ(s.forces(0, 2), 3.5);
  // kbar, xx yy zz xy yz zx, positive under compression.
  const double kbar = 0.1 / units::gpa_per_ev_angstrom3;
  EXPECT_NEAR((*s.stress)(2, 2), -3 * kbar, 1e-15);
  EXPECT_NEAR((*s.stress)(1, 0), -4 * kbar, 1e-15);
  EXPECT_NEAR((*s.stress)(1, 2), -5 * kbar, 1e-15);
  EXPECT_NEAR((*s.stress)(0, 2), -6 * kbar, 1e-15);
  EXPECT_NE(s.source.find("entry 1"), std::string::npos);
}

TEST(MlearnJson, RefusesDamagedEntriesOneByOne) {
  const test::TemporaryFolder folder;
  write_file(folder / "set.json", "[" + entry(good) + "," + entry(R"({"energy": -1, "forces": [[1, 2, 3]]})") + "," +
                                      entry(R"({"forces": [[0, 0, 0], [0, 0, 0]]})") + "]");
  const LabelledStructures read = read_labelled_structures(folder / "set.json");
  EXPECT_EQ(read.accepted.size(), 1u);
  ASSERT_EQ(read.refused.size(), 2u);
  EXPECT_NE(read.refused[0].reason.find("1 rows, 2 expected"), std::string::npos);
  EXPECT_NE(read.refused[1].reason.find("'energy' is missing"), std::string::npos);
  write_file(folder / "cut.json", "[" + entry(good));
  EXPECT_NE(read_labelled_structures(folder / "cut.json").refused.at(0).reason.find("cut"), std::string::npos);
}

class Deepmd : public ::testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_ / "type.raw", "1\n0\n");
    write_file(folder_ / "type_map.raw", "Te\nSn\n");
    const auto tensor = [](std::vector<double> values) { return at::tensor(values, at::kDouble).repeat({2, 1}); };
    write_npy(set("box"), tensor({4, 0, 0, 0, 5, 0, 0.5, 0, 6.25}));
    write_npy(set("coord"), tensor({0.1, 0.2, 0.3, 2.1, 2.2, 2.3}));
    write_npy(set("force"), tensor({1.5, -2.5, 3.5, -1.5, 2.5, -3.5}));
    write_npy(set("virial"), tensor({-1.25, -7.5, -6.25, -7.5, -2.5, -5.0, -6.25, -5.0, -3.75}));
    write_npy(set("energy"), at::tensor({-7.25, -8.25}, at::kDouble));
  }
  std::string set(const std::string& name) const { return folder_ / ("set.000/" + name + ".npy"); }

  test::TemporaryFolder folder_;
};

TEST_F(Deepmd, IsReadWithTheSignOfItsVirial) {
  const LabelledStructures read = read_labelled_structures(folder_.path());
  ASSERT_EQ(read.accepted.size(), 2u);
  const LabelledStructure& s = read.accepted[1];
  EXPECT_EQ(s.species, (std::vector<std::string>{"Sn", "Te"}));
  EXPECT_EQ(s.energy, -8.25);
  EXPECT_EQ(s.positions(1, 2), 2.3);
  EXPECT_NEAR((*s.stress)(0, 1), 7.5 / volume, 1e-15);
}

TEST_F(Deepmd, MixedTypesLeaveOutPadding) {
  write_npy(set("real_atom_types"), at::tensor({0.0, 1.0, 1.0, -1.0}, at::kDouble).view({2, 2}));
  write_npy(set("force"),
            at::tensor({1.5, -2.5, 3.5, -1.5, 2.5, -3.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}, at::kDouble).view({2, 6}));
  const LabelledStructures read = read_labelled_structures(folder_.path());
  ASSERT_EQ(read.accepted.size(), 2u);
  EXPECT_EQ(read.accepted[0].species, (std::vector<std::string>{"Te", "Sn"}));
  EXPECT_EQ(read.accepted[1].species, (std::vector<std::string>{"Sn"}));
}

TEST_F(Deepmd, IsRefusedWhenArraysDisagree) {
  write_npy(set("energy"), at::tensor({-7.25}, at::kDouble));
  EXPECT_NE(read_labelled_structures(folder_.path()).refused.at(0).reason.find("energy.npy: 1 frames"),
            std::string::npos);
  write_file(folder_ / "nopbc", "");
  EXPECT_NE(read_labelled_structures(folder_.path()).refused.at(0).reason.find("not periodic"), std::string::npos);
}

/// Three structures of two compositions, one without stress, numbers of all digits.
std::vector<LabelledStructure> some_structures() {
  std::vector<LabelledStructure> all;
  for (int k = 0; k < 3; ++k) {
    LabelledStructure s;
    s.cell << 4, 0.1 / 3, 0, 0, 5, 1.0 / 7, 0.5, 0, 6.25 + k;
    s.species = k == 1 ? std::vector<std::string>{"Te", "Sn"} : std::vector<std::string>{"Sn", "Te"};
    s.positions = Vectors(2, 3);
    s.positions << 0.1, 0.2, 1.0 / 3, 2.1, -2.2, 1e-7 / 3;
    s.forces = Vectors(2, 3);
    s.forces << 1.0 / 3, -2.5, 1e-9 / 7, -1.0 / 3, 2.5, -1e-9 / 7;
    s.energy = -7.25 - k / 3.0;
    if (k != 1) s.stress = (Eigen::Matrix3d() << 0.1, 0.2, 1.0 / 3, 0.2, -0.4, 0.5, 1.0 / 3, 0.5, 0.6).finished() / 100;
    all.push_back(std::move(s));
  }
  return all;
}

void expect_same(const LabelledStructure& a, const LabelledStructure& b) {
  EXPECT_EQ(a.species, b.species);
  EXPECT_EQ(a.cell, b.cell);
  EXPECT_EQ(a.positions, b.positions);
  EXPECT_EQ(a.forces, b.forces);
  EXPECT_EQ(a.energy, b.energy);
  ASSERT_EQ(a.stress.has_value(), b.stress.has_value());
  if (!a.stress) return;
  EXPECT_LT((*a.stress - *b.stress).cwiseAbs().maxCoeff(), 1e-17);  // times and over the volume
}

TEST(DeepmdWriter, WritesAFolderForEachListOfAtomsThatIsReadBack) {
  const test::TemporaryFolder folder;
  const std::vector<LabelledStructure> all = some_structures();
  const std::vector<std::string> folders = write_deepmd(all, folder / "set");
  ASSERT_EQ(folders.size(), 2u);
  const LabelledStructures first = read_labelled_structures(folders[0]), second = read_labelled_structures(folders[1]);
  ASSERT_EQ(first.accepted.size(), 2u);
  ASSERT_EQ(second.accepted.size(), 1u);
  expect_same(first.accepted[0], all[0]);
  expect_same(first.accepted[1], all[2]);
  expect_same(second.accepted[0], all[1]);
  EXPECT_EQ(read_file(folders[0] + "/type_map.raw"), read_file(folders[1] + "/type_map.raw"));
  EXPECT_THROW(write_deepmd(all, folder / "set"), InputError);
  EXPECT_EQ(write_deepmd({all[0]}, folder / "one"), (std::vector<std::string>{folder / "one"}));
}

TEST(StructuresHdf5, GivesBackAllStructuresInTheirOrder) {
  const test::TemporaryFolder folder;
  const std::vector<LabelledStructure> all = some_structures();
  write_structures_hdf5(all, folder / "set.h5");
  const LabelledStructures read = read_labelled_structures(folder / "set.h5");
  EXPECT_TRUE(read.refused.empty());
  ASSERT_EQ(read.accepted.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    expect_same(read.accepted[i], all[i]);
    EXPECT_EQ(read.accepted[i].source, all[i].source);
  }
}

TEST(StructuresHdf5, RefusesBadStructuresOneByOneAndDamagedFilesWhole) {
  const test::TemporaryFolder folder;
  std::vector<LabelledStructure> all = some_structures();
  all[1].forces(0, 1) = std::nan("");
  all[1].source = "dft/7.out";
  write_structures_hdf5(all, folder / "set.h5");
  const LabelledStructures read = read_labelled_structures(folder / "set.h5");
  EXPECT_EQ(read.accepted.size(), all.size() - 1);
  ASSERT_EQ(read.refused.size(), 1u);
  EXPECT_NE(read.refused[0].source.find("dft/7.out"), std::string::npos);

  Hdf5File file = Hdf5File::modify(folder / "set.h5");
  file.remove("1/energies");
  file.write("1/energies", at::tensor({1.0}, at::kDouble), "eV", "frame");
  file.close();
  const LabelledStructures damaged = read_labelled_structures(folder / "set.h5");
  EXPECT_TRUE(damaged.accepted.empty());
  ASSERT_EQ(damaged.refused.size(), 1u);
  EXPECT_NE(damaged.refused[0].reason.find("energies has the shape [1], [2] expected"), std::string::npos)
      << damaged.refused[0].reason;
}

TEST(XsfWriter, WritesFilesThatAreReadBack) {
  const test::TemporaryFolder folder;
  const std::vector<LabelledStructure> all = some_structures();
  write_xsf(all, folder / "set");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const LabelledStructures read = read_labelled_structures(folder / fmt::format("set/00000{}.xsf", i + 1));
    ASSERT_EQ(read.accepted.size(), 1u);
    expect_same(read.accepted[0], all[i]);
  }
  // The virial is positive under compression.
  EXPECT_NE(read_file(folder / "set/000001.xsf").find("VIRIAL\n-"), std::string::npos);
  EXPECT_THROW(write_xsf(all, folder / "set"), InputError);
}

}  // namespace
}  // namespace zeropoint
