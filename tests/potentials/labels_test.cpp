#include "potentials/labels.hpp"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "sscha/labels_file.hpp"
#include "sscha/population_file.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::potentials {
namespace {

/// Ten configurations on disk, of which the first six have labels.
class StoredLabelsOfSix : public ::testing::Test {
 protected:
  StoredLabelsOfSix()
      : density_(test::model_matrices(test::triclinic_crystal(), {2, 1, 1}, 1), 300, units::codata2022),
        displacements_(sscha::Sampler(density_, {}).displacements(0, 10)),
        labels_(test::HarmonicModel(density_.matrices())(density_.matrices().crystal, displacements_)) {
    Configurations some{displacements_.slice(0, 0, 6), labels_.energies.slice(0, 0, 6), labels_.forces.slice(0, 0, 6),
                        labels_.stresses.slice(0, 0, 6)};
    sscha::write_population(file_, density_, some, {.population = 1, .seed = 1, .sampling = ""});
  }

  test::TemporaryFolder folder_;
  const std::string file_ = folder_ / "population.h5";
  sscha::TrialDensity density_;
  at::Tensor displacements_;
  Configurations labels_;
};

TEST_F(StoredLabelsOfSix, AreFoundInAnyOrder) {
  const StoredLabels stored({file_}, units::codata2022);
  const Supercell supercell = density_.matrices().supercell();
  const at::Tensor order = at::tensor({4, 0, 5});
  const Evaluation found = stored.evaluate(supercell, displacements_.index_select(0, order));
  EXPECT_TRUE(at::equal(found.energies, labels_.energies.index_select(0, order)));
  EXPECT_TRUE(at::equal(found.forces, labels_.forces.index_select(0, order)));
  EXPECT_TRUE(at::equal(found.stresses, labels_.stresses.index_select(0, order)));
}

TEST_F(StoredLabelsOfSix, SayWhichAreMissing) {
  const StoredLabels stored({file_}, units::codata2022);
  EXPECT_TRUE(stored.waits_for_labels());
  const Supercell supercell = density_.matrices().supercell();
  const MissingLabels missing = stored.missing(supercell, displacements_.index_select(0, at::tensor({7, 1, 9})));
  EXPECT_EQ(missing.configurations, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(missing.n_stored, 6);
  EXPECT_TRUE(stored.missing(supercell, displacements_.slice(0, 0, 6)).configurations.empty());
  EXPECT_COMPLAINT(stored.evaluate(supercell, displacements_), "configuration 7 of 10 has no label among the 6");
}

TEST_F(StoredLabelsOfSix, OfNothingAreAllMissing) {
  const StoredLabels none({}, units::codata2022);
  EXPECT_EQ(none.missing(density_.matrices().supercell(), displacements_).configurations.size(), 10u);
}

}  // namespace
}  // namespace zeropoint::potentials
