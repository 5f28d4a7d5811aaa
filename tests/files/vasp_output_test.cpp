// tests/data/vasp: files in the formats of VASP 5.4.4 and 6.3.2, made by hand (no run of VASP) for four atoms in a
// triclinic cell. In vasprun_5.4.4.xml the last electronic step has the wrong e_wo_entrp and e_0_energy of that
// version.
#include <gtest/gtest.h>

#include "core/units.hpp"
#include "tests/support/output_text.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint {
namespace {

using test::accepted;
using test::all_replaced;
using test::data_text;
using test::first_lines;
using test::line_with;
using test::n_lines;
using test::refusal;
using test::replaced;
using test::without_line;

class VaspVersion : public testing::TestWithParam<std::string> {
 protected:
  const std::string outcar_ = data_text("vasp/OUTCAR_" + GetParam());
  const std::string xml_ = data_text("vasp/vasprun_" + GetParam() + ".xml");
};

INSTANTIATE_TEST_SUITE_P(Versions, VaspVersion, testing::Values("5.4.4", "6.3.2"));

void expect_the_label(const LabelledStructure& s) {
  EXPECT_EQ(s.species, (std::vector<std::string>{"Sn", "Sn", "Te", "Te"}));
  Eigen::Matrix3d cell;
  cell << 6.31, 0, 0, 0.42, 6.17, 0, -0.33, 0.21, 5.95;
  EXPECT_EQ(s.cell, cell);
  const Eigen::RowVector3d second = Eigen::RowVector3d{0.51234567, 0.48765432, 0.49876543} * cell;
  EXPECT_LT((s.positions.row(1) - second).cwiseAbs().maxCoeff(), 1e-14);
  EXPECT_EQ(s.energy, -14.89216543);  // the free energy, neither E nor E(sigma -> 0)
  EXPECT_EQ(s.forces(1, 2), -0.678912);
  EXPECT_EQ(s.forces(3, 0), 0.222111);
  ASSERT_TRUE(s.stress);
  Eigen::Matrix3d kbar;  // positive = compressive
  kbar << 12.34567, 1.23456, -3.45678, 1.23456, -23.45678, 2.34567, -3.45678, 2.34567, 34.56789;
  EXPECT_LT((*s.stress * 10 * units::gpa_per_ev_angstrom3 + kbar).cwiseAbs().maxCoeff(), 1e-12);
}

TEST_P(VaspVersion, XmlIsReadWithOrderAndSignOfTheStress) { expect_the_label(accepted(xml_)); }

TEST_P(VaspVersion, OutcarIsReadWithOrderAndSignOfTheStress) { expect_the_label(accepted(outcar_)); }

TEST_P(VaspVersion, OutcarTruncatedAtAnyLineIsRefused) {
  const std::size_t timing = outcar_.find(" General timing");
  for (int line = 0; line < n_lines(outcar_); ++line) {
    const std::string cut = first_lines(outcar_, line);
    if (cut.size() <= timing) {
      ASSERT_NE(refusal(cut), "accepted") << line << " lines";
    } else {
      ASSERT_EQ(refusal(cut), "accepted") << line << " lines";
    }
  }
  EXPECT_THAT_CONTAINS(refusal(outcar_.substr(0, timing)),
                       "no 'General timing and accounting informations' up to the end");
}

TEST_P(VaspVersion, XmlTruncatedAtAnyLineIsRefused) {
  for (int line = 0; line < n_lines(xml_); ++line)
    ASSERT_NE(refusal(first_lines(xml_, line)), "accepted") << line << " lines";
  EXPECT_THAT_CONTAINS(refusal(first_lines(xml_, 100)), "the XML is cut or damaged here");
}

TEST_P(VaspVersion, ReachingNelmIsRefused) {
  EXPECT_THAT_CONTAINS(refusal(all_replaced(xml_, "name=\"NELM\">    60", "name=\"NELM\">     5")),
                       "5 electronic steps, as many as NELM allows");
  EXPECT_EQ(refusal(all_replaced(xml_, "name=\"NELM\">    60", "name=\"NELM\">     6")), "accepted");
  EXPECT_THAT_CONTAINS(refusal(all_replaced(outcar_, "NELM   =     60", "NELM   =      5")),
                       "5 electronic steps, as many as NELM allows");
  EXPECT_THAT_CONTAINS(
      refusal(without_line(outcar_, "aborting loop because EDIFF")),
      "no 'aborting loop because EDIFF is reached': the electronic cycle did not converge in 5 steps (NELM = 60)");
  EXPECT_THAT_CONTAINS(refusal(replaced(outcar_, "aborting loop because EDIFF is reached",
                                        "aborting loop EDIFF was not reached (unconverged)")),
                       "'EDIFF was not reached'");
}

TEST_P(VaspVersion, SeveralIonicStepsAreRefused) {
  const std::size_t begin = xml_.find(" <calculation>"), end = xml_.find("</calculation>") + 15;
  EXPECT_THAT_CONTAINS(refusal(xml_.substr(0, end) + xml_.substr(begin)),
                       "2 ionic steps: a relaxation or a trajectory");
  const std::size_t step = outcar_.find("  FORCE on cell"), timing = outcar_.find(" General timing");
  EXPECT_THAT_CONTAINS(refusal(outcar_.substr(0, timing) + outcar_.substr(step)),
                       "2 ionic steps: a relaxation or a trajectory");
}

TEST_P(VaspVersion, WithoutAStressIsAccepted) {
  const std::size_t begin = xml_.find("  <varray name=\"stress\""), end = xml_.find("</varray>", begin) + 10;
  EXPECT_FALSE(accepted(xml_.substr(0, begin) + xml_.substr(end)).stress);
  const std::size_t block = outcar_.find("  FORCE on cell"), block_end = outcar_.find(" VOLUME and BASIS");
  EXPECT_FALSE(accepted(outcar_.substr(0, block) + outcar_.substr(block_end)).stress);
}

TEST_P(VaspVersion, DamagedNumbersAreRefused) {
  EXPECT_THAT_CONTAINS(refusal(replaced(xml_, "      -0.45678900", "*****************")), "row 2 of the forces: '*");
  EXPECT_THAT_CONTAINS(refusal(replaced(xml_, "       0.56789100", "              nan")),
                       "'nan' is not a finite number");
  EXPECT_THAT_CONTAINS(refusal(without_line(xml_, "-0.45678900")), "4 positions and 3 forces");
  EXPECT_THAT_CONTAINS(
      refusal(replaced(xml_, "      -3.45678000       2.34567000", "       3.45678000       2.34567000")),
      "the stress is not symmetric");
  EXPECT_THAT_CONTAINS(refusal(replaced(outcar_, "-0.456789", "*********")), "'*********': the number did not fit");
  EXPECT_THAT_CONTAINS(refusal(without_line(outcar_, "0.567891")), "3 of 4 rows in the table of forces");
  EXPECT_THAT_CONTAINS(refusal(replaced(outcar_, "-23.45678", "*********")), "'*********': the number did not fit");
  EXPECT_THAT_CONTAINS(refusal(replaced(outcar_, "NIONS =      4", "NIONS = 999999")), "999999 is no count");
  EXPECT_THAT_CONTAINS(refusal(replaced(outcar_, "in kB ", "xx kB ")), "no line 'in kB' in the stress");
  EXPECT_THAT_CONTAINS(
      refusal(replaced(outcar_, "ions per type =               2   2", "ions per type =               2")),
      "'ions per type' tells 2 ions of 1 types, but there are 4 ions and 2 potentials");
  const std::string row = line_with(outcar_, "0.567891");
  EXPECT_THAT_CONTAINS(refusal(replaced(outcar_, row, replaced(row, "3.27312", "3.28312"))),
                       "differ by 0.01 angstrom from the fractional");
}

TEST_P(VaspVersion, AFreeEnergyThatChangesAfterTheCycleNeedsADispersionCorrection) {
  const std::size_t after = xml_.find("<varray name=\"stress\"");
  const std::string changed = xml_.substr(0, after) + replaced(xml_.substr(after), "-14.89216543", "-15.14216543");
  EXPECT_THAT_CONTAINS(refusal(changed),
                       "-14.89216543 eV after the last electronic step and -15.14216543 eV at the end");
  const std::string with_dispersion =
      replaced(changed, "  <separator name=\"ionic\" >\n",
               "  <separator name=\"ionic\" >\n   <i type=\"int\" name=\"IVDW\">    12</i>\n");
  EXPECT_EQ(accepted(with_dispersion).energy, -15.14216543);
}

}  // namespace
}  // namespace zeropoint
