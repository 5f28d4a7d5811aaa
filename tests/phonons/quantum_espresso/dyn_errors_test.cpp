#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "tests/phonons/dyn_text.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

using test::put_text;
using test::replaced;
using test::text_of;

/// A good 4 x 1 x 1 set to be spoilt: dyn1 holds Gamma, dyn2 the pair +-1/4, dyn3 the point 1/2.
class QeDynErrors : public testing::Test {
 protected:
  QeDynErrors() { write_qe_dyn(test::model_matrices(test::triclinic_crystal(), {4, 1, 1}, 21), prefix_); }

  std::string file(int i) const { return prefix_ + std::to_string(i); }
  std::string text(int i) const { return text_of(file(i)); }
  void spoil(int i, const std::string& from, const std::string& to) { put_text(file(i), replaced(text(i), from, to)); }
  /// The file without what stands behind the first `end`.
  void cut(int i, const std::string& end) { put_text(file(i), text(i).substr(0, text(i).find(end) + end.size())); }

  std::string complaint() const { return complaint(prefix_); }
  static std::string complaint(const std::string& prefix) {
    try {
      read_qe_dyn(prefix);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  void expect(const std::string& part) const { EXPECT_NE(complaint().find(part), std::string::npos) << complaint(); }

  test::TemporaryFolder folder_;
  std::string prefix_ = folder_ / "dyn";
};

TEST_F(QeDynErrors, AreNoneForTheGoodSet) { EXPECT_EQ(complaint(), "no error"); }

TEST_F(QeDynErrors, NameTheLineWhereAFileEnds) {
  const std::string whole = text(2);
  cut(2, "Dynamical matrix file\n");
  expect("dyn2:1: the file ends here, but a title line should follow");
  put_text(file(2), whole);
  cut(2, "model crystal\n");
  expect("dyn2:2: the file ends here, but 'ntyp nat ibrav celldm' should follow");
  put_text(file(2), whole);
  cut(2, "Basis vectors\n");
  expect("dyn2:4: the file ends here, but 3 cell vectors should follow");
  put_text(file(2), whole);
  cut(2, "'Ti  '");
  expect("dyn2:9: the mass of type 2 is missing");
  put_text(file(2), whole);
  cut(2, "in cartesian axes\n");
  expect("the file ends here, but 'q = ( qx qy qz )' should follow");
  put_text(file(2), whole);
  cut(2, "    2    3\n");
  expect("the file ends here, but row 1 of atom pair 2 3 should follow");
  put_text(file(2), whole.substr(0, whole.find("    2    3\n") + 50));
  expect("2 of 6 columns");
  put_text(file(2), whole.substr(0, whole.find("Dynamical  Matrix")));
  expect("the file ends without a dynamical matrix");
}

TEST_F(QeDynErrors, NameABlockThatStopsTooEarly) {
  const std::string whole = text(2);
  const std::size_t begin = whole.find("    3    3\n");
  put_text(file(2), whole.substr(0, begin) + whole.substr(whole.find("\n     Dynamical", begin)));
  expect("the matrix ends here, but pair 9 of the 9 atom pairs of this q should follow");
}

TEST_F(QeDynErrors, NameNumbersThatAreNone) {
  const std::string whole = text(1);
  const std::size_t number = whole.find("    1    1\n") + 11;
  const std::size_t line =
      static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + static_cast<long>(number), '\n')) + 1;
  const auto put = [&](const std::string& field) {
    put_text(file(1), whole.substr(0, number) + field + whole.substr(number + 23));
  };
  const std::string where = "dyn1:" + std::to_string(line);
  put("                    NaN");
  expect(where + ":21: 'NaN' is not a finite number");
  put(" **********************");
  expect(where + ":2: '**********************': the number did not fit");
  put(" -0.1234567-100.1234567");
  expect(where + ":2: '-0.1234567-100.1234567': two numbers without a blank");
}

TEST_F(QeDynErrors, NameMassesInAmuAndTheRemedy) {
  for (const int i : {1, 2, 3}) {
    const std::string whole = text(i);
    const std::size_t mass = whole.find("'Ti  '") + 6;
    put_text(file(i), whole.substr(0, mass) + "   47.867" + whole.substr(whole.find('\n', mass)));
  }
  expect("dyn1:9: mass of 'Ti' = 47.867: this looks like amu");
  expect("multiply the masses by 911.444");
}

TEST_F(QeDynErrors, NameAMissingFile) {
  std::filesystem::remove(file(2));
  expect("dyn2 is missing, but " + prefix_ + "0 counts 3 files");
  std::filesystem::remove(file(0));
  expect("dyn2 is missing, but " + prefix_ + "3 exists");
  EXPECT_NE(complaint(folder_ / "nothing").find("no dynamical matrices at"), std::string::npos);
}

TEST_F(QeDynErrors, NameMissingPointsOfTheGrid) {
  std::filesystem::remove(file(0));
  std::filesystem::remove(file(3));
  expect("1 of 4 q points of the 4 x 1 x 1 grid are missing: (0.500000, 0.000000, 0.000000)");
}

TEST_F(QeDynErrors, NameAGridFileOfAnotherCalculation) {
  spoil(0, "   4   1   1", "   2   2   1");
  expect("dyn0 announces a 2 x 2 x 1 grid, the files hold 4 x 1 x 1");
}

