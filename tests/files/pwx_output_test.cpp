// tests/data/pwx: outputs of pw.x 6.7 for Li2H2 in a triclinic cell, from scf.in and variations of it; paths are edited
// out.
//   scf.out, scf.xml        the same run          verbose.out      the same with verbosity = 'high'
//   unconverged.out         electron_maxstep = 2  must_not_converge.out  scf_must_converge = .false., 3 steps
//   relax.out               calculation = 'relax', 3 steps        error_box.out  nat = 5 with four positions
#include <gtest/gtest.h>

#include "core/units.hpp"
#include "tests/support/output_text.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint {
namespace {

using test::accepted;
using test::data_text;
using test::first_lines;
using test::line_with;
using test::n_lines;
using test::refusal;
using test::replaced;
using test::without_line;

const UnitSet& unit_set = units::codata2022;

class PwxOutput : public testing::Test {
 protected:
  const std::string good_ = data_text("pwx/scf.out");
  const std::string xml_ = data_text("pwx/scf.xml");
};

/// What scf.in holds: the cell and the atoms in angstrom.
Eigen::Matrix3d input_cell() {
  Eigen::Matrix3d cell;
  cell << 3.9012345678901, 0.15, 0, 0.03, 3.0512345678901, 0.2, 0.11, -0.07, 2.7512345678901;
  return cell;
}

Vectors input_positions() {
  Vectors positions(4, 3);
  positions << 0.0512345678901, 0.0312345678901, -0.0212345678901, 2.0012345678901, 1.5912345678901, -0.0412345678901,
      2.0612345678901, 0.0212345678901, 0.0512345678901, 0.0012345678901, 1.5012345678901, 0.1312345678901;
  return positions;
}

TEST_F(PwxOutput, IsReadInElectronvoltAndAngstrom) {
  const LabelledStructure s = accepted(good_);
  EXPECT_EQ(s.source, "output");
  EXPECT_EQ(s.species, (std::vector<std::string>{"Li", "Li", "H", "H"}));
  EXPECT_DOUBLE_EQ(s.energy, -28.98717267 * unit_set.rydberg);
  // Axes are printed with 6, positions with 7 decimals, in units of alat = 3.9041 angstrom.
  EXPECT_LT((s.cell - input_cell()).cwiseAbs().maxCoeff(), 0.5e-6 * 3.91 + 1e-9);
  EXPECT_LT((s.positions - input_positions()).cwiseAbs().maxCoeff(), 0.5e-7 * 3.91 + 2e-8);
  EXPECT_DOUBLE_EQ(s.forces(0, 1), -0.03607818 * unit_set.rydberg_per_bohr());
  EXPECT_DOUBLE_EQ(s.forces(3, 2), -0.01180955 * unit_set.rydberg_per_bohr());
  EXPECT_DOUBLE_EQ(s.force_noise, 0.000003 * unit_set.rydberg_per_bohr());
}

TEST_F(PwxOutput, GivesTheAnisotropicStressWithTheSignOfAse) {
  const LabelledStructure s = accepted(good_);
  ASSERT_TRUE(s.stress);
  Eigen::Matrix3d printed;  // Ry/bohr^3, positive = compressive
  printed << -0.01415494, -0.00017974, -0.00001695, -0.00017974, -0.01212045, 0.00036355, -0.00001695, 0.00036355,
      -0.01355308;
  EXPECT_LT((*s.stress + printed * unit_set.rydberg_per_bohr3()).cwiseAbs().maxCoeff(), 1e-15);
  EXPECT_NEAR(-s.stress->trace() / 3 * units::gpa_per_ev_angstrom3, -195.299,
              1e-3);  // P = -1952.99 kbar: stretched, so tensile
}

TEST_F(PwxOutput, TextAndXmlOfOneRunAgree) {
  const LabelledStructure text = accepted(good_), xml = accepted(xml_);
  EXPECT_EQ(xml.species, text.species);
  EXPECT_LT((xml.cell - input_cell()).cwiseAbs().maxCoeff(), 4e-9);  // pw.x 6.7 has another bohr, by 7e-10 of its value
  EXPECT_LT((xml.positions - input_positions()).cwiseAbs().maxCoeff(), 4e-9);
  EXPECT_NEAR(xml.energy, text.energy, 0.6e-8 * unit_set.rydberg);  // 8 decimals in Ry
  EXPECT_LT((xml.forces - text.forces).cwiseAbs().maxCoeff(), 0.6e-8 * unit_set.rydberg_per_bohr());
  ASSERT_TRUE(xml.stress);
  EXPECT_LT((*xml.stress - *text.stress).cwiseAbs().maxCoeff(), 0.6e-8 * unit_set.rydberg_per_bohr3());
}

TEST_F(PwxOutput, VerbosityChangesNothing) {  // there every contribution to the forces has a table of its own
  const LabelledStructure a = accepted(good_), b = accepted(data_text("pwx/verbose.out"));
  EXPECT_EQ(a.forces, b.forces);
  EXPECT_EQ(a.positions, b.positions);
  EXPECT_EQ(*a.stress, *b.stress);
}

TEST_F(PwxOutput, TruncatedAtAnyLineIsRefused) {
  const int n = n_lines(good_);
  for (int line = 0; line < n - 1; ++line) {  // JOB DONE. stands in the last line but one
    EXPECT_THAT_CONTAINS(refusal(first_lines(good_, line)), line == 0   ? "empty"
                                                            : line == 1 ? "empty"
                                                                        : "no 'JOB DONE.' up to the end");
  }
  EXPECT_EQ(refusal(first_lines(good_, n - 1)), "accepted");
}

TEST_F(PwxOutput, TruncatedAtAnyByteIsRefusedOrComplete) {
  const LabelledStructure whole = accepted(good_);
  const std::size_t end = good_.find("JOB DONE.");
  for (std::size_t size = 0; size < good_.size(); size += size + 100 < end ? 7 : 1) {
    const LabelledStructures found = test::read_text(good_.substr(0, size));
    if (found.accepted.empty()) continue;
    ASSERT_GT(size, end);
    ASSERT_EQ(found.accepted.front().forces, whole.forces);
    ASSERT_EQ(*found.accepted.front().stress, *whole.stress);
  }
}

TEST_F(PwxOutput, WithAnyLineRemovedIsRefusedOrTheSame) {  // a hole in the file, from a full disk
  const LabelledStructure whole = accepted(good_);
  for (int line = 0; line < n_lines(good_); ++line) {
    const LabelledStructures found =
        test::read_text(first_lines(good_, line) + good_.substr(first_lines(good_, line + 1).size()));
    if (found.accepted.empty()) continue;
    const LabelledStructure& s = found.accepted.front();
    ASSERT_EQ(s.energy, whole.energy);
    ASSERT_EQ(s.forces, whole.forces);
    ASSERT_EQ(s.positions, whole.positions);
    ASSERT_EQ(s.species, whole.species);
    ASSERT_EQ(s.cell, whole.cell);
    ASSERT_EQ(s.stress.value_or(*whole.stress), *whole.stress);
  }
}

TEST_F(PwxOutput, RealFailuresAreNamed) {
  EXPECT_THAT_CONTAINS(refusal(data_text("pwx/unconverged.out")),
                       "the SCF cycle did not converge ('convergence NOT achieved after   2");
  EXPECT_THAT_CONTAINS(refusal(data_text("pwx/must_not_converge.out")),
                       "accuracy of 0.0091 Ry, above the conv_thr of 4e-10 Ry (scf_must_converge = .false.?)");
  EXPECT_THAT_CONTAINS(refusal(data_text("pwx/relax.out")), "3 total energies and 3 force tables: a relax or md run");
  EXPECT_THAT_CONTAINS(refusal(data_text("pwx/relax.out")), "Run calculation = 'scf'");
  EXPECT_THAT_CONTAINS(
      refusal(data_text("pwx/error_box.out")),
      "pw.x stopped with an error: Error in routine read_cards (5): wrong number of columns in ATOMIC_POSITIONS.");
}

TEST_F(PwxOutput, OfAppendedRunsTheLastCounts) {
  const std::string other = replaced(good_, "!    total energy              =     -28.98717267",
                                     "!    total energy              =     -28.98717200");
  EXPECT_DOUBLE_EQ(accepted(other + good_).energy, -28.98717267 * unit_set.rydberg);
  EXPECT_DOUBLE_EQ(accepted(good_ + other).energy, -28.98717200 * unit_set.rydberg);
  EXPECT_DOUBLE_EQ(accepted(data_text("pwx/unconverged.out") + good_).energy, -28.98717267 * unit_set.rydberg);
  EXPECT_THAT_CONTAINS(refusal(good_ + data_text("pwx/unconverged.out")),
                       "the last of 2 runs in the file (line 310): the SCF cycle did not");
  EXPECT_THAT_CONTAINS(refusal(good_ + first_lines(good_, 250)),
                       "the last of 2 runs in the file (line 310): no 'JOB DONE.'");
  EXPECT_THAT_CONTAINS(refusal(good_ + "   JOB DONE.\n"), "'JOB DONE.' stands 2 times in one run");
}

TEST_F(PwxOutput, StoppedRunsAreRefused) {
  const std::string end = line_with(good_, "This run was terminated");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, end, "     Maximum CPU time exceeded\n" + end)),
                       "stopped at max_seconds");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, end, "     Program stopped by user request\n" + end)),
                       "stopped by an EXIT file");
  EXPECT_THAT_CONTAINS(refusal(without_line(good_, "JOB DONE.")),
                       "no 'JOB DONE.' up to the end (line 307): the run was killed");
  EXPECT_THAT_CONTAINS(refusal(without_line(good_, "!    total energy")),
                       "no final total energy (no line starts with '!')");
  EXPECT_THAT_CONTAINS(refusal(without_line(good_, "convergence has been achieved")),
                       "'convergence has been achieved' is missing");
}

