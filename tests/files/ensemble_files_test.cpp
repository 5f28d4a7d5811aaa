// What each format does with bad files.
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/hdf5_file.hpp"
#include "files/ensemble.hpp"
#include "files/ensemble_formats.hpp"
#include "files/npy.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

using test::complaint;
using test::random_configurations;
using test::TemporaryFolder;
using test::triclinic_supercell;

class EnsembleFiles : public testing::Test {
 protected:
  void write(const EnsembleFormat& format, const std::string& name, std::int64_t n, bool stresses = true) {
    write_ensemble(*ensemble_in_memory(random_configurations(reference_, n, stresses), "set"), reference_, format,
                   folder_ / name);
  }
  std::string opening(const std::string& name, std::int64_t n = 0) {
    return complaint([&] { open_ensemble({.path = folder_ / name, .n_configurations = n}, reference_); });
  }
  std::string reading(const std::string& name, std::int64_t n = 0) {
    return complaint([&] {
      const auto ensemble = open_ensemble({.path = folder_ / name, .n_configurations = n}, reference_);
      ensemble->read(0, ensemble->size());
    });
  }
  void replace(const std::string& name, const std::string& from, const std::string& to) {
    std::string text = read_file(folder_ / name);
    const std::size_t found = text.find(from);
    ASSERT_NE(found, std::string::npos) << from;
    write_file(folder_ / name, text.replace(found, from.size(), to));
  }
  void truncate(const std::string& name, std::size_t bytes) {
    write_file(folder_ / name, read_file(folder_ / name).substr(0, bytes));
  }

  const Supercell reference_ = triclinic_supercell();
  const TemporaryFolder folder_;
};

TEST_F(EnsembleFiles, NpyNamesMissingAndBrokenFiles) {
  write(ensemble_format("npy"), "p", 8);
  std::filesystem::rename(folder_ / "p/forces_pop1.npy", folder_ / "kept");
  EXPECT_THAT_CONTAINS(opening("p"), "p/forces_pop1.npy: missing");
  std::filesystem::rename(folder_ / "kept", folder_ / "p/forces_pop1.npy");
  truncate("p/forces_pop1.npy", 1000);
  EXPECT_THAT_CONTAINS(opening("p"), "p/forces_pop1.npy: truncated: 576 numbers (8 x 24 x 3) need");
  write_npy(folder_ / "p/forces_pop1.npy", random_configurations(reference_, 7, false).forces);
  EXPECT_THAT_CONTAINS(opening("p"), "forces_pop1.npy: 7 configurations, but");
  const Supercell smaller{reference_.unit_cell(), {1, 1, 3}};
  write_npy(folder_ / "p/forces_pop1.npy", random_configurations(smaller, 8, false).forces);
  EXPECT_THAT_CONTAINS(opening("p"), "forces_pop1.npy: 12 atoms, the supercell has 24");
}

TEST_F(EnsembleFiles, TextNamesWhichFilesAreMissing) {
  write(ensemble_format("text"), "p", 10);
  std::filesystem::remove(folder_ / "p/forces_population1_7.dat");
  std::filesystem::remove(folder_ / "p/forces_population1_9.dat");
  EXPECT_THAT_CONTAINS(
      opening("p"),
      "p/forces_population1_7.dat: missing (2 files of 10: 7, 9; energies_supercell_population1.dat holds 10 "
      "energies). 6 configurations before it are complete: repair the file, or set "
      "n_configurations = 6.");
  EXPECT_EQ(reading("p", 6), "nothing was thrown");
  std::filesystem::remove(folder_ / "p/pressures_population1_3.dat");
  EXPECT_THAT_CONTAINS(opening("p", 6),
                       "p/pressures_population1_3.dat: missing, while other configurations have pressures");
  std::filesystem::remove(folder_ / "p/energies_supercell_population1.dat");
  EXPECT_THAT_CONTAINS(opening("p"), "energies_supercell_population1.dat: missing; 10 displacement and 8 force files");
}

TEST_F(EnsembleFiles, TextCountsEnergiesAgainstFiles) {
  write(ensemble_format("text"), "p", 5);
  const std::string name = "p/energies_supercell_population1.dat";
  const std::string energies = read_file(folder_ / name);
  truncate(name, energies.find('\n', energies.find('\n') + 1) + 1);
  EXPECT_THAT_CONTAINS(opening("p"),
                       "2 energies, but there are 5 displacement and 5 force files, up to number 5. 2 configurations "
                       "are complete: repair the file, or set n_configurations = 2.");
  EXPECT_EQ(reading("p", 2), "nothing was thrown");
  write_file(folder_ / name, "-1.0\n-2.0\nabc\n");
  EXPECT_THAT_CONTAINS(opening("p"), "energies_supercell_population1.dat: line 3: 'abc' is not a number");
  write_file(folder_ / name, "");
  EXPECT_THAT_CONTAINS(opening("p"), "energies_supercell_population1.dat: no energies in it");
}

