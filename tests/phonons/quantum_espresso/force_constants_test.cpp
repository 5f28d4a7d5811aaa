#include "phonons/quantum_espresso/force_constants.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <sstream>

#include "core/error.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/spectrum.hpp"
#include "tests/phonons/matdyn_run.hpp"
#include "tests/phonons/phonopy/run.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/polar_models.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::phonons {
namespace {

using test::difference;
using test::put_text;
using test::replaced;
using test::text_of;

InterpolationOptions as_matdyn(const DynamicalMatrices& matrices) {
  return {.sum_rule = SumRule::none,
          .ewald = {.alpha = std::pow(2 * std::numbers::pi / matrices.crystal.cell.row(0).norm(), 2),
                    .cutoff = 14,
                    .skip_unit_direction = true,
                    .divisions = matrices.grid.divisions()}};
}

void expect_frequencies(const DynamicalMatrices& matrices, const std::vector<std::vector<double>>& theirs,
                        double tolerance) {
  const Eigen::MatrixXd ours = frequencies_at(Interpolation(matrices, as_matdyn(matrices)), test::points_off_grids());
  test::expect_near(ours.unaryExpr([](double w) { return units::codata2022.inverse_cm(w); }), theirs, tolerance);
}

constexpr double digits =
    1e-3;  // cm^-1: .freq has four decimals, .fc twelve digits and seven decimals of charges and lengths

TEST(QeForceConstants, ReadWhatTheyWrite) {
  for (const test::PolarModel& model : test::polar_models()) {
    SCOPED_TRACE(model.name);
    const test::TemporaryFolder folder;
    write_qe_force_constants(model.matrices, folder / "x.fc");
    const MatrixFile back = read_qe_force_constants(folder / "x.fc");
    // Twelve digits of Phi; cell and positions with 7 to 10 decimals move the dipole part, which is taken out and
    // added.
    EXPECT_LT(difference(model.matrices, back.matrices), 1e-6);
    ASSERT_TRUE(back.matrices.polar);
    EXPECT_LT((back.matrices.polar->born_charges[0] - model.matrices.polar->born_charges[0]).cwiseAbs().maxCoeff(),
              1e-7);

    write_qe_force_constants(model.matrices, folder / "f.fc", {.dipoles = false});
    const MatrixFile inside = read_qe_force_constants(folder / "f.fc");
    EXPECT_LT(difference(model.matrices, inside.matrices), 1e-9);
    EXPECT_FALSE(inside.matrices.polar);

    write_qe_force_constants(model.matrices, folder / "a.fc", {.ewald_parameter = true});
    EXPECT_EQ(difference(read_qe_force_constants(folder / "a.fc").matrices, back.matrices), 0);
  }
}

TEST(QeForceConstants, TakeTheEwaldParameterOfTheFile) {
  const test::TemporaryFolder folder;
  write_qe_force_constants(test::polar_models()[4].matrices, folder / "a.fc", {.ewald_parameter = true});
  put_text(folder / "b.fc", replaced(text_of(folder / "a.fc"), "1.0000000000\n", "2.0000000000\n"));
  // The dipole part of another parameter is added back: that of a program whose parameter it is would be right.
  EXPECT_GT(
      difference(read_qe_force_constants(folder / "a.fc").matrices, read_qe_force_constants(folder / "b.fc").matrices),
      1e-3);
}

TEST(QeForceConstants, WarnWhereAMissingEwaldParameterWouldMatter) {
  const test::TemporaryFolder folder;
  DynamicalMatrices matrices = test::polar_models()[4].matrices;
  matrices.alat = 13 * units::codata2022.bohr;  // (2 pi/alat)^2 is small then
  write_qe_force_constants(matrices, folder / "long.fc");
  const MatrixFile file = read_qe_force_constants(folder / "long.fc");
  ASSERT_EQ(file.warnings.size(), 1U);
  EXPECT_NE(file.warnings[0].find("no Ewald parameter is in the file, and alat = 13.00 bohr is long"),
            std::string::npos);
  write_qe_force_constants(matrices, folder / "told.fc", {.ewald_parameter = true});
  EXPECT_TRUE(read_qe_force_constants(folder / "told.fc").warnings.empty());
}

TEST(QeForceConstants, GiveMatdynTheFrequenciesOfOurInterpolation) {
  SKIP_WITHOUT_MATDYN();
  for (const test::PolarModel& model : test::polar_models()) {
    SCOPED_TRACE(model.name);
    const test::TemporaryFolder folder;
    write_qe_force_constants(model.matrices, folder / "x.fc");
    expect_frequencies(model.matrices, test::frequencies_of_force_constants(folder, "no", test::points_off_grids()),
                       digits);
  }
}

TEST(QeForceConstants, OfQ2rGiveTheMatricesThatItRead) {
  SKIP_WITHOUT_MATDYN();
  for (const test::PolarModel& model : test::polar_models()) {
    SCOPED_TRACE(model.name);
    const test::TemporaryFolder folder;
    write_qe_dyn(model.matrices, folder / "x.dyn");
    test::run_q2r(folder, "x.dyn", "crystal");
    const MatrixFile file = read_qe_force_constants(folder / "x.fc");
    EXPECT_LT(difference(model.matrices, file.matrices), 2e-6);  // its charges have seven decimals
    expect_frequencies(file.matrices, test::frequencies_of_force_constants(folder, "no", test::points_off_grids()),
                       digits);
    // Written again they are those of q2r.x to their own digits: the same layout line by line.
    write_qe_force_constants(model.matrices, folder / "y.fc");
    std::istringstream theirs(text_of(folder / "x.fc")), ours(text_of(folder / "y.fc"));
    std::string a, b;
    int n_lines = 0;
    for (; std::getline(theirs, a) && std::getline(ours, b); ++n_lines) {
      if (n_lines == 0 || a.find('\'') != std::string::npos) continue;  // ibrav in three columns, masses list-directed
      ASSERT_EQ(a.size(), b.size()) << n_lines;
      const bool is_number = a.size() == 32;  // 3i4, 2x, 1pe18.11
      if (is_number) {
        EXPECT_EQ(a.substr(0, 14), b.substr(0, 14));
        EXPECT_NEAR(std::stod(a.substr(14)), std::stod(b.substr(14)), 1e-7);
      }
    }
    EXPECT_FALSE(std::getline(ours, b));
    EXPECT_GT(n_lines, 100);
  }
}

TEST(QeForceConstants, HoldTheirColumnsToTheByte) {
  DynamicalMatrices matrices = test::polar_models()[0].matrices;
  const test::TemporaryFolder folder;
  write_matrix_file(matrices, "epw", folder.path());
  std::istringstream text(text_of(folder / "ifc.q2r"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  // alat = 2.82 sqrt(2) angstrom. EPW reads the first line with 3i4.
  EXPECT_EQ(lines[0], "  2    2   0  7.5363832  0.0000000  0.0000000  0.0000000  0.0000000  0.0000000");
  EXPECT_EQ(lines[1], "      0.000000000    0.707106782    0.707106782");
  EXPECT_EQ(lines[4], "           1  'Na '      20954.103149767237");
  EXPECT_EQ(lines[5].substr(0, 20), "           2  'Cl ' ");
  EXPECT_EQ(lines[6], "    1    1      0.0000000000      0.0000000000      0.0000000000");
  EXPECT_EQ(lines[7], "    2    2      0.7071067823      0.7071067823      0.7071067823");
  EXPECT_EQ(lines[8], " T");
  EXPECT_EQ(lines[9], "          2.400000000000          0.000000000000          0.000000000000");
  EXPECT_EQ(lines[12], "    1");
  EXPECT_EQ(lines[13], "      1.1000000      0.0000000      0.0000000");
  EXPECT_EQ(lines[20], "   2   2   2");
  EXPECT_EQ(lines[21], "   1   1   1   1");
  EXPECT_EQ(lines[22].substr(0, 15), "   1   1   1   ");
  EXPECT_EQ(lines[22].size(), 32u);
  EXPECT_EQ(lines[22].substr(28, 2), "E-");
  EXPECT_EQ(lines[23].substr(0, 12), "   2   1   1");
  EXPECT_EQ(lines[30], "   1   1   1   2");
  EXPECT_EQ(lines.size(), 21u + 36u * 9u);
}

TEST(QeForceConstants, OfAluminiumAreThoseOfItsDynFiles) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const std::string folder = data + "/electron_phonon/al_444/";
  const MatrixFile file = read_qe_force_constants(folder + "Al444.fc");
  // Dyn files of eight decimals, 64 of them.
  EXPECT_LT(difference(read_qe_dyn(folder + "al.dyn"), file.matrices), 2e-8 * units::codata2022.rydberg_per_bohr2());
}

class QeForceConstantErrors : public testing::Test {
 protected:
  QeForceConstantErrors() {
    write_qe_force_constants(test::polar_models()[1].matrices, file_);
    whole_ = text_of(file_);
  }
  void expect(const std::string& text, const std::string& part) const {
    put_text(file_, text);
    std::string found = "no error";
    try {
      read_qe_force_constants(file_);
    } catch (const Error& error) {
      found = error.what();
    }
    EXPECT_NE(found.find(part), std::string::npos) << found;
  }
  test::TemporaryFolder folder_;
  std::string file_ = folder_ / "x.fc", whole_;
};

TEST_F(QeForceConstantErrors, NameTheLineAndWhatToDo) {
  expect(whole_, "no error");
  expect(whole_.substr(0, whole_.find("   1   2   1   1\n")),
         "x.fc:49: the file ends here, but the head of block 1 2 1 1");
  expect(whole_.substr(0, whole_.find("   3   1   1  ")), "the file ends here, but cell 3 1 1 of block 1 1 1 1");
  expect(whole_.substr(0, whole_.find("   3   2   1\n")), "the file ends here, but the grid N1 N2 N3 should follow");
  const std::size_t value = whole_.find("   2   1   1  ") + 14;
  expect(whole_.substr(0, value) + "               NaN" + whole_.substr(value + 18),
         "x.fc:24:30: 'NaN' is not a finite number");
  expect(whole_.substr(0, value) + "******************" + whole_.substr(value + 18), "the number did not fit");
  expect(replaced(whole_, "   2   1   1  ", "   1   2   1  "),
         "x.fc:24: cell 1 2 1 where 2 1 1 is expected: the first index runs fastest");
  expect(replaced(whole_, "   1   1   1   2\n", "   1   1   2   1\n"), "where block 1 1 1 2 should begin");
  expect(replaced(whole_, "   3   2   1\n", "   2   3   1\n"), "cell 3 1 1 where 1 2 1 is expected");
  expect(whole_ + "   1   1   1   1\n", "behind the last block");
  expect(replaced(whole_, " T\n", " X\n"), "'X' where T or F is expected");
  expect(replaced(whole_, " T\n", " T -1.0\n"), "an Ewald parameter of -1.0 must be positive");
  expect(replaced(whole_, "    2\n", "    3\n"), "where the number of atom 2 is expected");
  expect(replaced(whole_, "  2    2   0", "  2    3   0"), "atom");
  const std::size_t line = whole_.find('\n', value);
  expect(whole_.substr(0, line) + "  0.1" + whole_.substr(line), "5 columns where 4 are expected: write_lr");
  // Blocks that are not each other's transpose.
  const std::size_t block = whole_.find("   1   2   1   1\n") + 17 + 14;
  expect(whole_.substr(0, block) + "  1.00000000000E+01" + whole_.substr(block + 18), "differ by");
}

TEST_F(QeForceConstantErrors, AreNoneForWindowsLineEnds) {
  std::string text;
  for (const char c : whole_) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  expect(text, "no error");
}

}  // namespace
}  // namespace zeropoint::phonons