TEST_F(PwxOutput, AccuracyAndForceNoiseAreJudged) {
  const auto accuracy = [&](const std::string& text) {
    return refusal(replaced(good_, "estimated scf accuracy    <          1.2E-10 Ry",
                            "estimated scf accuracy    < " + text + " Ry"));
  };
  EXPECT_EQ(accuracy("4.1E-10"), "accepted");  // two digits are printed: 4.05E-10 may stand behind both
  EXPECT_THAT_CONTAINS(accuracy("4.6E-10"), "accuracy of 4.6e-10 Ry, above the conv_thr of 4e-10 Ry");
  EXPECT_THAT_CONTAINS(accuracy("0.00000002"), "above the conv_thr");
  const std::string loose = replaced(good_, "threshold =      4.0E-10", "threshold =      1.2E-08");
  EXPECT_EQ(refusal(replaced(loose, "<          1.2E-10", "<       0.00000001")), "accepted");
  EXPECT_THAT_CONTAINS(refusal(replaced(loose, "<          1.2E-10", "<       0.00000002")), "above the conv_thr");
  EXPECT_THAT_CONTAINS(refusal(without_line(good_, "scf convergence threshold")),
                       "the convergence threshold is not told");
  // The total force is 0.055621 Ry/bohr = 1.43 eV/angstrom: 1 % of it is allowed.
  EXPECT_EQ(refusal(replaced(good_, "correction =     0.000003", "correction =     0.000550")), "accepted");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "correction =     0.000003", "correction =     0.000560")),
                       "'Total SCF correction' is 0.014 eV/angstrom (at most 0.014 here)");
  EXPECT_THAT_CONTAINS(refusal(without_line(good_, "Total force =")),
                       "no line 'Total force = ... Total SCF correction = ...'");
}

