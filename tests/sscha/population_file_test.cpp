// Populations on disk: what was drawn, the density that drew it, and labels that come in pieces.
#include "sscha/population_file.hpp"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/atomic_file.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "sscha/labels_file.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::sscha {
namespace {

class PopulationFile : public ::testing::Test {
 protected:
  PopulationFile() : density_(with_polar(), 300, units::codata2022), sampler_(density_, {}) {
    write_population(file_, density_, sampler_, n, {.population = 3, .seed = 9, .sampling = "antithetic"});
    labels_ = test::HarmonicModel(density_.matrices())(density_.matrices().crystal, sampler_.displacements(0, n));
  }

  static phonons::DynamicalMatrices with_polar() {
    phonons::DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 1);
    phonons::Polar polar{Eigen::Matrix3d::Identity() * 4.2, {}};
    for (int s = 0; s < 3; ++s) polar.born_charges.push_back(Eigen::Matrix3d::Constant(0.1 * s));
    polar.born_charges[1](0, 2) = -7;
    matrices.polar = polar;
    matrices.alat = 3.3;
    return matrices;
  }

  Label label(std::int64_t c, const std::string& source) const {
    const auto f = labels_.forces.accessor<double, 3>(), s = labels_.stresses.accessor<double, 3>();
    return {c, labels_.energies[c].item<double>(),
            Vectors::NullaryExpr(labels_.forces.size(1), 3, [&](Eigen::Index i, Eigen::Index k) { return f[c][i][k]; }),
            Eigen::Matrix3d::NullaryExpr([&](Eigen::Index i, Eigen::Index k) { return s[c][i][k]; }), source};
  }
  std::unique_ptr<Ensemble> ensemble() const { return open_ensemble({.path = file_}, density_.matrices().supercell()); }

  static constexpr std::int64_t n = 12;
  test::TemporaryFolder folder_;
  const std::string file_ = folder_ / "population.h5";
  TrialDensity density_;
  Sampler sampler_;
  Configurations labels_;
};

TEST_F(PopulationFile, GivesTheGeneratingDensityBackToTheLastBit) {
  const TrialDensity read = read_generating(file_, units::codata2022);
  EXPECT_EQ(read.temperature(), 300);
  EXPECT_EQ(test::difference(read.matrices().blocks, density_.matrices().blocks), 0);
  EXPECT_EQ(read.matrices().crystal.positions, density_.matrices().crystal.positions);
  EXPECT_EQ(read.matrices().crystal.masses, density_.matrices().crystal.masses);
  EXPECT_EQ(read.matrices().grid.points(), density_.matrices().grid.points());
  EXPECT_EQ(read.matrices().grid.stars(), density_.matrices().grid.stars());
  EXPECT_EQ(read.matrices().alat, 3.3);
  ASSERT_TRUE(read.matrices().polar);
  EXPECT_EQ(read.matrices().polar->born_charges, density_.matrices().polar->born_charges);
  EXPECT_EQ(read.matrices().polar->dielectric, density_.matrices().polar->dielectric);
}

TEST_F(PopulationFile, IsAnEnsembleOfWhatIsLabelled) {
  EXPECT_COMPLAINT(ensemble(), "not labelled yet");
  EXPECT_EQ(add_labels(file_, {label(7, "7.out"), label(2, "2.out")}).n_new, 2);
  const auto some = ensemble();
  ASSERT_EQ(some->size(), 2);
  EXPECT_TRUE(some->has_stresses());
  const Configurations read = some->read(0, 2);
  EXPECT_TRUE(at::equal(read.displacements, sampler_.displacements(0, n).index_select(0, at::tensor({2, 7}))));
  EXPECT_TRUE(at::equal(read.forces, labels_.forces.index_select(0, at::tensor({2, 7}))));
  EXPECT_TRUE(at::equal(some->read(1, 2).energies, labels_.energies.slice(0, 7, 8)));

  Label without_stress = label(5, "5.out");
  without_stress.stress.reset();
  add_labels(file_, {without_stress});
  EXPECT_EQ(ensemble()->size(), 3);
  EXPECT_FALSE(ensemble()->has_stresses()) << "one is missing";
}

TEST_F(PopulationFile, DoesNotDependOnTheOrderAndPiecesInWhichLabelsCome) {
  const std::string other = folder_ / "other.h5";
  write_population(other, density_, sampler_, n, {.population = 3, .seed = 9, .sampling = "antithetic"});
  std::vector<Label> all;
  for (std::int64_t c = 0; c < n; ++c) all.push_back(label(c, std::to_string(c)));
  add_labels(file_, all);
  for (const std::int64_t c : {5, 0, 11, 3, 4, 1, 2, 10, 9, 8, 7, 6, 6, 0})
    add_labels(other, {label(c, std::to_string(c))});
  const Hdf5File a = Hdf5File::open(file_), b = Hdf5File::open(other);
  for (const char* name : {"displacements", "energies", "forces", "stresses", "labelled"}) {
    EXPECT_TRUE(at::equal(a.read(name), b.read(name))) << name;
  }
  EXPECT_EQ(a.read_strings("label_source"), b.read_strings("label_source"));
}

TEST_F(PopulationFile, NeverReplacesALabel) {
  add_labels(file_, {label(4, "first.out")});
  const std::string before = read_file(file_);
  Label other = label(4, "second.out");
  other.energy += 0.25;
  const LabelsAdded added = add_labels(file_, {label(4, "again.out"), other});
  EXPECT_EQ(added.n_new, 0);
  EXPECT_EQ(added.n_known, 1);
  ASSERT_EQ(added.conflicts.size(), 1u);
  EXPECT_NE(added.conflicts[0].find("configuration 5: second.out differs by 0.25 eV"), std::string::npos)
      << added.conflicts[0];
  EXPECT_NE(added.conflicts[0].find("first.out, which is kept"), std::string::npos) << added.conflicts[0];
  EXPECT_EQ(read_file(file_), before);
  EXPECT_EQ(add_labels(file_, {label(1, "1.out")}, false).n_new, 1);
  EXPECT_EQ(read_file(file_), before) << "only asked";
}

TEST_F(PopulationFile, IsNotWrittenByTwoAtOnce) {
  const int descriptor = ::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(descriptor, LOCK_EX | LOCK_NB), 0);
  EXPECT_COMPLAINT(add_labels(file_, {label(4, "4.out")}), "another process adds labels");
  ::close(descriptor);
  EXPECT_EQ(add_labels(file_, {label(4, "4.out")}).n_new, 1);
}

TEST_F(PopulationFile, ComplainsWhenItIsDamaged) {
  const auto damaged = [&](const char* missing) {
    Hdf5File file = Hdf5File::modify(file_);
    file.remove(missing);
    file.close();
    return test::complaint([&] { read_generating(file_, units::codata2022); });
  };
  EXPECT_THAT_CONTAINS(damaged("generating/masses"), "masses");
  EXPECT_THAT_CONTAINS(damaged("generating"), "does not hold the density");
  const std::string content = read_file(file_);
  write_file(file_, content.substr(0, content.size() / 2));
  EXPECT_NE(test::complaint([&] { read_generating(file_, units::codata2022); }), "nothing was thrown");
  write_file(file_, "");
  EXPECT_NE(test::complaint([&] { read_generating(file_, units::codata2022); }), "nothing was thrown");
}

}  // namespace
}  // namespace zeropoint::sscha
