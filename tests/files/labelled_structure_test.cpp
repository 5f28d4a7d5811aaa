// Formats of many structures, files of no known format, and what is checked in all formats.
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/units.hpp"
#include "tests/support/output_text.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

using test::accepted;
using test::all_replaced;
using test::data_text;
using test::first_lines;
using test::n_lines;
using test::read_text;
using test::refusal;
using test::replaced;
using test::without_line;

constexpr double volume = 4.0 * 5.0 * 6.25;

const std::string frame =
    "2\n"
    "Lattice=\"4.0 0.0 0.0 0.0 5.0 0.0 0.5 0.0 6.25\" Properties=species:S:1:pos:R:3:forces:R:3 energy=-7.25 "
    "stress=\"0.01 0.06 0.05 0.06 0.02 0.04 0.05 0.04 0.03\" pbc=\"T T T\"\n"
    "Sn 0.1 0.2 0.3 1.5 -2.5 3.5\n"
    "Te 2.1 2.2 2.3 -1.5 2.5 -3.5\n";

const std::string xsf =
    "# total energy = -7.25 eV\n"
    "VIRIAL\n"
    " -1.25 -7.5 -6.25 -7.5 -2.5 -5.0 -6.25 -5.0 -3.75\n"
    "CRYSTAL\n"
    "PRIMVEC\n"
    " 4.0 0.0 0.0\n 0.0 5.0 0.0\n 0.5 0.0 6.25\n"
    "PRIMCOORD\n"
    "2 1\n"
    "Sn 0.1 0.2 0.3 1.5 -2.5 3.5\n"
    "Te 2.1 2.2 2.3 -1.5 2.5 -3.5\n";

/// xx yy zz yz xz xy = 1 2 3 4 5 6 hundredths of eV/angstrom^3.
Eigen::Matrix3d anisotropic_stress() {
  Eigen::Matrix3d stress;
  stress << 0.01, 0.06, 0.05, 0.06, 0.02, 0.04, 0.05, 0.04, 0.03;
  return stress;
}

void expect_the_frame(const LabelledStructure& s) {
  Eigen::Matrix3d cell;
  cell << 4, 0, 0, 0, 5, 0, 0.5, 0, 6.25;
  EXPECT_EQ(s.cell, cell);
  EXPECT_EQ(s.species, (std::vector<std::string>{"Sn", "Te"}));
  EXPECT_EQ(s.positions(1, 0), 2.1);
  EXPECT_EQ(s.forces(0, 1), -2.5);
  EXPECT_EQ(s.forces(1, 2), -3.5);
  EXPECT_EQ(s.energy, -7.25);
  ASSERT_TRUE(s.stress);
  EXPECT_LT((*s.stress - anisotropic_stress()).cwiseAbs().maxCoeff(), 1e-16);
}

TEST(ExtxyzFrames, AreReadOneByOne) {
  const LabelledStructures all = read_text(frame + frame + "\n" + frame + "\n\n");
  ASSERT_EQ(all.accepted.size(), 3U);
  EXPECT_TRUE(all.refused.empty());
  for (const LabelledStructure& s : all.accepted) expect_the_frame(s);
  EXPECT_EQ(all.accepted[1].source, "output, frame 2");
}

TEST(ExtxyzFrames, TakeVoigtStressesAndVirials) {
  const std::string full = "stress=\"0.01 0.06 0.05 0.06 0.02 0.04 0.05 0.04 0.03\"";
  expect_the_frame(accepted(replaced(frame, full, "stress=\"0.01 0.02 0.03 0.04 0.05 0.06\"")));  // xx yy zz yz xz xy
  const std::string virial = "virial=\"-1.25 -7.5 -6.25 -7.5 -2.5 -5.0 -6.25 -5.0 -3.75\"";       // -volume x stress
  static_assert(volume == 125);
  expect_the_frame(accepted(replaced(frame, full, virial)));
  expect_the_frame(accepted(replaced(frame, full, "Virial=\"-1.25 -2.5 -3.75 -5.0 -6.25 -7.5\"")));
  expect_the_frame(accepted(replaced(frame, full, full + " " + virial)));
  EXPECT_THAT_CONTAINS(refusal(replaced(frame, full, full + " virial=\"1.25 7.5 6.25 7.5 2.5 5.0 6.25 5.0 3.75\"")),
                       "line 2: stress and virial disagree");
  EXPECT_FALSE(accepted(replaced(frame, full, "")).stress);
}