TEST_F(PwxOutput, DamagedNumbersNameTheLine) {
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "0.00270293   -0.03607818", "************   -0.03607818")),
                       "line 245, column 38: '************': the number did not fit");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "0.00270293   -0.03607818", "       NaN   -0.03607818")),
                       "'NaN' is not a finite number");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "!    total energy              =     -28.98717267",
                                        "!    total energy              =  ***********")),
                       "line 230, column 35: '***********'");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "-0.01415494  -0.00017974", "***********  -0.00017974")),
                       "'***********'");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "-0.01415494", "-0.01415464")), "but -2082.26 stands beside it");
  std::string zeros = good_;
  for (std::size_t k = 4096; k < 4200; ++k) zeros[k] = '\0';
  EXPECT_THAT_CONTAINS(refusal(zeros), "zero byte at position 4097");
}

TEST_F(PwxOutput, TablesMustBeComplete) {
  EXPECT_THAT_CONTAINS(refusal(without_line(good_, "atom    4 type  2")), "3 of 4 rows in the table of forces");
  EXPECT_THAT_CONTAINS(refusal(without_line(good_, "atom    2 type  1")),
                       "the force on atom 3 where that on atom 2 is expected");
  EXPECT_THAT_CONTAINS(refusal(without_line(good_, "tau(   4)")), "3 of 4 rows in the table of sites");
  EXPECT_THAT_CONTAINS(
      refusal(replaced(good_, "number of atoms/cell      =            4", "number of atoms/cell      =            3")),
      "more than 3 rows in the table of sites");
  EXPECT_THAT_CONTAINS(refusal(without_line(good_, "-0.00001695   0.00036355")), "2 of 3 rows of the stress");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "0.999262", "0.989262")), "but a volume of 221.3122 is told");
  const std::string forces = good_.substr(good_.find("     Forces acting"),
                                          good_.find("     Computing stress") - good_.find("     Forces acting"));
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, forces, "")), "no forces: set tprnfor = .true.");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "-0.03607818", "-0.02607818")),
                       "the forces do not add up to zero: their sum is 0.2571");
}

