#include "sscha/opened_ensemble.hpp"

#include <gtest/gtest.h>

#include "phonons/quantum_espresso/dyn_write.hpp"
#include "sscha/population_file.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::sscha {
namespace {

/// A labelled population of `n` configurations in folder/population.h5, and its matrices at folder/dyn.
class OpenedEnsembleTest : public ::testing::Test {
 protected:
  void store(const std::string& name, double temperature, std::int64_t n, int n_locked_modes = 0) const {
    const TrialDensity density(matrices_, temperature, units::codata2022);
    const Sampler sampler(density, {});
    write_population(folder_ / name, density,
                     test::HarmonicModel(matrices_)(matrices_.crystal, sampler.displacements(0, n)),
                     {.n_locked_modes = n_locked_modes});
  }
  test::TemporaryFolder folder_;
  phonons::DynamicalMatrices matrices_ = test::model_matrices(test::triclinic_crystal(), {2, 1, 1}, 1);
};

TEST_F(OpenedEnsembleTest, TakesTheDensityThatTheFileHolds) {
  store("population.h5", 300, 6);
  const OpenedEnsemble opened = open({{.source = {.path = folder_.path()}}}, true, units::codata2022);
  EXPECT_EQ(opened.size(), 6);
  EXPECT_TRUE(opened.has_stresses());
  EXPECT_EQ(opened.temperature(), 300);
  EXPECT_EQ(opened.generating[0].matrices().blocks[1], matrices_.blocks[1]);
  EXPECT_EQ(opened.bytes(), 2 * 8 * 6 * 3 * 6);
  EXPECT_EQ(opened.parts().at(0).ensemble, opened.ensembles[0].get());
}

TEST_F(OpenedEnsembleTest, MergesPopulationsOfSeveralTemperatures) {
  store("a.h5", 300, 6);
  store("b.h5", 350, 4);
  const StoredEnsemble a{.source = {.path = folder_ / "a.h5"}}, b{.source = {.path = folder_ / "b.h5"}};
  const OpenedEnsemble opened = open({a, b}, true, units::codata2022);
  EXPECT_EQ(opened.size(), 10);
  EXPECT_EQ(opened.parts().size(), 2U);
  EXPECT_FALSE(opened.temperature());
  StoredEnsemble hotter = a;
  hotter.temperature = 350;
  EXPECT_EQ(open({hotter, b}, true, units::codata2022).temperature(), 350);
}

TEST_F(OpenedEnsembleTest, SaysWhichPartOfTheDensityNobodyKnows) {
  const auto part_missing = [&](const StoredEnsemble& stored) -> std::optional<UnknownDensity::Part> {
    try {
      open({stored}, true, units::codata2022);
    } catch (const UnknownDensity& unknown) {
      return unknown.part;
    }
    return {};
  };
  // The density is asked for before any configuration is read.
  StoredEnsemble stored{.source = {.path = folder_ / "npy"}};
  EXPECT_EQ(part_missing(stored), UnknownDensity::Part::matrices);
  phonons::write_qe_dyn(matrices_, folder_ / "dyn");
  stored.dyn = folder_ / "dyn";
  EXPECT_EQ(part_missing(stored), UnknownDensity::Part::temperature);
  store("population.h5", 300, 6);
  stored.source.path = folder_ / "population.h5";
  EXPECT_EQ(part_missing(stored), std::nullopt);
}

TEST_F(OpenedEnsembleTest, RefusesLockedModesWhereAllMustMove) {
  store("population.h5", 300, 6, 2);
  const StoredEnsemble stored{.source = {.path = folder_.path()}};
  EXPECT_THROW(open({stored}, true, units::codata2022), LockedModes);
  EXPECT_EQ(open({stored}, false, units::codata2022).size(), 6);
}

}  // namespace
}  // namespace zeropoint::sscha