TEST(ExtxyzFrames, TakeTheSpellingsOfOtherPrograms) {
  expect_the_frame(accepted(replaced(frame, "forces:R:3", "force:R:3")));
  expect_the_frame(accepted(replaced(frame, "pbc=\"T T T\"", "pbc=[T, T, T] weight=1.0 config_type=\"a b\"")));
  expect_the_frame(accepted(replaced(frame, "Lattice", "lattice")));
  expect_the_frame(
      accepted(replaced(frame, " energy=-7.25", " energy=-7.00 free_energy=-7.25")));  // forces belong to the free one
  const std::string columns = replaced(frame, "pos:R:3:forces", "Z:I:1:pos:R:3:momenta:R:3:forces");
  expect_the_frame(accepted(replaced(replaced(columns, "Sn 0.1 0.2 0.3", "Sn 50 0.1 0.2 0.3 9 9 9"), "Te 2.1 2.2 2.3",
                                     "Te 52 2.1 2.2 2.3 9 9 9")));
  expect_the_frame(accepted("\xEF\xBB\xBF" + all_replaced(frame, "\n", "\r\n")));
}

TEST(ExtxyzFrames, ADamagedFrameCostsOnlyItself) {
  const auto middle = [](const std::string& bad) {
    const LabelledStructures all = read_text(frame + bad + frame);
    EXPECT_EQ(all.accepted.size(), 2U);
    if (all.refused.size() != 1) return std::string{"accepted"};
    EXPECT_EQ(all.refused[0].source, "output, frame 2");
    return all.refused[0].reason;
  };
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "energy=-7.25", "")), "line 6: no energy=... (eV)");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "energy=-7.25", "energy=nan")), "the energy is not finite");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "forces:R:3", "other:R:3")), "has no forces");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "Lattice=", "Cell=")), "no Lattice=");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "Properties=", "Props=")), "no Properties=");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "\"T T T\"", "\"T T F\"")), "not periodic in three directions");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "2\nL", "3\nL")), "line 9: atom 3 of 3 has 1 columns, 7 expected");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "2\nL", "1\nL")), "more rows than the 1 atoms that are announced");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "2\nL", "0\nL")), "more rows than the 0 atoms");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "-2.5 3.5", "-2.5")), "line 7: atom 1 of 2 has 6 columns");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "-2.5 3.5", "NaN 3.5")),
                       "line 7, column 20: 'NaN' is not a finite number");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "-2.5 3.5", "********* 3.5")), "'*********'");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "-2.5 3.5", "-2.4 3.5")),
                       "their sum is 0.1 eV/angstrom (below 0.002 is expected)");
  EXPECT_THAT_CONTAINS(middle(replaced(replaced(frame, "1.5 -2.5", "60 -2.5"), "-1.5 2.5", "-60 2.5")),
                       "the force on atom 1 is 60.15 eV/angstrom");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "0.05 0.04 0.03", "0.05 0.07 0.03")), "the stress is not symmetric");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "0.05 0.04 0.03", "0.05 0.04")), "stress must be 9 numbers");
  EXPECT_THAT_CONTAINS(middle(replaced(frame, "0.5 0.0 6.25", "0.5 0.0 0.00")), "span a volume of 0");
}

TEST(ExtxyzFrames, TruncatedAtAnyByteGiveOnlyWholeFrames) {
  const std::string two = frame + frame;
  for (std::size_t size = 1; size < two.size(); ++size) {
    const LabelledStructures all = read_text(two.substr(0, size));
    EXPECT_EQ(all.accepted.size(), size < frame.size() ? 0U : 1U) << size;
    EXPECT_EQ(all.refused.size(), size == frame.size() ? 0U : 1U) << size;
  }
  EXPECT_THAT_CONTAINS(refusal(frame.substr(0, frame.size() - 1)), "the last line of the file has no end");
}

