// Which configuration of a population an output of DFT belongs to, and what is refused.
#include "sscha/harvest.hpp"

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "files/labelled_formats.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/output_text.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::sscha {
namespace {

class HarvestOfLabels : public testing::Test {
 protected:
  HarvestOfLabels()
      : density_(test::model_matrices(test::triclinic_crystal(), {2, 2, 1}, 1), 300, units::codata2022),
        supercell_(density_.matrices().supercell()),
        sampler_(density_, {}),
        labels_(test::HarmonicModel(density_.matrices())(density_.matrices().crystal, sampler_.displacements(0, n))) {
    write_population(file_, density_, sampler_, n, {.sampling = "antithetic"});
  }

  /// Configuration `c` (from 0) as a DFT program could answer it.
  LabelledStructure output(std::int64_t c) const {
    const at::Tensor displacements = sampler_.displacements(c, c + 1);
    const auto u = displacements.accessor<double, 3>();
    const auto f = labels_.forces.accessor<double, 3>(), s = labels_.stresses.accessor<double, 3>();
    const Crystal crystal = supercell_.crystal();
    LabelledStructure made;
    made.cell = crystal.cell;
    made.species = crystal.species;
    made.positions = crystal.positions;
    made.forces = crystal.positions;
    for (int atom = 0; atom < crystal.n_atoms(); ++atom) {
      for (int k = 0; k < 3; ++k) {
        made.positions(atom, k) += u[0][atom][k];
        made.forces(atom, k) = f[c][atom][k];
      }
    }
    made.stress = Eigen::Matrix3d::NullaryExpr([&](Eigen::Index i, Eigen::Index k) { return s[c][i][k]; });
    made.energy = labels_.energies[c].item<double>();
    made.source = fmt::format("{}.out", c + 1);
    return made;
  }

  /// The same structure with its atoms in another order and other periodic images.
  static LabelledStructure disordered(const LabelledStructure& original) {
    LabelledStructure other = original;
    const int n_atoms = original.n_atoms();
    for (int atom = 0; atom < n_atoms; ++atom) {
      const int from = (7 * atom + 3) % n_atoms;  // 7 and the number of atoms have no common factor
      other.species[atom] = original.species[from];
      other.forces.row(atom) = original.forces.row(from);
      other.positions.row(atom) = original.positions.row(from) +
                                  Eigen::RowVector3d{double(atom % 3 - 1), double(atom % 2), -2.0} * original.cell;
    }
    return other;
  }

