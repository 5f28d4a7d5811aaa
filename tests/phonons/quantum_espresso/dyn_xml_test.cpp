
#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/quantum_espresso/dyn_xml_read.hpp"
#include "phonons/quantum_espresso/dyn_xml_write.hpp"
#include "tests/phonons/dyn_text.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

using test::put_text;
using test::replaced;
using test::text_of;

/// Written by ph.x 6.7, inputs beside them: LiH without any symmetry, 3 x 1 x 1, twice, as x.dyn.xml and as x.dyn.
const std::string golden = std::string(ZEROPOINT_SOURCE_DIR) + "/tests/data/ph_xml/x.dyn";

TEST(QeDynXml, HoldsWhatTheTextFilesOfTheSameCalculationHold) {
  const DynamicalMatrices xml = read_qe_dyn(golden + ".xml"), text = read_qe_dyn(golden);
  EXPECT_EQ(xml.crystal.species, text.crystal.species);
  EXPECT_EQ(xml.grid.points().size(), 3u);
  // Text has 8 decimals of the matrices, 9 of the cell, and the runs converge to 1e-14.
  const double digit = 2e-8 * units::codata2022.rydberg_per_bohr2();
  EXPECT_LT(test::difference(xml.blocks, text.blocks), digit);
  EXPECT_LT((xml.crystal.cell - text.crystal.cell).cwiseAbs().maxCoeff(), 1e-7);
  EXPECT_LT((xml.crystal.positions - text.crystal.positions).cwiseAbs().maxCoeff(), 1e-7);
  EXPECT_LT(((xml.crystal.masses - text.crystal.masses).array() / text.crystal.masses.array()).abs().maxCoeff(), 1e-6);
  ASSERT_TRUE(xml.polar && text.polar);
  EXPECT_LT((xml.polar->dielectric - text.polar->dielectric).cwiseAbs().maxCoeff(), 1e-6);
  for (std::size_t s = 0; s < 2; ++s) {
    EXPECT_LT((xml.polar->born_charges[s] - text.polar->born_charges[s]).cwiseAbs().maxCoeff(), 1e-6);
    // A transposed tensor would show.
    EXPECT_GT((xml.polar->born_charges[s] - xml.polar->born_charges[s].transpose()).cwiseAbs().maxCoeff(), 1e-3);
  }
  // ph.x prints these for its q = 1/3, cm^-1.
  const std::vector<double> expected{226.543904, 302.157863, 451.502520, 753.581185, 888.068810, 1080.063357};
  const int iq = xml.grid.find({1.0 / 3, 0, 0});
  const std::vector<double> found = frequencies_inverse_cm(diagonalise(xml), units::codata2022)[iq];
  for (std::size_t mu = 0; mu < expected.size(); ++mu) EXPECT_NEAR(found[mu], expected[mu], 0.01);  // two runs
}

TEST(QeDynXml, WritesWhatItReadsBack) {
  const test::TemporaryFolder folder;
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 11);
  matrices.polar = test::polar_without_symmetry();
  write_qe_dyn_xml(matrices, folder / "x.dyn.xml");
  for (const char* name : {"x.dyn0", "x.dyn0.xml", "x.dyn1.xml"})
    EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
  for (const char* prefix : {"x.dyn", "x.dyn.xml"}) {
    const DynamicalMatrices back = read_qe_dyn(folder / prefix);
    // 16 digits of numbers up to 1.
    EXPECT_LT(test::difference(matrices.blocks, back.blocks), 1e-13);
    EXPECT_EQ(back.grid.stars(), matrices.grid.stars());
    EXPECT_LT((matrices.crystal.positions - back.crystal.positions).cwiseAbs().maxCoeff(), 1e-13);
    EXPECT_LT((matrices.crystal.masses - back.crystal.masses).cwiseAbs().maxCoeff(), 1e-12);
    for (std::size_t s = 0; s < 3; ++s) {
      EXPECT_LT((back.polar->born_charges[s] - matrices.polar->born_charges[s]).cwiseAbs().maxCoeff(), 1e-14);
    }
    EXPECT_EQ(back.polar->dielectric, matrices.polar->dielectric);
  }
}

class QeDynXmlErrors : public testing::Test {
 protected:
  QeDynXmlErrors() {
    for (const char* name : {"0", "1.xml", "2.xml"}) std::filesystem::copy(golden + name, prefix_ + name);
  }
  void spoil(int i, const std::string& from, const std::string& to) {
    const std::string file = prefix_ + std::to_string(i) + ".xml";
    put_text(file, replaced(text_of(file), from, to));
  }
  std::string complaint() const {
    try {
      read_qe_dyn(prefix_);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  void expect(const std::string& part) const { EXPECT_NE(complaint().find(part), std::string::npos) << complaint(); }

  test::TemporaryFolder folder_;
  std::string prefix_ = folder_ / "x.dyn";
};

TEST_F(QeDynXmlErrors, AreNoneForTheGoodSet) { EXPECT_EQ(complaint(), "no error"); }

TEST_F(QeDynXmlErrors, NameTheLineWhereAFileIsCut) {
  const std::string whole = text_of(prefix_ + "2.xml");
  put_text(prefix_ + "2.xml", whole.substr(0, whole.find("PHI.1.2") + 100));
  expect("x.dyn2.xml:");
  expect("the XML is cut or damaged here");
}

TEST_F(QeDynXmlErrors, NameWhatIsMissingOrWrong) {
  const std::string whole = text_of(prefix_ + "2.xml");
  const auto again = [&] { put_text(prefix_ + "2.xml", whole); };
  spoil(2, "<PHI.2.1>", "<PHI.7.1>");
  expect("the XML is cut or damaged");
  again();
  spoil(2, "NUMBER_OF_Q>2<", "NUMBER_OF_Q>3<");
  expect("<Root> has no <DYNAMICAL_MAT_.3>");
  again();
  spoil(2, "<NUMBER_OF_ATOMS>2<", "<NUMBER_OF_ATOMS>3<");
  expect("has no <ATOM.3>");
  again();
  const std::size_t number = whole.find('\n', whole.find("<PHI.1.2>")) + 1, end = whole.find('\n', number);
  put_text(prefix_ + "2.xml", whole.substr(0, number) + "NaN 0.0" + whole.substr(end));
  expect("'NaN' in <PHI.1.2> is not a finite number");
  put_text(prefix_ + "2.xml", whole.substr(0, number) + whole.substr(end));
  expect("16 numbers in <PHI.1.2>, 18 expected");
  again();
  spoil(2, "<GEOMETRY_INFO>", "<INTERATOMIC_FORCE_CONSTANTS/><GEOMETRY_INFO>");
  expect("x.dyn2.xml:3: force constants of q2r.x stand among dyn files");
  again();
  std::filesystem::remove(prefix_ + "2.xml");
  expect("x.dyn2 is missing");
}

}  // namespace
}  // namespace zeropoint::phonons