TEST(ExtxyzFrames, LargerForcesAreBelievedOnRequest) {
  const std::string strong = replaced(replaced(frame, "1.5 -2.5", "60 -2.5"), "-1.5 2.5", "-60 2.5");
  EXPECT_EQ(read_text(strong, {.force = 100}).accepted.size(), 1U);
  EXPECT_EQ(read_text(replaced(frame, "-2.5 3.5", "-2.4 3.5"), {.net_force_per_atom = 0.1}).accepted.size(), 1U);
}

TEST(XsfFile, IsReadWithItsVirial) {
  expect_the_frame(accepted(xsf));
  expect_the_frame(accepted(replaced(replaced(xsf, "Sn 0.1", "50 0.1"), "VIRIAL\n", "VIRIAL")));
  expect_the_frame(
      accepted(replaced(xsf, " -1.25 -7.5 -6.25 -7.5 -2.5 -5.0 -6.25", " -1.25 -7.5 -6.25\n -7.5 -2.5 -5.0\n -6.25")));
  const LabelledStructure without = accepted(without_line(without_line(xsf, "VIRIAL"), " -1.25"));
  EXPECT_FALSE(without.stress);
  EXPECT_EQ(without.energy, -7.25);
}

TEST(XsfFile, FailuresAreNamed) {
  for (int line = 0; line < n_lines(xsf); ++line)
    ASSERT_NE(refusal(first_lines(xsf, line)), "accepted") << line << " lines";
  EXPECT_THAT_CONTAINS(refusal(xsf.substr(0, xsf.size() - 1)), "the last line of the file has no end");
  EXPECT_THAT_CONTAINS(refusal(without_line(xsf, "total energy")), "no '# total energy = NUMBER eV'");
  EXPECT_THAT_CONTAINS(refusal(replaced(xsf, "-7.25 eV", "-7.25 Ha")), "'# total energy = NUMBER eV' is expected");
  EXPECT_THAT_CONTAINS(refusal(replaced(xsf, "2 1\n", "3 1\n")), "atom 3 of 3 should follow");
  EXPECT_THAT_CONTAINS(refusal(replaced(xsf, "2 1\n", "1 1\n")), "more atoms than the number above them");
  EXPECT_THAT_CONTAINS(refusal(replaced(xsf, " 1.5 -2.5 3.5", "")), "atom 1 has no force");
  EXPECT_THAT_CONTAINS(refusal(replaced(xsf, "CRYSTAL", "MOLECULE")), "not periodic in three directions");
  EXPECT_THAT_CONTAINS(refusal(replaced(xsf, " -3.75\n", "\n")),
                       "line 4, column 1: 'CRYSTAL' where a number is expected");
  EXPECT_THAT_CONTAINS(refusal(replaced(xsf, "3.5\n", "inf\n")), "'inf' is not a finite number");
}

TEST(LabelledStructures, FilesOfNoKnownFormatAreRefused) {
  EXPECT_THAT_CONTAINS(refusal(""), "the file is empty");
  EXPECT_THAT_CONTAINS(refusal(" \n\n"), "the file is empty");
  EXPECT_THAT_CONTAINS(refusal("Dear colleague,\nthe numbers are in the other file.\n"),
                       "no known format; it begins with 'Dear colleague,'");
  EXPECT_THAT_CONTAINS(refusal(data_text("pwx/scf.in")), "no known format; it begins with '&control'");
  EXPECT_THAT_CONTAINS(refusal("<?xml version=\"1.0\"?>\n<svg></svg>\n"), "neither of pw.x nor of VASP");
  std::string noise;
  for (int k = 0; k < 4000; ++k) noise.push_back(static_cast<char>(k * k * 31 % 256));
  EXPECT_THAT_CONTAINS(refusal(noise), "zero byte at position 1");
  for (char& c : noise) c = c == '\0' ? '\x01' : c;
  EXPECT_THAT_CONTAINS(refusal(noise), "no known format");
}

TEST(LabelledStructures, AFileThatCannotBeOpenedIsAnError) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(read_labelled_structures(folder / "missing.out"), IoError);
  EXPECT_THROW(read_labelled_structures(folder.path()), IoError);
}

}  // namespace
}  // namespace zeropoint