TEST_F(QeDynErrors, NameARepeatedPoint) {
  std::filesystem::remove(file(0));
  put_text(file(4), text(3));
  expect("dyn4:17: this q equals the q of " + prefix_ + "3:17");
}

TEST_F(QeDynErrors, NameAPointWithoutItsPartner) {
  const std::string whole = text(2);
  const std::size_t second = whole.find("\n     Dynamical", whole.find("    3    3\n"));
  put_text(file(2), whole.substr(0, second) + whole.substr(whole.find("\n     Diagonalizing")));
  expect("q = (0.250000, 0.000000, 0.000000) (crystal coordinates) is given but -q is not");
}

TEST_F(QeDynErrors, NameFilesOfTwoCrystals) {
  Crystal other = test::triclinic_crystal();
  other.cell(1, 1) *= 1.001;
  write_qe_dyn(test::model_matrices(other, {4, 1, 1}, 21), folder_ / "other");
  std::filesystem::copy_file(folder_ / "other2", file(2), std::filesystem::copy_options::overwrite_existing);
  expect("dyn1 and " + prefix_ + "2 are of two crystals: cell vectors differ");

  write_qe_dyn(test::model_matrices(test::cubic_crystal(), {4, 1, 1}, 21), folder_ / "other");
  std::filesystem::copy_file(folder_ / "other2", file(2), std::filesystem::copy_options::overwrite_existing);
  expect("are of two crystals: numbers of atoms (3 and 2) differ");
}

TEST_F(QeDynErrors, NameAnEmptyFileAndForeignFiles) {
  put_text(file(2), "\n  \n");
  expect("dyn2: the file is empty");
  put_text(file(2), "<?xml version=\"1.0\"?>\n<Root>\n");
  expect("the XML is cut or damaged here");
  put_text(file(2), "\n     Dynamical  Matrix in cartesian axes\n\n     q = ( 0.0 0.0 0.0 )\n");
  expect("dyn2:2: matrices without a header, as matdyn.x writes them (fldyn)");
  put_text(file(2), "&plot nbnd= 3 /\n");
  expect("dyn2:1: '&plot nbnd= 3 /' where 'Dynamical matrix file' is expected");
}

TEST_F(QeDynErrors, NameAWrongLattice) {
  const std::string header = "  3    3   0";
  spoil(1, header, "  3    3  15");
  spoil(1, "Basis vectors", "");
  expect("dyn1:3: ibrav = 15: Quantum ESPRESSO knows");
  spoil(1, "  3    3  15", header);
  expect("dyn1:3: ibrav = 0 without 'Basis vectors'");
}

TEST_F(QeDynErrors, NameMatricesThatBelongToNoRealForceConstants) {
  const std::string whole = text(2);
  const std::size_t block = whole.find("    1    2\n") + 11;
  put_text(file(2), whole.substr(0, block) + "     5.0000000000000000 " + whole.substr(block + 24));
  expect("dyn2:17: the matrix is not Hermitian");

  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {4, 1, 1}, 21);
  matrices.blocks[matrices.grid.find({0.25, 0, 0})] *= 1.01;
  write_qe_dyn(matrices, prefix_);
  expect("the matrix is not the complex conjugate of the one at -q");

  matrices = test::model_matrices(test::triclinic_crystal(), {4, 1, 1}, 21);
  Eigen::MatrixXcd& half = matrices.blocks[matrices.grid.find({0.5, 0, 0})];
  half(0, 1) += std::complex<double>(0, 0.5);
  half(1, 0) -= std::complex<double>(0, 0.5);
  write_qe_dyn(matrices, prefix_);
  expect("the matrix at q = -q + G is not real");
}

TEST_F(QeDynErrors, NameHalfOfThePolarData) {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {4, 1, 1}, 21);
  matrices.polar = Polar{3 * Eigen::Matrix3d::Identity(), std::vector<Eigen::Matrix3d>(3, Eigen::Matrix3d::Zero())};
  write_qe_dyn(matrices, prefix_);
  const std::string whole = text(1);
  spoil(1, "Effective Charges E-U: Z_{alpha}{s,beta}", "Effective Charges U-E: Z_{s,alpha}{beta}");
  expect("dyn1: a dielectric tensor without effective charges E-U");
  put_text(file(1), whole.substr(0, whole.find("     atom #    3")));
  expect("the file ends here, but the effective charges of atom 3 should follow");
}

TEST_F(QeDynErrors, AreNoneForOtherLineEndsTabsAndOneBlank) {
  const DynamicalMatrices expected = read_qe_dyn(prefix_);
  for (const int i : {1, 2, 3}) {
    std::string all;
    for (const char c : replaced(replaced(text(i), "Dynamical  Matrix", "Dynamical Matrix"), "  'O   '  ", "\t'O'\t")) {
      if (c == '\n') all += '\r';
      all += c;
    }
    put_text(file(i), replaced(all, "model crystal", "r\xC3\xA9sum\xC3\xA9"));
  }
  const DynamicalMatrices read = read_qe_dyn(prefix_);
  EXPECT_EQ(read.title, "r\xC3\xA9sum\xC3\xA9");
  EXPECT_EQ(read.crystal.species, expected.crystal.species);
  for (std::size_t iq = 0; iq < read.blocks.size(); ++iq) EXPECT_EQ(read.blocks[iq], expected.blocks[iq]);
}

}  // namespace
}  // namespace zeropoint::phonons