  static constexpr std::int64_t n = 6;
  test::TemporaryFolder folder_;
  const std::string file_ = folder_ / "population.h5";
  TrialDensity density_;
  Supercell supercell_;
  Sampler sampler_;
  Configurations labels_;
};

TEST_F(HarvestOfLabels, FindsShuffledAtomsInOtherImages) {
  ASSERT_EQ(supercell_.n_atoms(), 12);
  LabelledStructures outputs;
  for (const std::int64_t c : {4, 0, 3}) outputs.accepted.push_back(disordered(output(c)));
  const Harvest harvest = harvest_labels(file_, supercell_, outputs);
  EXPECT_TRUE(harvest.clean());
  EXPECT_EQ(harvest.n_outputs, 3u);
  EXPECT_EQ(harvest.labels.n_new, 3);
  EXPECT_EQ(harvest.n_labelled(), 3u);
  EXPECT_EQ(harvest.missing(), (std::vector<bool>{false, true, true, false, false, true}));
  EXPECT_EQ(harvest.alone, (std::vector<bool>{true, false, false, true, true, false}));
  const Configurations read = open_ensemble({.path = file_}, supercell_)->read(0, 3);
  const at::Tensor forces = read.forces, all = labels_.forces;
  for (const auto& [row, c] : {std::pair{0, 0}, {1, 3}, {2, 4}}) {
    EXPECT_TRUE(at::equal(forces[row], all[c])) << "the forces of configuration " << c + 1;
  }
}

TEST_F(HarvestOfLabels, RefusesAStructureOfNoConfiguration) {
  LabelledStructure moved = output(2);
  moved.positions.row(1) += Eigen::RowVector3d{0.05, 0, 0};
  const Harvest harvest = harvest_labels(file_, supercell_, {{moved, output(1)}, {{"bad.out", "it did not converge"}}});
  EXPECT_FALSE(harvest.clean());
  EXPECT_EQ(harvest.n_outputs, 3u);
  EXPECT_EQ(harvest.labels.n_new, 1);
  ASSERT_EQ(harvest.refused.size(), 2u);
  EXPECT_EQ(harvest.refused[0].reason, "it did not converge");
  EXPECT_EQ(harvest.refused[1].source, "3.out");
  EXPECT_NE(harvest.refused[1].reason.find("nearest is configuration 3"), std::string::npos)
      << harvest.refused[1].reason;
}

TEST_F(HarvestOfLabels, NeverReplacesALabel) {
  harvest_labels(file_, supercell_, {{output(5)}, {}});
  LabelledStructure other = output(5);
  other.energy += 0.1;
  other.source = "again.out";
  const Harvest harvest = harvest_labels(file_, supercell_, {{output(5), other}, {}});
  EXPECT_EQ(harvest.labels.n_new, 0);
  EXPECT_EQ(harvest.labels.n_known, 1);
  ASSERT_EQ(harvest.labels.conflicts.size(), 1u);
  EXPECT_EQ(harvest.labels.conflicts[0].find("configuration 6: again.out differs by 0.1 eV"), 0u)
      << harvest.labels.conflicts[0];
  EXPECT_EQ(open_ensemble({.path = file_}, supercell_)->read(0, 1).energies[0].item<double>(), output(5).energy);
}

TEST_F(HarvestOfLabels, OnlyTellsWhenNothingIsToBeWritten) {
  const Harvest told = harvest_labels(file_, supercell_, {{output(0)}, {}}, false);
  EXPECT_EQ(told.labels.n_new, 1);
  EXPECT_EQ(told.n_labelled(), 1u);
  EXPECT_EQ(harvest_labels(file_, supercell_, {{output(0)}, {}}).labels.n_new, 1);
}

TEST_F(HarvestOfLabels, MakesAPopulationOfWhatWasDrawnElsewhere) {
  const std::string file = folder_ / "elsewhere/population.h5";
  std::filesystem::create_directory(folder_ / "elsewhere");
  LabelledStructure strained = output(1);
  strained.cell *= 1.01;
  const Harvest harvest =
      harvest_population(file, density_, {{output(4), strained, output(2)}, {}}, {.sampling = "drawn elsewhere"});
  EXPECT_EQ(harvest.labels.n_new, 2);
  ASSERT_EQ(harvest.refused.size(), 1u);
  EXPECT_EQ(harvest.refused[0].source, "2.out");
  EXPECT_TRUE(harvest.alone.empty());
  const Configurations read = open_ensemble({.path = file}, supercell_)->read(0, 2);
  EXPECT_TRUE(at::allclose(read.displacements[1], sampler_.displacements(2, 3)[0], 0, 1e-13));
  EXPECT_EQ(read.energies[0].item<double>(), output(4).energy);
  EXPECT_THROW(harvest_population(file, density_, {{output(0)}, {}}, {}), InputError);
}

TEST_F(HarvestOfLabels, RefusesAnUnconvergedRunOfADftProgram) {
  const LabelledStructures read = test::read_text(test::data_text("pwx/unconverged.out"));
  const Harvest harvest = harvest_labels(file_, supercell_, read);
  EXPECT_EQ(harvest.labels.n_new, 0);
  ASSERT_EQ(harvest.refused.size(), 1u);
  EXPECT_NE(harvest.refused[0].reason.find("did not converge"), std::string::npos) << harvest.refused[0].reason;
}

TEST(RefuseWithoutStress, SaysWhatElseCanBeDone) {
  LabelledStructures outputs;
  outputs.accepted.resize(2);
  outputs.accepted[0].source = "1.out";
  outputs.accepted[1].stress = Eigen::Matrix3d::Zero();
  refuse_without_stress(outputs, "do without");
  EXPECT_EQ(outputs.accepted.size(), 1u);
  ASSERT_EQ(outputs.refused.size(), 1u);
  EXPECT_EQ(outputs.refused[0].source, "1.out");
  EXPECT_EQ(outputs.refused[0].reason, "no stress: compute it (tstress, ISIF = 2), or do without");
}

}  // namespace
}  // namespace zeropoint::sscha