TEST_F(EnsembleFiles, TextNamesFileAndLineOfATruncatedTable) {
  write(ensemble_format("text"), "p", 5);
  const std::string name = "p/forces_population1_3.dat";
  const std::string forces = read_file(folder_ / name);
  std::size_t line_11_end = 0;
  for (int line = 0; line < 11; ++line) line_11_end = forces.find('\n', line_11_end) + 1;
  write_file(folder_ / name, forces.substr(0, line_11_end) + "0.1 0.2");
  EXPECT_THAT_CONTAINS(reading("p"),
                       "p/forces_population1_3.dat: line 12 has 2 numbers, 3 expected (truncated?). 2 configurations "
                       "before it are complete: repair the file, or set n_configurations = 2.");
  write_file(folder_ / name, forces.substr(0, line_11_end));
  EXPECT_THAT_CONTAINS(reading("p"), "11 lines of numbers, 24 expected (truncated?)");
  write_file(folder_ / name, "");
  EXPECT_THAT_CONTAINS(reading("p"), "no numbers (the file is empty)");
  write_file(folder_ / name,
             forces.substr(0, line_11_end) + "0.1 NaN 0.3" + forces.substr(forces.find('\n', line_11_end)));
  EXPECT_THAT_CONTAINS(reading("p"), "configuration 3, atom 12: force = nan");
}

TEST_F(EnsembleFiles, TextAcceptsFortranExponents) {
  write(ensemble_format("text"), "p", 2);
  const std::string name = "p/u_population1_2.dat";
  const std::string u = read_file(folder_ / name);
  write_file(folder_ / name, "  0.25D-01  1.0-300 -1.50D-002  \n" + u.substr(u.find('\n') + 1));
  const Configurations c = open_ensemble({.path = folder_ / "p"}, reference_)->read(1, 2);
  const double* const first = c.displacements.const_data_ptr<double>();
  EXPECT_EQ(first[0], 0.025 * units::codata2022.bohr);
  EXPECT_EQ(first[1], 1e-300 * units::codata2022.bohr);
  EXPECT_EQ(first[2], -0.015 * units::codata2022.bohr);
}

TEST_F(EnsembleFiles, ExtxyzNamesFileAndLine) {
  write(ensemble_format("extxyz"), "a.xyz", 3);
  const std::string good = read_file(folder_ / "a.xyz");
  const auto with = [&](const std::string& from, const std::string& to) {
    write_file(folder_ / "a.xyz", good);
    replace("a.xyz", from, to);
    return reading("a.xyz");
  };
  EXPECT_THAT_CONTAINS(with("\nH ", "\nO "), "a.xyz: configuration 1, line 4: atom 2 is O, the supercell has H there");
  EXPECT_THAT_CONTAINS(with("energy=", "nrg="), "configuration 1, line 2: no energy=");
  EXPECT_THAT_CONTAINS(with("stress=\"", "stress=\"1 "), "line 2: stress must be 9 numbers (3 x 3) or 6");
  EXPECT_THAT_CONTAINS(with("forces:R:3", "other:R:3"), "has no forces");
  EXPECT_THAT_CONTAINS(with("\nTe ", "\nTe x"), "line 3: 'x");
  EXPECT_THAT_CONTAINS(with("\nTe ", "\nTe 1 "), "line 3 (atom 1): 8 columns, 7 expected from Properties");
  EXPECT_THAT_CONTAINS(with("Lattice=\"8.2", "Lattice=\"8.3"), "Lattice differs by 0.1000 angstrom");
  EXPECT_THAT_CONTAINS(with("24\n", "23\n"), "line 1: 23 atoms, the supercell has 24");
  EXPECT_THAT_CONTAINS(with("24\n", "what\n"), "line 1: 'what' instead of the number of atoms");
  EXPECT_EQ(with("forces:R:3", "force:R:3"), "nothing was thrown");

  std::size_t second_end = 0;
  for (int line = 0; line < 60; ++line) second_end = good.find('\n', second_end) + 1;
  write_file(folder_ / "a.xyz", good.substr(0, second_end));
  EXPECT_THAT_CONTAINS(opening("a.xyz"),
                       "configuration 3 ends after 8 of 26 lines, at line 60 (truncated?). 2 configurations before "
                       "it are complete: repair the file, or set n_configurations = 2.");
  EXPECT_EQ(reading("a.xyz", 2), "nothing was thrown");
  write_file(folder_ / "a.xyz", good.substr(0, good.size() - 30));
  EXPECT_THAT_CONTAINS(reading("a.xyz"), "line 78 (atom 24): ");
  write_file(folder_ / "a.xyz", good + "\n  \n");
  EXPECT_EQ(reading("a.xyz"), "nothing was thrown");
  write_file(folder_ / "a.xyz", "");
  EXPECT_THAT_CONTAINS(opening("a.xyz"), "the file is empty");
}

