#include <gtest/gtest.h>

#include "phonons/matrix_judgement.hpp"
#include "phonons/phonopy/calculation.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "tests/phonons/phonopy/run.hpp"
#include "tests/support/polar_models.hpp"

namespace zeropoint::phonons {
namespace {

// phonopy counts with constants of 1986 to 2006: relative 1.3e-7. Its files have 15 decimals, BORN 8 to 12.
constexpr double tolerance = 1e-3;  // cm^-1

TEST(Phonopy, FindsOurFrequenciesInOurFiles) {
  SKIP_WITHOUT_PHONOPY();
  for (const test::PolarModel& model : test::polar_models()) {
    const test::TemporaryFolder folder;
    write_phonopy(model.matrices, folder / "ours");
    test::put_points(folder / "q", test::points_off_grids());
    for (const std::string kind : {"yaml", "text", "hdf5"}) {
      SCOPED_TRACE(std::string(model.name) + " " + kind);
      test::run_phonopy(folder, "frequencies ours " + kind + " q out");
      const test::PhonopyFrequencies theirs = test::read_phonopy_frequencies(folder / "out");
      ASSERT_GT(theirs.lambda, 0.1);
      test::expect_near(test::frequencies_as_phonopy(model.matrices, theirs.lambda, test::points_off_grids()),
                        theirs.values, tolerance);
    }
  }
}

TEST(Phonopy, WritesOurMatricesBack) {
  SKIP_WITHOUT_PHONOPY();
  for (const test::PolarModel& model : test::polar_models()) {
    const test::TemporaryFolder folder;
    write_phonopy(model.matrices, folder / "ours");
    test::run_phonopy(folder, "rewrite ours theirs");
    for (const std::string form : {"params", "params_full", "text", "text_full", "hdf5", "hdf5_full"}) {
      SCOPED_TRACE(std::string(model.name) + " " + form);
      const DynamicalMatrices back = read_phonopy(folder / ("theirs/" + form)).matrices;
      ASSERT_TRUE(back.polar);
      // Wrapped positions turn phases, not frequencies. BORN has eight decimals.
      const auto at = [&](const DynamicalMatrices& matrices) {
        return test::frequencies_as_phonopy(matrices, 0.25, test::points_off_grids());
      };
      EXPECT_LT((at(model.matrices) - at(back)).cwiseAbs().maxCoeff(), tolerance);
    }
  }
}

/// Cartesian, 1/angstrom: beyond the first zone phonopy's sphere of G vectors, which is centred at 0, leaves up to 0.5
/// cm^-1 out.
std::vector<Eigen::Vector3d> inside_the_zone() {
  return {{0.03, 0.02, 0.01}, {0.05, -0.01, 0.07}, {0.07, 0.02, -0.05}, {-0.05, 0.04, 0.06}};
}

class PhonopyModels : public testing::TestWithParam<const char*> {};

/// Supercells with other lattices than their unit cells, primitive cells that are not the unit cell: made by phonopy
/// alone.
TEST_P(PhonopyModels, AreReadWithTheirFrequencies) {
  SKIP_WITHOUT_PHONOPY();
  const test::TemporaryFolder folder;
  const std::vector<Eigen::Vector3d> cartesian = inside_the_zone();
  test::put_points(folder / "q", cartesian);
  test::run_phonopy(folder, std::string("make ") + GetParam() + " theirs q");
  const test::PhonopyFrequencies theirs = test::read_phonopy_frequencies(folder / "theirs/frequencies");
  for (const std::string form : {"params", "params_full", "text", "text_full", "hdf5", "hdf5_full", "sets", "sets_yaml",
                                 "random", "random_yaml"}) {
    SCOPED_TRACE(form);
    MatrixFile file = judged(read_phonopy(folder / ("theirs/" + form)));
    std::vector<Eigen::Vector3d> points;
    for (const Eigen::Vector3d& q : cartesian) points.emplace_back(file.matrices.crystal.cell * q);
    // Forces have ten decimals (type 1) or eight (type 2) in FORCE_SETS: 1e-8 eV/angstrom over 0.01 angstrom.
    const double digits = form == "random" ? 0.02 : tolerance;
    if (form.starts_with("sets") || form.starts_with("random")) {
      const std::string born = folder / "theirs/text/BORN";
      std::filesystem::copy(born, folder / ("theirs/" + form + "/BORN"), std::filesystem::copy_options::skip_existing);
      file = judged(read_phonopy(folder / ("theirs/" + form)));
    }
    ASSERT_TRUE(file.matrices.polar);
    test::expect_near(test::frequencies_as_phonopy(file.matrices, theirs.lambda, points), theirs.values, digits);
  }
}

/// From a supercell of phonopy to dyn files, as an SSCHA run takes them, and back to phonopy.
TEST_P(PhonopyModels, GoThroughDynFiles) {
  SKIP_WITHOUT_PHONOPY();
  const test::TemporaryFolder folder;
  test::put_points(folder / "q", {{0.03, 0.02, 0.01}});
  test::run_phonopy(folder, std::string("make ") + GetParam() + " theirs q");
  DynamicalMatrices read = read_phonopy(folder / "theirs/params").matrices;
  // Without charges: in a basis as skewed as the one that makes the supercell diagonal phonopy's Ewald sum, whose
  // sphere of G vectors is centred at 0, leaves up to 2.5 cm^-1 out at points of the grid that lie beyond the first
  // zone.
  read.polar.reset();
  write_qe_dyn(read, folder / "dyn");
  write_phonopy(read_qe_dyn(folder / "dyn"), folder / "ours");
  std::vector<Eigen::Vector3d> points;
  for (const Eigen::Vector3d& q : inside_the_zone()) points.emplace_back(read.crystal.cell * q);
  test::put_points(folder / "p", points);
  test::run_phonopy(folder, "frequencies ours yaml p out");
  const test::PhonopyFrequencies theirs = test::read_phonopy_frequencies(folder / "out");
  test::expect_near(test::frequencies_as_phonopy(read, theirs.lambda, points), theirs.values, tolerance);
}

INSTANTIATE_TEST_SUITE_P(Models, PhonopyModels, testing::Values("rocksalt", "rocksalt_skew", "hexagonal", "triclinic"),
                         [](const auto& model) { return std::string(model.param); });

}  // namespace
}  // namespace zeropoint::phonons
