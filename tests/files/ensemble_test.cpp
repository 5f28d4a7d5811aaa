#include "files/ensemble.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/parallel.hpp"
#include "files/ensemble_formats.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

using test::difference;
using test::random_configurations;
using test::TemporaryFolder;
using test::triclinic_supercell;

double* at(at::Tensor& tensor, std::int64_t i) { return tensor.mutable_data_ptr<double>() + i; }

Configurations read_all(const Ensemble& ensemble) { return ensemble.read(0, ensemble.size()); }

TEST(EnsembleInMemory, HandsOutPieces) {
  const Supercell reference = triclinic_supercell();
  const Configurations all = random_configurations(reference, 10, true);
  const auto ensemble = ensemble_in_memory(all, "ten");
  EXPECT_EQ(ensemble->size(), 10);
  EXPECT_TRUE(ensemble->has_stresses());
  EXPECT_TRUE(ensemble->read(3, 7).forces.equal(all.forces.slice(0, 3, 7)));
  Configurations wrong = all;
  wrong.energies = wrong.energies.slice(0, 0, 9);
  EXPECT_COMPLAINT(ensemble_in_memory(wrong, "ten"), "ten: displacements and forces must be [n, n_atoms, 3]");
}

TEST(EnsembleCheck, NamesConfigurationAndAtomOfWhatIsNotFinite) {
  const Supercell reference = triclinic_supercell();
  const std::int64_t row = 3 * reference.n_atoms();
  Configurations c = random_configurations(reference, 600, true);
  *at(c.forces, 299 * row + 3 * 6 + 1) = std::nan("");
  *at(c.forces, 599 * row) = std::nan("");
  EXPECT_COMPLAINT(check(c, reference, 1, "set"), "set: configuration 300, atom 7: force = nan");
  c = random_configurations(reference, 5, true);
  *at(c.energies, 2) = INFINITY;
  EXPECT_COMPLAINT(check(c, reference, 1, "set"), "set: configuration 3: energy = inf");
  c = random_configurations(reference, 5, true);
  *at(c.stresses, 4 * 9) = std::nan("");
  EXPECT_COMPLAINT(check(c, reference, 11, "set"), "set: configuration 15: stress = nan");
  c = random_configurations(reference, 5, true);
  *at(c.displacements, 5) = std::nan("");
  EXPECT_COMPLAINT(check(c, reference, 1, "set"), "set: configuration 1, atom 2: displacement = nan");
}

TEST(EnsembleCheck, FindsWrappedPositionsAndAtomsInAnotherOrder) {
  const Supercell reference = triclinic_supercell();
  const std::int64_t n_atoms = reference.n_atoms();
  Configurations c = random_configurations(reference, 5, false);
  EXPECT_NO_THROW(check(c, reference, 1, "set"));
  *at(c.displacements, 3 * (2 * n_atoms + 6)) += 8.2;  // one supercell vector: two times 4.1
  EXPECT_COMPLAINT(check(c, reference, 1, "set"), "set: configuration 3, atom 7 is 8.");
  EXPECT_COMPLAINT(check(c, reference, 1, "set"), "positions wrapped into the cell");

  const Vectors positions = reference.crystal().positions;
  c = random_configurations(reference, 5, false);
  for (std::int64_t i = 0; i < 5; ++i) {  // the two hydrogen atoms of the first cell exchanged
    for (int k = 0; k < 3; ++k) {
      *at(c.displacements, 3 * (i * n_atoms + 1) + k) += positions(3, k) - positions(1, k);
      *at(c.displacements, 3 * (i * n_atoms + 3) + k) += positions(1, k) - positions(3, k);
    }
  }
  EXPECT_COMPLAINT(check(c, reference, 1, "set"), "configuration 1, atom 2 is 2.");
}

