// A DFT code that nobody has heard of: what a new format is made of, in one file.
#include <gtest/gtest.h>

#include "core/atomic_file.hpp"
#include "files/labelled_formats.hpp"
#include "files/text_scanner.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

LabelledStructure read_toy(const FileContent& file) {
  TextScanner scan(file.path(), file.text());
  scan.require_next("the title");
  LabelledStructure found;
  scan.require_next("edge and energy");
  found.cell = scan.number(0) * Eigen::Matrix3d::Identity();
  found.energy = scan.number(1);
  scan.require_next("an atom");
  found.species = {std::string{scan.words()[0]}};
  found.positions = Vectors{{scan.number(1), scan.number(2), scan.number(3)}};
  found.forces = Vectors::Zero(1, 3);
  return found;
}

LabelledFormat toy_format() {
  return {.name = "toy",
          .description = "outputs of TOY",
          .recognises = [](const FileContent& file) { return file.first_line() == "TOY 1.0"; },
          .read = one_structure(read_toy)};
}

class ToyFormat : public testing::Test {
 protected:
  LabelledStructures read(const std::string& text) const {
    std::vector<LabelledFormat> formats = labelled_formats();
    formats.push_back(toy_format());
    write_file(folder_ / "anything.xyz", text);
    return read_labelled_structures(folder_ / "anything.xyz", {}, formats);
  }
  test::TemporaryFolder folder_;
};

TEST_F(ToyFormat, IsFoundByItsContentAmongTheOthers) {
  const LabelledStructures found = read("TOY 1.0\n4.5 -7.25\nPo 0.1 0.2 0.3\n");
  ASSERT_EQ(found.accepted.size(), 1u);
  EXPECT_EQ(found.accepted[0].energy, -7.25);
  EXPECT_EQ(found.accepted[0].species, (std::vector<std::string>{"Po"}));
  EXPECT_EQ(found.accepted[0].source, folder_ / "anything.xyz");
  const LabelledStructures frame =
      read("1\nLattice=\"4 0 0 0 4 0 0 0 4\" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1.5\nPo 0 0 0 0 0 0\n");
  ASSERT_EQ(frame.accepted.size(), 1u);
  EXPECT_EQ(frame.accepted[0].energy, -1.5);
}

TEST_F(ToyFormat, IsJudgedAsAllOthersAre) {
  const LabelledStructures flat = read("TOY 1.0\n0 -7.25\nPo 0.1 0.2 0.3\n");
  ASSERT_EQ(flat.refused.size(), 1u);
  EXPECT_NE(flat.refused[0].reason.find("span a volume of 0"), std::string::npos) << flat.refused[0].reason;
  const LabelledStructures damaged = read("TOY 1.0\n4.5 -7.2***\nPo 0.1 0.2 0.3\n");
  ASSERT_EQ(damaged.refused.size(), 1u);
  EXPECT_EQ(damaged.refused[0].reason.find("line 2, column 5: '-7.2***'"), 0u) << damaged.refused[0].reason;
}

TEST_F(ToyFormat, IsListedWhereNothingIsRecognised) {
  const LabelledStructures none = read("DUD 1.0\n");
  ASSERT_EQ(none.refused.size(), 1u);
  EXPECT_NE(none.refused[0].reason.find("extended XYZ and outputs of TOY"), std::string::npos)
      << none.refused[0].reason;
}

TEST(LabelledFormats, HaveNamesOfTheirOwn) {
  const std::vector<LabelledFormat>& all = labelled_formats();
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(all[i].name, all[j].name);
  }
}

}  // namespace
}  // namespace zeropoint
