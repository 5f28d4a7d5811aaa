#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "superconductivity/coupling_readers.hpp"
#include "superconductivity/printed_lambda.hpp"
#include "superconductivity/spectral_file.hpp"
#include "tests/superconductivity/model_spectra.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::superconductivity {
namespace {

const std::string star_text =
    "   1.0000000000000000E-002  0.61203450603710885        1.8817605071596879\n           1\n\n"
    "     Dynamical  Matrix in cartesian axes\n\n     q = (   -0.250000000   0.250000000  -0.250000000 )\n\n    1    "
    "1\n"
    "  0.02802004 -0.00000000   -0.02585190  0.00100000    0.02585190 -0.00000000\n"
    " -0.02585190 -0.00100000    0.02802004 -0.00000000   -0.02585190  0.00000000\n"
    "  0.02585190 -0.00000000   -0.02585190  0.00000000    0.02802004 -0.00000000\n";

std::string point_text(const std::string& states) {
  std::string text = "   2.0000000000000000E-003\n   " + states + "\n";
  for (int i = 0; i < 9; ++i)
    text += i % 4 == 0 ? "  (1.5D-03,0.0)\n" : i == 1 ? " (2.0E-4,-1.0-100)\n" : "  (0.0,0.0)\n";
  return text;
}

const std::string lambda_text =
    "          -0.250000      0.250000     -0.250000     1     3\n  0.114013E-05  0.114013E-05  0.371072E-05\n"
    "     Gaussian Broadening:   0.005 Ry, ngauss=   0\n"
    "     DOS =  1.339210 states/spin/Ry/Unit Cell at Ef=  8.321793 eV\n"
    "     lambda(    1)=  0.0023   gamma=    0.04 GHz\n     lambda(    2)=********   gamma=    0.04 GHz\n"
    "     lambda(    3)=  0.0285   gamma=    1.47 GHz\n";

std::string complaint(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

const double bohr2 = 0.529177210544 * 0.529177210544;

TEST(CouplingReaders, OneOrSeveralBlanksInTheTitleOfAMatrix) {
  const test::TemporaryFolder folder;
  std::string one = star_text;
  one.replace(one.find("l  M"), 4, "l M");
  for (const std::string& text : {star_text, one}) {
    write_file(folder / "a2Fq2r.51.1", text);
    const StarCoupling star = read_star_coupling(folder / "a2Fq2r.51.1", 1);
    ASSERT_EQ(star.blocks.size(), 1u);
    EXPECT_NEAR(star.blocks[0].matrix(0, 0).real() * bohr2, 0.02802004, 1e-12);
    EXPECT_NEAR(star.blocks[0].matrix(0, 1).imag() * bohr2, 0.001, 1e-12);  // row and column are not exchanged
  }
}

TEST(CouplingReaders, StarsThatAreCutOrOfAnotherCrystalAreRefused) {
  const test::TemporaryFolder folder;
  write_file(folder / "x", star_text);
  EXPECT_NE(complaint([&] { read_star_coupling(folder / "x", 2); }), "");
  std::string text = star_text;
  text.replace(text.find("           1\n"), 13, "           2\n");
  write_file(folder / "x", text);
  EXPECT_NE(complaint([&] { read_star_coupling(folder / "x", 1); }).find("truncated"), std::string::npos);
  text = star_text;
  text.replace(text.find("0.02802004"), 10, "**********");
  write_file(folder / "x", text);
  EXPECT_NE(complaint([&] { read_star_coupling(folder / "x", 1); }).find("did not fit"), std::string::npos);
}

TEST(CouplingReaders, DensityOfStatesIsTheLastOfOneOrTwoNumbers) {
  const test::TemporaryFolder folder;
  for (const char* states : {"5.3156", "1.1635  5.3156"}) {
    write_file(folder / "x.elph.d.mat.1", point_text(states));
    const PointCoupling point = read_point_coupling(folder / "x.elph.d.mat.1", 3);
    ASSERT_EQ(point.smearings.size(), 1u);
    EXPECT_NEAR(point.smearings[0].density_of_states * units::codata2022.rydberg, 5.3156, 1e-12);
    EXPECT_NEAR(point.gamma[0](0, 0).real() * bohr2, 1.5e-3, 1e-15);  // 1.5D-03 and 1.0-100 of Fortran
  }
  EXPECT_NE(complaint([&] { read_point_coupling(folder / "x.elph.d.mat.1", 6); }), "");
}

TEST(CouplingReaders, StarsOfAFieldCountOnlyWhereTheyAreUsed) {
  const test::TemporaryFolder folder;
  write_file(folder / "elph.inp_lambda.1", lambda_text);
  const PrintedLambda printed = read_printed_lambda(folder / "elph.inp_lambda.1");
  EXPECT_TRUE(std::isnan(printed.lambda(0, 1)));
  EXPECT_EQ(printed.lambda(0, 2), 0.0285);
  EXPECT_NEAR(printed.linewidth(0, 2), 1.47 * 4.135667696e-6, 1e-12);
}

TEST(CouplingReaders, PrintedLambdaComesBackInTheColumnsOfLambdaX) {
  const test::TemporaryFolder folder;
  write_file(folder / "x", lambda_text);
  PrintedLambda printed = read_printed_lambda(folder / "x");
  printed.lambda(0, 1) = 1234.5;
  write_file(folder / "y", printed_lambda_text(printed));
  const PrintedLambda back = read_printed_lambda(folder / "y");
  EXPECT_NEAR(back.lambda(0, 0), 0.0023, 1e-12);
  EXPECT_NEAR(back.lambda(0, 1), 1234.5, 1e-12);
  EXPECT_NEAR(back.squares[2] / printed.squares[2], 1, 1e-6);
  EXPECT_NEAR(back.smearings[0].density_of_states, printed.smearings[0].density_of_states, 1e-12);
}

/// Number of damaged copies of each file: ZEROPOINT_MUTATIONS, else few.
int n_mutations() {
  const char* text = std::getenv("ZEROPOINT_MUTATIONS");
  return text ? std::atoi(text) : 300;
}

TEST(CouplingReaders, DamagedFilesAreErrorsNotCrashes) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "file";
  const SpectralFunction curve = test::syn1();
  const SpectralFunction shorter{curve.energies.head(40), curve.values.head(40)};
  const std::pair<std::string, std::function<void()>> files[] = {
      {star_text, [&] { read_star_coupling(path, 1); }},
      {point_text("5.3"), [&] { read_point_coupling(path, 3); }},
      {lambda_text, [&] { read_printed_lambda(path); }},
      {qe_spectral_text(shorter, shorter.values.replicate(1, 3) / 3, 2), [&] { read_spectral_file(path); }}};
  std::mt19937 random(7);
  constexpr std::string_view signs = "0123456789.-+EeD*()#, \n\tx";
  for (const auto& [text, read] : files) {
    for (int i = 0; i < n_mutations(); ++i) {
      std::string damaged = text;
      for (unsigned k = random() % 4 + 1; k > 0; --k) {
        const std::size_t at = random() % damaged.size();
        if (random() % 8 == 0) {
          damaged.resize(at + 1);
        } else {
          damaged[at] = signs[random() % signs.size()];
        }
      }
      std::ofstream(path) << damaged;               // not safe on the disk each time
      EXPECT_NO_THROW(complaint(read)) << damaged;  // errors of ours, or what can be read, nothing else
    }
  }
}

}  // namespace
}  // namespace zeropoint::superconductivity
