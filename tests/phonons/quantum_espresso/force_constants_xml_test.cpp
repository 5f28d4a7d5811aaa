#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numbers>

#include "core/error.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/quantum_espresso/dyn_xml_read.hpp"
#include "phonons/quantum_espresso/dyn_xml_write.hpp"
#include "phonons/quantum_espresso/force_constants.hpp"
#include "phonons/quantum_espresso/force_constants_xml.hpp"
#include "phonons/spectrum.hpp"
#include "tests/phonons/matdyn_run.hpp"
#include "tests/phonons/phonopy/run.hpp"
#include "tests/support/polar_models.hpp"

namespace zeropoint::phonons {
namespace {

using test::put_text;
using test::replaced;
using test::text_of;

constexpr double digits = 1e-3;  // cm^-1: .freq has four decimals, XML all digits

Eigen::MatrixXd frequencies_as_matdyn(const DynamicalMatrices& matrices) {
  const Interpolation interpolation(
      matrices, {.sum_rule = SumRule::none,
                 .ewald = {.alpha = std::pow(2 * std::numbers::pi / matrices.crystal.cell.row(0).norm(), 2),
                           .cutoff = 14,
                           .skip_unit_direction = true,
                           .divisions = matrices.grid.divisions()}});
  return frequencies_at(interpolation, test::points_off_grids()).unaryExpr([](double w) {
    return units::codata2022.inverse_cm(w);
  });
}

TEST(QeForceConstantsXml, ReadWhatTheyWrite) {
  for (const test::PolarModel& model : test::polar_models()) {
    SCOPED_TRACE(model.name);
    const test::TemporaryFolder folder;
    write_qe_force_constants(model.matrices, folder / "x.fc.xml");
    const MatrixFile back = read_matrix_file(folder / "x.fc.xml");
    EXPECT_EQ(back.kind, "force constants of q2r.x");
    EXPECT_LT(test::difference(model.matrices, back.matrices),
              1e-11);  // 16 digits of Phi and of what the dipole part is made of
    ASSERT_TRUE(back.matrices.polar);
    EXPECT_LT((back.matrices.polar->born_charges[1] - model.matrices.polar->born_charges[1]).cwiseAbs().maxCoeff(),
              1e-14);

    write_qe_force_constants(model.matrices, folder / "f.fc.xml", {.dipoles = false});
    const MatrixFile inside = read_matrix_file(folder / "f.fc.xml");
    EXPECT_LT(test::difference(model.matrices, inside.matrices), 1e-12);
    EXPECT_FALSE(inside.matrices.polar);

    write_qe_force_constants(model.matrices, folder / "a.fc.xml", {.ewald_parameter = true});
    EXPECT_EQ(test::difference(read_matrix_file(folder / "a.fc.xml").matrices, back.matrices), 0);
    put_text(folder / "b.fc.xml", replaced(text_of(folder / "a.fc.xml"), "<alpha_ewald>1.0", "<alpha_ewald>2.0"));
    EXPECT_GT(test::difference(read_matrix_file(folder / "b.fc.xml").matrices, back.matrices), 1e-4);
  }
}

/// Ours -> q2r.x -> matdyn.x, q2r.x -> ours, ours -> matdyn.x: cubic, hexagonal and triclinic, with charges.
TEST(QeForceConstantsXml, GoBothWaysThroughQ2rAndMatdyn) {
  SKIP_WITHOUT_MATDYN();
  for (const test::PolarModel& model : test::polar_models()) {
    SCOPED_TRACE(model.name);
    const Eigen::MatrixXd ours = frequencies_as_matdyn(model.matrices);
    const test::TemporaryFolder folder;
    write_qe_dyn_xml(model.matrices, folder / "x.dyn.xml");
    // From XML q2r.x makes XML, and adds the ending. Our Born charges are neutral: both rules change nothing.
    test::run_q2r(folder, "x.dyn.xml", "crystal");
    test::expect_near(ours, test::frequencies_of_force_constants(folder, "no", test::points_off_grids(), "x.fc.xml"),
                      digits);

    const MatrixFile theirs = read_matrix_file(folder / "x.fc.xml");
    EXPECT_LT(test::difference(model.matrices, theirs.matrices), 1e-6);  // constants of nature of both programs
    EXPECT_LT((frequencies_as_matdyn(theirs.matrices) - ours).cwiseAbs().maxCoeff(), digits);

    // Version 6.7 reads over an Ewald parameter, which is its own.
    for (const bool told : {false, true}) {
      write_qe_force_constants(model.matrices, folder / "y.fc.xml", {.ewald_parameter = told});
      test::expect_near(ours, test::frequencies_of_force_constants(folder, "no", test::points_off_grids(), "y.fc.xml"),
                        digits);
    }
  }
}

class QeForceConstantXmlErrors : public testing::Test {
 protected:
  QeForceConstantXmlErrors() {
    write_qe_force_constants(test::polar_models()[1].matrices, file_);
    whole_ = text_of(file_);
  }
  void expect(const std::string& text, const std::string& part) const {
    put_text(file_, text);
    std::string found = "no error";
    try {
      read_matrix_file(file_);
    } catch (const Error& error) {
      found = error.what();
    }
    EXPECT_NE(found.find(part), std::string::npos) << found;
  }
  test::TemporaryFolder folder_;
  std::string file_ = folder_ / "x.fc.xml", whole_;
};

TEST_F(QeForceConstantXmlErrors, NameTheLineAndWhatToDo) {
  expect(whole_, "no error");
  expect(whole_.substr(0, whole_.size() / 2), "the XML is cut or damaged here");
  expect(replaced(whole_, "\n3 2 1\n", "\n3 2 2\n"), "has no <s_s1_m1_m2_m3.2.2.3.2.2>");
  expect(replaced(whole_, "\n3 2 1\n", "\n999 999 999\n"), "has no <s_s1_m1_m2_m3.2.2.999.999.999>");
  expect(replaced(whole_, "\n3 2 1\n", "\n3 -2 1\n"), "a grid of 3 x -2 x 1");
  const std::size_t block = whole_.find("<IFC>\n", whole_.find("<s_s1_m1_m2_m3.1.2.1.1.1>")) + 6,
                    end = whole_.find('\n', block);
  expect(whole_.substr(0, block) + "NaN 0 0" + whole_.substr(end), "'NaN' in <IFC> is not a finite number");
  expect(whole_.substr(0, block) + "0 0" + whole_.substr(end), "8 numbers in <IFC>, 9 expected");
  expect(whole_.substr(0, block) + "9 0 0" + whole_.substr(end), "differ by");
  expect(whole_.substr(0, block - 6) + "<IFC_LR></IFC_LR>" + whole_.substr(block - 6), "write_lr of q2r.x");
}

}  // namespace
}  // namespace zeropoint::phonons
