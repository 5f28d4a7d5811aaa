// Inputs of DFT programs for the configurations of a population: each program gets the same positions.
#include "files/dft_inputs.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/atomic_file.hpp"
#include "files/structure_file.hpp"
#include "files/text_scanner.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

class DftInputs : public testing::Test {
 protected:
  /// Two pieces, as a population comes.
  void write(const std::string& format, const InputOptions& options) {
    const auto writer = input_format(format).open(reference_, options);
    writer->write(u_.slice(0, 0, 2), 0);
    writer->write(u_.slice(0, 2, 3).contiguous(), 2);
    writer->finish();
  }
  Vectors positions(std::int64_t c) const { return displaced(reference_.crystal(), u_, c).positions; }
  InputOptions options() const { return {.folder = folder_.path(), .n_configurations = 3, .population = 7}; }

  /// An input of pw.x of the unit cell.
  std::string pwx_template(const std::string& k_points) const {
    const Crystal& cell = reference_.unit_cell();
    std::string text =
        "&control\n calculation = 'scf', prefix = 'toy', tprnfor = .true., tstress = .true.\n/\n&system\n ibrav = 0, "
        "nat = 4, ecutwfc = 30\n/\n&electrons\n/\nATOMIC_SPECIES\n";
    for (const std::string& label : cell.species_order()) text += label + " 1.0 " + label + ".upf\n";
    return text + "K_POINTS automatic\n" + k_points + "\n";
  }

  test::TemporaryFolder folder_;
  Supercell reference_ = test::triclinic_supercell();
  at::Tensor u_ = test::random_configurations(reference_, 3, false).displacements;
};

TEST_F(DftInputs, OfPwxHoldThePositionsAndTheDividedMesh) {
  write_file(folder_ / "scf.in", pwx_template("4 3 6 1 0 1"));
  InputOptions with_template = options();
  with_template.pwx_template = folder_ / "scf.in";
  write("pwx", with_template);
  for (std::int64_t c = 0; c < 3; ++c) {
    TextScanner scan(folder_ / fmt::format("pwx/000{}.in", c + 1));
    bool has_mesh = false;
    while (scan.next() && scan.line() != "ATOMIC_POSITIONS angstrom") has_mesh |= scan.line() == "2 3 2 1 0 1";
    EXPECT_TRUE(has_mesh);
    const Vectors expected = positions(c);
    for (int atom = 0; atom < reference_.n_atoms(); ++atom) {
      scan.require_next("an atom");
      EXPECT_EQ(scan.words()[0], reference_.crystal().species[atom]);
      for (int k = 0; k < 3; ++k) EXPECT_NEAR(scan.number(k + 1), expected(atom, k), 1e-14);
    }
  }
  const auto notes = input_format("pwx").open(reference_, with_template)->notes();
  EXPECT_EQ(notes, (std::vector<std::pair<std::string, std::string>>{{"k points", "2 3 2 1 0 1"}}));
}

TEST_F(DftInputs, OfPwxTakeKPointsThatAreGiven) {
  write_file(folder_ / "scf.in", pwx_template("5 5 5 0 0 0"));
  InputOptions with_template = options();
  with_template.pwx_template = folder_ / "scf.in";
  EXPECT_COMPLAINT(write("pwx", with_template), "5 k points along axis 1 are not a multiple of the 2 cells");
  with_template.k_points = KMesh{{3, 2, 1}, {0, 0, 1}};
  write("pwx", with_template);
  EXPECT_THAT_CONTAINS(read_file(folder_ / "pwx/0003.in"), "K_POINTS automatic\n3 2 1 0 0 1\n");
}

TEST_F(DftInputs, OfVaspAreFoldersWithWhatTheUserGives) {
  for (const char* name : {"INCAR", "KPOINTS", "POTCAR"}) write_file(folder_ / fmt::format("given/{}", name), name);
  InputOptions with_folder = options();
  with_folder.vasp_folder = folder_ / "given";
  write("vasp", with_folder);
  const Crystal crystal = reference_.crystal();
  for (std::int64_t c = 0; c < 3; ++c) {
    const std::string folder = folder_ / fmt::format("vasp/000{}", c + 1);
    EXPECT_EQ(read_file(folder + "/POTCAR"), "POTCAR");
    const Crystal read = read_structure(folder + "/POSCAR");
    // Sorted by element: each atom is looked for.
    for (int atom = 0; atom < crystal.n_atoms(); ++atom) {
      EXPECT_LT((read.positions.rowwise() - positions(c).row(atom)).rowwise().norm().minCoeff(), 1e-13);
    }
  }
  fs::remove(folder_ / "given/KPOINTS");
  EXPECT_COMPLAINT(write("vasp", with_folder), "it has no KPOINTS");
}

TEST_F(DftInputs, InExtxyzAreOneFileInTheirOrder) {
  write("extxyz", options());
  const std::vector<Crystal> read = read_structures(folder_ / "configurations.extxyz");
  ASSERT_EQ(read.size(), 3u);
  for (std::int64_t c = 0; c < 3; ++c) EXPECT_EQ(read[c].positions, positions(c));
}

TEST_F(DftInputs, OfPythonSschaAreNumberedWithTheirPopulation) {
  write("python-sscha", options());
  TextScanner scan(folder_ / "python-sscha/u_population7_3.dat");
  for (int atom = 0; atom < reference_.n_atoms(); ++atom) {
    scan.require_next("a displacement");
    for (int k = 0; k < 3; ++k)
      EXPECT_NEAR(scan.number(k) * units::codata2022.bohr, u_[2][atom][k].item<double>(), 1e-14);
  }
  EXPECT_TRUE(fs::exists(folder_ / "python-sscha/scf_population7_1.dat"));
}

TEST_F(DftInputs, HaveAsManyDigitsAsTheLastNumberNeeds) {
  InputOptions many = options();
  EXPECT_EQ(configuration_name(42, many), "0042");
  many.n_configurations = 123456;
  EXPECT_EQ(configuration_name(42, many), "000042");
}

}  // namespace
}  // namespace zeropoint