TEST(EnsembleCheck, FindsNeighboursExchangedInEveryConfiguration) {
  // Nearer than any one displacement can be judged by: 1.2 angstrom apart, so only the mean tells.
  Crystal crystal;
  crystal.cell = 6 * Eigen::Matrix3d::Identity();
  crystal.positions.resize(2, 3);
  crystal.positions << 0, 0, 0, 0, 0, 1.2;
  crystal.species = {"H", "H"};
  crystal.masses = Eigen::Vector2d(1, 1);
  const Supercell molecule{crystal, {1, 1, 1}};
  Configurations c = random_configurations(molecule, 20, false);
  EXPECT_NO_THROW(check(c, molecule, 1, "set"));
  for (int i = 0; i < 20; ++i) {
    *at(c.displacements, 6 * i + 2) += 1.2;
    *at(c.displacements, 6 * i + 5) -= 1.2;
  }
  EXPECT_COMPLAINT(check(c, molecule, 1, "set"), "set: configurations 1 to 20: atom 1 is on average 1.");
}

TEST(EnsembleCheck, RefusesAnotherNumberOfAtoms) {
  const Supercell reference = triclinic_supercell();
  const Supercell smaller{reference.unit_cell(), {1, 1, 1}};
  EXPECT_COMPLAINT(check(random_configurations(smaller, 2, false), reference, 1, "set"),
                   "4 atoms, the supercell has 24");
}

class EnsembleFormats : public testing::TestWithParam<bool> {};

TEST_P(EnsembleFormats, KeepAllNumbersInARoundTrip) {
  // 1030 configurations: more than one piece of the writers and more than one block of the readers.
  const Supercell reference = triclinic_supercell();
  const Configurations original = random_configurations(reference, 1030, GetParam());
  const TemporaryFolder folder;
  struct Step {
    EnsembleFormat format;
    std::string path;
    bool exact;
  };
  auto ensemble = ensemble_in_memory(original, "original");
  Configurations before = original;
  for (const Step& step :
       {Step{ensemble_format("npy"), folder / "npy", false}, Step{ensemble_format("h5"), folder / "a.h5", true},
        Step{ensemble_format("text"), folder / "text", false},
        Step{ensemble_format("extxyz"), folder / "a.extxyz", false},
        Step{ensemble_format("npy"), folder / "npy2", false}}) {
    write_ensemble(*ensemble, reference, step.format, step.path, {.population = 7});
    ensemble = open_ensemble({.path = step.path, .population = 7}, reference);
    EXPECT_EQ(ensemble->size(), 1030);
    EXPECT_EQ(ensemble->has_stresses(), GetParam()) << step.path;
    const Configurations after = read_all(*ensemble);
    // Conversions of units and adding positions round twice, on energies of 1e3 eV: 1e-12 is four roundings.
    EXPECT_LE(difference(before, after), step.exact ? 0 : 1e-12) << step.path;
    EXPECT_LE(difference(original, after), 5e-12) << step.path;
    before = after;
  }
  EXPECT_LE(
      difference(ensemble->read(1020, 1028), {before.displacements.slice(0, 1020, 1028),
                                              before.energies.slice(0, 1020, 1028), before.forces.slice(0, 1020, 1028),
                                              GetParam() ? before.stresses.slice(0, 1020, 1028) : at::Tensor{}}),
      0);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutStresses, EnsembleFormats, testing::Bool());

TEST(Ensembles, AreTheSameBitsForAnyNumberOfThreads) {
  const Supercell reference = triclinic_supercell();
  const TemporaryFolder folder;
  write_ensemble(*ensemble_in_memory(random_configurations(reference, 700, true), "set"), reference,
                 ensemble_format("extxyz"), folder / "a.extxyz");
  const int before = threads();
  set_threads(1);
  const Configurations one = read_all(*open_ensemble({.path = folder / "a.extxyz"}, reference));
  set_threads(3);
  const Configurations three = read_all(*open_ensemble({.path = folder / "a.extxyz"}, reference));
  set_threads(before);
  EXPECT_EQ(difference(one, three), 0);
}