TEST_F(PwxOutput, AnImpossibleNumberOfAtomsIsRefused) {
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "atoms/cell      =            4", "atoms/cell      =    999999999")),
                       "999999999 atoms: the line is damaged");
  EXPECT_THAT_CONTAINS(refusal(replaced(good_, "atoms/cell      =            4", "atoms/cell      =            0")),
                       "0 atoms: the line is damaged");
}

TEST_F(PwxOutput, WithoutAStressIsAccepted) {
  const std::string stress = good_.substr(good_.find("     Computing stress"),
                                          good_.find("     Writing output") - good_.find("     Computing stress"));
  const LabelledStructure s = accepted(replaced(good_, stress, ""));
  EXPECT_FALSE(s.stress);
  EXPECT_EQ(s.forces, accepted(good_).forces);
}

TEST_F(PwxOutput, LinesBetweenTheRowsAreSkipped) {  // builds for GPUs print there
  const std::string first = line_with(good_, "-0.01415494"), second = line_with(good_, "atom    2 type  1");
  const std::string noisy = replaced(replaced(good_, first, first + "     kinetic stress on GPU: 0.01 s\n"), second,
                                     "     GPU memory 12 MB\n" + second);
  EXPECT_EQ(*accepted(noisy).stress, *accepted(good_).stress);
  EXPECT_EQ(accepted(noisy).forces, accepted(good_).forces);
}

TEST_F(PwxOutput, XmlFailuresAreNamed) {
  for (int line = 1; line < n_lines(xml_); ++line)
    ASSERT_NE(refusal(first_lines(xml_, line)), "accepted") << line << " lines";
  EXPECT_THAT_CONTAINS(refusal(first_lines(xml_, 150)), "the XML is cut or damaged here");
  EXPECT_THAT_CONTAINS(refusal(replaced(xml_, "<convergence_achieved>true", "<convergence_achieved>false")),
                       "the SCF cycle did not converge");
  EXPECT_THAT_CONTAINS(refusal(replaced(xml_, "6.239800516463314e-11</scf_error>", "4.5e-3</scf_error>")),
                       "accuracy of 0.0045 Ha, above the conv_thr of 2e-10 Ha");
  EXPECT_THAT_CONTAINS(refusal(replaced(xml_, "<status>0", "<status>2")), "pw.x ended with the status '2'");
  EXPECT_THAT_CONTAINS(refusal(replaced(xml_, "<calculation>scf", "<calculation>relax")),
                       "calculation = 'relax', not 'scf'");
  EXPECT_THAT_CONTAINS(refusal(replaced(xml_, "1.351465427194753e-3", "NaN")),
                       "<forces>: 'NaN' is not a finite number");
  EXPECT_THAT_CONTAINS(refusal(replaced(xml_, "-1.803908998019334e-2", "")), "<forces>: 11 numbers, 12 expected");
  const std::size_t begin = xml_.find("    <stress rank"), end = xml_.find("</stress>", begin) + 10;
  EXPECT_FALSE(accepted(xml_.substr(0, begin) + xml_.substr(end)).stress);
}

}  // namespace
}  // namespace zeropoint
