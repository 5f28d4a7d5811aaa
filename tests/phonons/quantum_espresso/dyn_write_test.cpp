#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.hpp"
#include "files/text_scanner.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "tests/phonons/dyn_text.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/reference_data.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

/// Everything but rounding: `unit` is the last printed digit of a matrix element.
void expect_same(const DynamicalMatrices& a, const DynamicalMatrices& b) {
  const UnitSet& units = units::codata2022;
  const double digit = 1e-16 * units.rydberg_per_bohr2();
  EXPECT_EQ(a.grid.divisions(), b.grid.divisions());
  EXPECT_EQ(a.grid.points(), b.grid.points());
  EXPECT_EQ(a.grid.stars(), b.grid.stars());
  EXPECT_EQ(a.crystal.species, b.crystal.species);
  EXPECT_EQ(a.title, b.title);
  EXPECT_NEAR(a.alat, b.alat, 1e-14);
  // 16 decimals of numbers near 1, times alat.
  EXPECT_LT((a.crystal.cell - b.crystal.cell).cwiseAbs().maxCoeff(), 1e-14);
  EXPECT_LT((a.crystal.positions - b.crystal.positions).cwiseAbs().maxCoeff(), 1e-14);
  EXPECT_LT(((a.crystal.masses - b.crystal.masses).array() / a.crystal.masses.array()).abs().maxCoeff(), 1e-15);
  for (std::size_t iq = 0; iq < a.blocks.size(); ++iq) {
    const double scale = a.blocks[iq].cwiseAbs().maxCoeff();
    EXPECT_LT((a.blocks[iq] - b.blocks[iq]).cwiseAbs().maxCoeff(), 2 * digit + 1e-15 * scale) << iq;
  }
  ASSERT_EQ(a.polar.has_value(), b.polar.has_value());
  if (!a.polar) return;
  EXPECT_LT((a.polar->dielectric - b.polar->dielectric).cwiseAbs().maxCoeff(), 1e-12);
  for (std::size_t s = 0; s < a.polar->born_charges.size(); ++s) {
    EXPECT_LT((a.polar->born_charges[s] - b.polar->born_charges[s]).cwiseAbs().maxCoeff(), 1e-12);
  }
}

DynamicalMatrices polar_model() {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 11);
  Polar polar{Eigen::Matrix3d::Identity() * 5, {}};
  polar.dielectric(0, 1) = polar.dielectric(1, 0) = 0.3;
  for (int s = 0; s < 3; ++s) {
    Eigen::Matrix3d charge = Eigen::Matrix3d::Identity() * (s == 1 ? 4 : -2);
    charge(0, 2) = s == 1 ? -0.5 : 0.25;  // not symmetric, as Born charges are not
    polar.born_charges.push_back(charge);
  }
  matrices.polar = polar;
  return matrices;
}

TEST(QeDyn, WritesWhatItReadsBack) {
  const test::TemporaryFolder folder;
  DynamicalMatrices matrices = polar_model();
  write_qe_dyn(matrices, folder / "model.dyn");
  DynamicalMatrices back = read_qe_dyn(folder / "model.dyn");
  matrices.alat = matrices.crystal.cell.row(0).norm();  // what 0 stands for
  expect_same(matrices, back);
  EXPECT_FALSE(std::filesystem::exists(folder / "model.dyn1.tmp"));
}

TEST(QeDyn, KeepsIsotopesAsTypesOfTheirOwn) {
  const test::TemporaryFolder folder;
  write_qe_dyn(polar_model(), folder / "dyn");
  TextScanner scan(folder / "dyn1");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(scan.next());
  EXPECT_EQ(scan.integer(0), 3);  // O-16, Ti, O-18
}

TEST(QeDyn, WritingAndReadingIsAFixedPointOnEveryPublishedSet) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  for (const std::string prefix :
       {"ensembles/ice_xi/dyn", "ensembles/ice_xi/dyn1_population2", "ensembles/graphite_6x6x1/dyn_gen_pop1_",
        "ensembles/cspbi3_2x2x2_450K/sscha_converged_dyn_", "ensembles/snte_2x2x2_N10/dyn_gen_pop1_",
        "toy/snte/ffield_dynq", "electron_phonon/h3s/H3S.dyn", "electron_phonon/h3s/sscha_dense.dyn",
        "electron_phonon/al_444/al.dyn"}) {
    SCOPED_TRACE(prefix);
    const test::TemporaryFolder folder;
    const DynamicalMatrices matrices = read_qe_dyn(data + "/" + prefix);
    write_qe_dyn(matrices, folder / "dyn");
    expect_same(matrices, read_qe_dyn(folder / "dyn"));
  }
}

TEST(QeDyn, GivesTheNumbersOfTheFileInItsUnits) {
  // The file's own numbers, whatever the constants: what is written with a set is read with the same set.
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const DynamicalMatrices matrices = read_qe_dyn(data + "/electron_phonon/al_444/al.dyn", units::python_sscha);
  const int iq = 1;  // first point of al.dyn2
  const double ry = units::python_sscha.rydberg_per_bohr2();
  EXPECT_NEAR(matrices.blocks[iq](0, 0).real() / ry, 0.04910765, 1e-16);
  EXPECT_NEAR(matrices.blocks[iq](0, 1).real() / ry, -0.02107086, 1e-16);
  EXPECT_NEAR(matrices.blocks[iq](0, 2).real() / ry, 0.02107086, 1e-16);
  EXPECT_NEAR(matrices.crystal.masses[0] / units::python_sscha.rydberg_mass, 24590.765652728711, 1e-10);
  EXPECT_NEAR(matrices.crystal.cell(0, 2) / units::python_sscha.bohr, 3.75, 1e-14);
  // q = (-1/4, 1/4, -1/4) 2 pi/alat; crystal coordinates q.a_i / alat with a1 = (-1 0 1)/2, a2 = (0 1 1)/2, a3 = (-1 1
  // 0)/2.
  EXPECT_EQ(matrices.grid.points()[iq], Eigen::Vector3d(0, 0, 0.25));
}

TEST(QeDyn, RefusesToWriteNan) {
  const test::TemporaryFolder folder;
  DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {1, 1, 1}, 3);
  matrices.blocks[0](2, 2) = std::nan("");
  EXPECT_THROW(write_qe_dyn(matrices, folder / "dyn"), InputError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(QeDyn, NeedsNoGridFile) {
  const test::TemporaryFolder folder;
  const DynamicalMatrices matrices = polar_model();
  write_qe_dyn(matrices, folder / "dyn");
  const DynamicalMatrices with = read_qe_dyn(folder / "dyn");
  std::filesystem::remove(folder / "dyn0");
  expect_same(with, read_qe_dyn(folder / "dyn"));
}

TEST(QeDyn, ReadsACompleteName) {
  const test::TemporaryFolder folder;
  const DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {1, 1, 1}, 4);
  write_qe_dyn(matrices, folder / "dyn");
  const DynamicalMatrices by_prefix = read_qe_dyn(folder / "dyn");
  expect_same(by_prefix, read_qe_dyn(folder / "dyn1"));
  std::filesystem::rename(folder / "dyn1", folder / "final_matrix");
  expect_same(by_prefix, read_qe_dyn(folder / "final_matrix"));
}

}  // namespace
}  // namespace zeropoint::phonons