TEST(Ensembles, TakeTheFirstConfigurationsAndSubtractTheReferenceEnergy) {
  const Supercell reference = triclinic_supercell();
  const TemporaryFolder folder;
  const Configurations all = random_configurations(reference, 20, true);
  for (const auto& [format, name] : {std::pair{ensemble_format("npy"), "npy"},
                                     {ensemble_format("text"), "text"},
                                     {ensemble_format("extxyz"), "a.xyz"},
                                     {ensemble_format("h5"), "a.h5"}}) {
    write_ensemble(*ensemble_in_memory(all, "set"), reference, format, folder / name);
    const auto some =
        open_ensemble({.path = folder / name, .n_configurations = 5, .reference_energy = -1000}, reference);
    EXPECT_EQ(some->size(), 5) << name;
    const Configurations c = read_all(*some);
    EXPECT_NEAR(c.energies.const_data_ptr<double>()[4], all.energies.const_data_ptr<double>()[4] + 1000, 1e-11) << name;
    EXPECT_COMPLAINT(open_ensemble({.path = folder / name, .n_configurations = 21}, reference),
                     "n_configurations = 21, but there are 20");
  }
}

TEST(Ensembles, StressesThatAreAllZeroAreNone) {
  const Supercell reference = triclinic_supercell();
  const TemporaryFolder folder;
  Configurations all = random_configurations(reference, 260, true);
  all.stresses.zero_();
  for (const auto& [format, name] : {std::pair{ensemble_format("npy"), "npy"},
                                     {ensemble_format("text"), "text"},
                                     {ensemble_format("extxyz"), "a.xyz"},
                                     {ensemble_format("h5"), "a.h5"}}) {
    write_ensemble(*ensemble_in_memory(all, "set"), reference, format, folder / name);
    EXPECT_FALSE(open_ensemble({.path = folder / name}, reference)->has_stresses()) << name;
  }
}

TEST(Ensembles, SayWhatWasLookedForWhenNothingIsThere) {
  const Supercell reference = triclinic_supercell();
  const TemporaryFolder folder;
  EXPECT_COMPLAINT(open_ensemble({.path = folder / "none"}, reference), "none: no such file or folder");
  EXPECT_COMPLAINT(open_ensemble({.path = folder.path(), .population = 3}, reference),
                   "no ensemble of population 3. Looked for xats_pop3.npy (python-sscha npy), u.npy (repacked npy), "
                   "energies_supercell_population3.dat (text) and population.h5. The folder is empty.");
  write_ensemble(*ensemble_in_memory(random_configurations(reference, 2, false), "set"), reference,
                 ensemble_format("text"), folder.path(), {.population = 2});
  EXPECT_COMPLAINT(open_ensemble({.path = folder.path(), .population = 3}, reference),
                   "There are populations 2: set population.");
  EXPECT_COMPLAINT(open_ensemble({.path = folder / "u_population2_1.dat"}, reference),
                   "not an ensemble: give a folder");
}

TEST(Ensembles, AreNotWrittenOverAnotherPopulation) {
  const Supercell reference = triclinic_supercell();
  const TemporaryFolder folder;
  const auto ensemble = ensemble_in_memory(random_configurations(reference, 2, false), "set");
  for (const EnsembleFormat& format : {ensemble_format("npy"), ensemble_format("text")}) {
    write_ensemble(*ensemble, reference, format, folder.path(), {.population = 2});
    EXPECT_COMPLAINT(write_ensemble(*ensemble, reference, format, folder.path(), {.population = 2}),
                     "population 2 already");
  }
}

TEST(EnsembleFormat, IsNamedByAWord) {
  EXPECT_EQ(ensemble_format("h5").name, "h5");
  EXPECT_COMPLAINT(ensemble_format("hdf"), "ensemble format 'hdf' is unknown: npy, text, extxyz or h5");
}

}  // namespace
}  // namespace zeropoint