TEST_F(EnsembleFiles, ExtxyzTakesVoigtStressesAndVirials) {
  write(ensemble_format("extxyz"), "a.xyz", 1, false);
  const std::string plain = read_file(folder_ / "a.xyz");
  const auto stress = [&](const std::string& key) {
    write_file(folder_ / "a.xyz", plain);
    replace("a.xyz", "energy=", key + " energy=");
    const at::Tensor s = open_ensemble({.path = folder_ / "a.xyz"}, reference_)->read(0, 1).stresses;
    return std::vector<double>(s.const_data_ptr<double>(), s.const_data_ptr<double>() + 9);
  };
  const std::vector<double> full = {1, 6, 5, 6, 2, 4, 5, 4, 3};  // xx yy zz yz xz xy = 1 2 3 4 5 6
  EXPECT_EQ(stress("stress=\"1 2 3 4 5 6\""), full);
  EXPECT_EQ(stress("stress=\"1 6 5 6 2 4 5 4 3\""), full);
  const std::vector<double> virial = stress("virial=\"1 6 5 6 2 4 5 4 3\"");
  for (std::size_t k = 0; k < 9; ++k) EXPECT_DOUBLE_EQ(virial[k], -full[k] / reference_.volume());
}

TEST_F(EnsembleFiles, Hdf5StoresTheCrystalAndChecksIt) {
  write_ensemble(*ensemble_in_memory(random_configurations(reference_, 3, true), "set"), reference_,
                 ensemble_format("h5"), folder_ / "a.h5", {.population = 4, .temperature = 300.0});
  {
    const Hdf5File file = Hdf5File::open(folder_ / "a.h5", "zeropoint ensemble");
    EXPECT_EQ(file.number_attribute("/", "temperature"), 300);
    EXPECT_EQ(file.number_attribute("/", "population"), 4);
    EXPECT_EQ(file.read_strings("species"), reference_.unit_cell().species);
    EXPECT_EQ(file.read_vector("masses"), reference_.unit_cell().masses);
    EXPECT_EQ(file.text_attribute("stresses", "units"), "eV/angstrom^3");
  }
  const auto with = [&](const std::function<void(Crystal&)>& change, const Eigen::Vector3i& divisions) {
    Crystal crystal = reference_.unit_cell();
    change(crystal);
    return complaint([&] { open_ensemble({.path = folder_ / "a.h5"}, Supercell{crystal, divisions}); });
  };
  EXPECT_THAT_CONTAINS(with([](Crystal& c) { c.cell *= 1.01; }, {2, 1, 3}), "its cell differs by");
  EXPECT_THAT_CONTAINS(with([](Crystal& c) { c.species[1] = "O"; }, {2, 1, 3}),
                       "its atoms are Te H Sn H, those of the matrices Te O");
  EXPECT_THAT_CONTAINS(with([](Crystal&) {}, {3, 1, 2}), "a supercell of 2 x 1 x 3 cells, the matrices have 3 x 1 x 2");
  EXPECT_THAT_CONTAINS(with([](Crystal&) {}, {2, 1, 1}), "displacements is 3 x 24 x 3, 3 x 8 x 3 expected");
  EXPECT_COMPLAINT(open_ensemble({.path = folder_ / "a.h5", .population = 2}, reference_),
                   "it holds population 4, not 2");
}

TEST_F(EnsembleFiles, Hdf5CountsDisplacementsFromMovedCentroids) {
  const Configurations original = random_configurations(reference_, 3, false);
  write_ensemble(*ensemble_in_memory(original, "set"), reference_, ensemble_format("h5"), folder_ / "a.h5");
  Crystal moved = reference_.unit_cell();
  moved.positions(2, 1) += 0.125;
  const Configurations c =
      open_ensemble({.path = folder_ / "a.h5"}, Supercell{moved, reference_.divisions()})->read(0, 3);
  const at::Tensor shift = c.displacements - original.displacements;
  for (std::int64_t i = 0; i < shift.numel(); ++i) {
    const bool is_moved = i / 3 % 4 == 2 && i % 3 == 1;
    EXPECT_NEAR(shift.const_data_ptr<double>()[i], is_moved ? -0.125 : 0.0, 1e-15) << i;  // rounding of one subtraction
  }
}

TEST_F(EnsembleFiles, Hdf5NamesMissingLabels) {
  write(ensemble_format("h5"), "p/population.h5", 3);
  EXPECT_EQ(reading("p"), "nothing was thrown");
  Hdf5File file = Hdf5File::modify(folder_ / "p/population.h5");
  file.remove("forces");
  file.close();
  EXPECT_THAT_CONTAINS(opening("p"), "it has no forces: the configurations are not labelled yet");
  write(ensemble_format("text"), "p", 3);  // labels that lie beside an unlabelled population count
  EXPECT_EQ(reading("p"), "nothing was thrown");
  truncate("p/population.h5", 2000);
  EXPECT_THAT_CONTAINS(opening("p/population.h5"), "cannot be read as HDF5 (truncated?)");
}

}  // namespace
}  // namespace zeropoint
