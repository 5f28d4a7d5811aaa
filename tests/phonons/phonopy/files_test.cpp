
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/matrix_judgement.hpp"
#include "phonons/phonopy/born.hpp"
#include "phonons/phonopy/calculation.hpp"
#include "phonons/phonopy/hdf5.hpp"
#include "phonons/phonopy/text.hpp"
#include "phonons/phonopy/yaml_read.hpp"
#include "phonons/phonopy/yaml_write.hpp"
#include "tests/phonons/phonopy/run.hpp"
#include "tests/support/killed_writer.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/polar_models.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

using test::difference;
using test::put_text;
using test::replaced;
using test::text_of;

TEST(PhonopyFiles, HoldWhatWasWritten) {
  for (const test::PolarModel& model : test::polar_models()) {
    SCOPED_TRACE(model.name);
    const test::TemporaryFolder folder;
    write_phonopy(model.matrices, folder / "all");
    for (const std::string path :
         {"all", "all/phonopy_params.yaml", "all/FORCE_CONSTANTS", "all/force_constants.hdf5", "all/BORN"}) {
      const DynamicalMatrices back = read_matrix_file(folder / path).matrices;
      // 15 decimals of numbers up to 30, and of the cell.
      EXPECT_LT(difference(model.matrices, back), 1e-12) << path;
      EXPECT_EQ(back.crystal.species, model.matrices.crystal.species);
      EXPECT_LT((back.crystal.positions - model.matrices.crystal.positions).cwiseAbs().maxCoeff(), 1e-12);
      EXPECT_LT((back.crystal.masses - model.matrices.crystal.masses).cwiseAbs().maxCoeff(), 1e-8);
      ASSERT_TRUE(back.polar);
      for (std::size_t s = 0; s < back.polar->born_charges.size(); ++s) {
        EXPECT_LT((back.polar->born_charges[s] - model.matrices.polar->born_charges[s]).cwiseAbs().maxCoeff(), 1e-12);
      }
    }
    // Without charges in the yaml those of BORN count: completed by symmetry.
    const std::string yaml = folder / "all/phonopy_params.yaml", text = text_of(yaml);
    put_text(yaml, text.substr(0, text.find("nac:")) + text.substr(text.find("force_constants:\n  format")));
    const DynamicalMatrices born = read_matrix_file(folder / "all").matrices;
    ASSERT_TRUE(born.polar);
    for (std::size_t s = 0; s < born.polar->born_charges.size(); ++s) {
      EXPECT_LT((born.polar->born_charges[s] - model.matrices.polar->born_charges[s]).cwiseAbs().maxCoeff(), 1e-11);
    }
  }
}

/// See the README of the folder. FORCE_SETS hold no charges of their own, and ten decimals of the forces.
TEST(PhonopyFiles, OfPhonopyGiveItsFrequencies) {
  const std::string folder = std::string(ZEROPOINT_SOURCE_DIR) + "/tests/data/phonopy/";
  const test::PhonopyFrequencies theirs = test::read_phonopy_frequencies(folder + "frequencies");
  TextScanner scan(folder + "q");
  std::vector<Eigen::Vector3d> cartesian;
  while (scan.next_filled()) cartesian.emplace_back(scan.number(0), scan.number(1), scan.number(2));
  for (const std::string name : {"", "phonopy.yaml", "FORCE_CONSTANTS", "force_constants.hdf5", "FORCE_SETS", "BORN",
                                 "params", "params/phonopy_params.yaml"}) {
    SCOPED_TRACE(name);
    const DynamicalMatrices matrices = judged(read_matrix_file(folder + name)).matrices;
    EXPECT_EQ(matrices.crystal.n_atoms(), 2);
    EXPECT_EQ(matrices.grid.size(), 8);
    ASSERT_TRUE(matrices.polar);
    std::vector<Eigen::Vector3d> points;
    for (const Eigen::Vector3d& q : cartesian) points.emplace_back(matrices.crystal.cell * q);
    // 1.3e-7 between the constants of phonopy and ours.
    test::expect_near(test::frequencies_as_phonopy(matrices, theirs.lambda, points), theirs.values, 1e-3);
  }
}

TEST(PhonopyFiles, OfOtherCalculatorsHaveTheirUnits) {
  const DynamicalMatrices matrices = test::polar_models()[5].matrices;
  const test::TemporaryFolder folder;
  const PhonopyCells cells = phonopy_cells(matrices);
  PhonopyCells in_bohr = cells;
  const UnitSet& units = units::codata2022;
  in_bohr.unit.cell /= units.bohr;
  in_bohr.unit.positions /= units.bohr;
  in_bohr.supercell.cell /= units.bohr;
  in_bohr.supercell.positions /= units.bohr;
  PhonopyForceConstants constants = to_phonopy(cells, matrices, false);
  for (Eigen::Matrix3d& element : constants.elements) element /= units.rydberg_per_bohr2();
  const std::string yaml = folder / "phonopy.yaml";
  write_phonopy_yaml(yaml, in_bohr, matrices.polar, constants, units);
  std::string text = replaced(text_of(yaml), "length: \"angstrom\"", "length: \"au\"");
  text = replaced(text, "\"eV/angstrom^2\"", "\"Ry/au^2\"");
  const std::size_t factor = text.find("unit_conversion_factor: ") + 24;
  text = text.substr(0, factor) + "2.000000" + text.substr(text.find('\n', factor));
  put_text(yaml, text);
  EXPECT_LT(difference(matrices, read_matrix_file(yaml).matrices), 1e-12);
  // The calculator alone says the same.
  const std::size_t unit = text.find("physical_unit:"), end = text.find("primitive_matrix");
  put_text(yaml, "phonopy:\n  calculator: qe\n\n" + text.substr(0, unit) + text.substr(end));
  EXPECT_LT(difference(matrices, read_matrix_file(yaml).matrices), 1e-12);
  // Contradictions are no matter of taste.
  put_text(yaml, replaced(text, "2.000000\n", "14.399652\n"));
  EXPECT_THROW(read_matrix_file(yaml), InputError);
  put_text(yaml, replaced(text, "Ry/au^2", "Ry/furlong^2"));
  EXPECT_THROW(read_matrix_file(yaml), InputError);
}

TEST(PhonopyFiles, AreWholeWhenTheirWriterIsKilled) {
  const test::TemporaryFolder folder;
  const DynamicalMatrices first = test::polar_models()[0].matrices;
  DynamicalMatrices second = first;
  for (Eigen::MatrixXcd& block : second.blocks) block *= 2;
  const std::string path = folder / "FORCE_CONSTANTS";
  const PhonopyCells cells = phonopy_cells(first);
  const auto write = [&](const DynamicalMatrices& matrices) {
    write_force_constants_text(path, to_phonopy(cells, matrices, true), 1);
  };
  test::kill_writers(
      "FORCE_CONSTANTS", [&] { write(first); }, [&] { write(second); },
      [&] {
        const double d = difference(first, from_phonopy(cells, read_force_constants_text(path, cells, 1), path));
        EXPECT_TRUE(d < 1e-9 || d > 1);
        return d > 1;
      });
}

TEST(PhonopyFiles, RefuseAFolderWithTheChargesOfAnother) {
  const test::TemporaryFolder folder;
  write_phonopy(test::polar_models()[0].matrices, folder.path());
  DynamicalMatrices plain = test::polar_models()[0].matrices;
  plain.polar.reset();
  EXPECT_THROW(write_phonopy(plain, folder.path()), InputError);
}

/// A good folder to be spoilt: NaCl, 3 x 2 x 1.
class PhonopyErrors : public testing::Test {
 protected:
  PhonopyErrors() { write_phonopy(test::polar_models()[1].matrices, folder_.path()); }
  std::string complaint(const std::string& name) const {
    try {
      read_matrix_file(folder_ / name);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  /// What is said when `name` holds `text`; the file is good again afterwards.
  void expect(const std::string& name, const std::string& text, const std::string& part) const {
    const std::string whole = text_of(folder_ / name);
    put_text(folder_ / name, text);
    EXPECT_NE(complaint(name).find(part), std::string::npos) << name << ": " << complaint(name);
    put_text(folder_ / name, whole);
  }
  std::string whole(const std::string& name) const { return text_of(folder_ / name); }
  test::TemporaryFolder folder_;
};

TEST_F(PhonopyErrors, NameLinesOfForceConstants) {
  const std::string name = "FORCE_CONSTANTS", text = whole(name);
  expect(name, text, "no error");
  expect(name, text.substr(0, text.find("1 2\n")),
         "FORCE_CONSTANTS:5: the file ends here, but the pair of atoms 1 2 should follow");
  expect(name, text.substr(0, text.find("1 2\n") + 4),
         "FORCE_CONSTANTS:6: the file ends here, but row 1 of pair 1 2 should follow");
  expect(name, replaced(text, "1 2\n", "2 1\n"), "FORCE_CONSTANTS:6: pair 2 1 where 1 2 is expected");
  expect(name, replaced(text, "\n7 1\n", "\n2 1\n"),
         "rows are numbered by the atoms of the supercell (for this one 1, 7)");
  expect(name, replaced(text, "   2   12", "   2   16"),
         "2 x 16 force constants, the supercell has 12 atoms and the primitive cell 2");
  const std::size_t number = text.find('\n', text.find("1 2\n")) + 1;
  expect(name, text.substr(0, number) + "                   NaN" + text.substr(number + 22),
         "FORCE_CONSTANTS:7:20: 'NaN' is not a finite number");
  expect(name, text.substr(0, number) + text.substr(number + 22), "row 1 of pair 1 2");
  expect(name, text + "1 1\n", "behind the last pair");
}

TEST_F(PhonopyErrors, NameLinesOfYaml) {
  const std::string name = "phonopy_params.yaml", text = whole(name);
  expect(name, text, "no error");
  expect(name, "- 1\n- 2\n", "no keys such as unit_cell");
  expect(name, replaced(text, "[   3,", "{   3,"), "phonopy_params.yaml:13: no YAML");
  expect(name, text.substr(0, text.find("# (2, 3)")), "where 24 are expected (3 x 3 force constants)");
  expect(name, replaced(text, "unit_cell:", "unit_sell:"), "'unit_cell' is missing");
  expect(name, replaced(text, "supercell_matrix:", "supersell_matrix:"), "'supercell_matrix' is missing");
  expect(name, replaced(text, "[   3,", "[   3.5,"),
         "phonopy_params.yaml:13: supercell_matrix must have whole numbers");
  expect(name, replaced(text, "shape: [ 2, 12 ]", "shape: [ 3, 12 ]"),
         "3 x 12 force constants, the supercell has 12 atoms");
  const std::size_t element = text.find("- [ ", text.find("# (1, 2)")) + 4;
  expect(name, text.substr(0, element) + ".nan" + text.substr(text.find(',', element)), "is not a finite number");
  // The charges of the unit cell, or of the supercell, instead of those of the primitive cell.
  const std::size_t second = text.find("  - # 2", text.find("nac:"));
  expect(name, text.substr(0, second) + text.substr(text.find("  dielectric_constant")),
         "1 Born charges for 2 atoms of the primitive cell");
  expect(name, replaced(text, "  force_constants: \"eV/angstrom^2\"\n", ""), "no error");
}

TEST_F(PhonopyErrors, NameLinesOfBorn) {
  const std::string yaml = whole("phonopy_params.yaml"), name = "BORN", text = whole(name);
  put_text(folder_ / "phonopy_params.yaml",
           yaml.substr(0, yaml.find("nac:")) + yaml.substr(yaml.find("force_constants:\n  format")));
  expect(name, text, "no error");
  std::istringstream stream(text);
  std::string factor, tensor, first, second;
  std::getline(stream, factor);
  std::getline(stream, tensor);
  std::getline(stream, first);
  std::getline(stream, second);
  expect(name, "any comment\n" + tensor + "\n" + first + "\n" + second + "\n", "no error");
  expect(name, factor + "\n" + tensor + "\n" + first + "\n",
         "BORN:3: the file ends here, but the Born charge of atom 2, number 2 of 2");
  expect(name, text + second + "\n", "BORN:5: a line behind the Born charges of the 2 independent atoms");
  expect(name, factor + "\n" + first.substr(0, 100) + "\n" + second + "\n" + second + "\n", "the dielectric tensor");
  // A charge that the cubic site forbids.
  expect(name, factor + "\n" + tensor + "\n" + first + "\n -1.1 0 0 0 -1.1 0 0 0.2 -1.1\n",
         "BORN: the Born effective charges of atom 2 (Cl) and of its image under ");
  expect(name, factor + "\n" + tensor + "\n" + first + "\n NaN 0 0 0 -1.1 0 0 0 -1.1\n",
         "BORN:4:2: 'NaN' is not a finite number");
  expect(name, factor + "\n 0.5 0 0 0 0.5 0 0 0 0.5\n" + first + "\n" + second + "\n", "eigenvalue");
}

TEST_F(PhonopyErrors, NameWhatIsMissing) {
  std::filesystem::remove(folder_ / "phonopy_params.yaml");
  EXPECT_NE(complaint("FORCE_CONSTANTS").find("no phonopy_params.yaml, phonopy.yaml or phonopy_disp.yaml"),
            std::string::npos);
  EXPECT_NE(complaint("force_constants.hdf5").find("one of them is needed"), std::string::npos);
  put_text(folder_ / "phonopy.yaml.xz", "\x1f\x8b");
  EXPECT_NE(complaint("phonopy.yaml.xz").find("unpack it first (gunzip -k"), std::string::npos);
}

TEST_F(PhonopyErrors, NameSitesOfMixedSpecies) {
  const std::string name = "phonopy_params.yaml", text = whole(name);
  expect(name, text + "site_mixture_scheme: vca\n",
         "sites of mixed species (site_mixture_scheme) are not supported: give an ordered structure");
  expect(name, "phonopy:\n  site_mixture_scheme: vca\n" + text, "sites of mixed species");
}

/// Every text file of a calculation, compressed; a damaged one is named.
TEST_F(PhonopyErrors, AreNoneForFilesPackedByXz) {
  if (std::system("xz --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no xz: install xz-utils";
  const DynamicalMatrices plain = read_matrix_file(folder_.path()).matrices;
  for (const std::string name : {"FORCE_CONSTANTS", "BORN", "phonopy_params.yaml"}) {
    ASSERT_EQ(std::system(("xz '" + (folder_ / name) + "'").c_str()), 0);
  }
  std::filesystem::remove(folder_ / "force_constants.hdf5");
  for (const std::string path : {"", "FORCE_CONSTANTS.xz", "BORN.xz", "phonopy_params.yaml.xz"}) {
    EXPECT_EQ(difference(plain, read_matrix_file(folder_ / path).matrices), 0) << path;
  }
  const std::string packed = whole("phonopy_params.yaml.xz");
  expect("phonopy_params.yaml.xz", packed.substr(0, packed.size() / 2),
         "phonopy_params.yaml.xz: the compressed file is cut or damaged");
  std::string flipped = packed;
  flipped[packed.size() / 2] ^= 64;
  expect("phonopy_params.yaml.xz", flipped, "cut or damaged");
}

TEST_F(PhonopyErrors, NameAnHdf5FileOfAnotherCalculation) {
  const test::TemporaryFolder other;
  write_phonopy(test::polar_models()[0].matrices, other.path());
  std::filesystem::copy_file(other / "force_constants.hdf5", folder_ / "force_constants.hdf5",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(complaint("force_constants.hdf5").find("'force_constants' is 2 x 16 x 3 x 3, for 12 atoms"),
            std::string::npos);
  put_text(folder_ / "force_constants.hdf5", text_of(other / "force_constants.hdf5").substr(0, 2000));
  EXPECT_NE(complaint("force_constants.hdf5"), "no error");

  const DynamicalMatrices matrices = test::polar_models()[1].matrices;
  PhonopyCells cells = phonopy_cells(matrices);
  PhonopyForceConstants constants = to_phonopy(cells, matrices, false);
  write_force_constants_hdf5(folder_ / "force_constants.hdf5", constants, cells);
  EXPECT_EQ(complaint("force_constants.hdf5"), "no error");
  constants.elements[13](0, 2) = std::nan("");
  write_force_constants_hdf5(folder_ / "force_constants.hdf5", constants, cells);
  EXPECT_NE(complaint("force_constants.hdf5").find("holds NaN or infinity between atoms 7 and 2"), std::string::npos)
      << complaint("force_constants.hdf5");
  cells.p2s = {0, 1};
  write_force_constants_hdf5(folder_ / "force_constants.hdf5", constants, cells);
  EXPECT_NE(complaint("force_constants.hdf5").find("p2s_map takes primitive atom 2 for another atom"),
            std::string::npos);
  // The free space of a heap of strings, of size zero: libhdf5 would look for its end for ever.
  write_force_constants_hdf5(folder_ / "force_constants.hdf5", to_phonopy(phonopy_cells(matrices), matrices, false),
                             phonopy_cells(matrices));
  std::string bytes = whole("force_constants.hdf5");
  const std::size_t heap = bytes.find("GCOL");
  ASSERT_NE(heap, std::string::npos);
  std::size_t at = heap + 16;
  while (bytes[at] != 0 || bytes[at + 1] != 0)
    at += 16 + (static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + 8])) + 7) / 8 * 8;
  for (std::size_t i = 8; i < 16; ++i) bytes[at + i] = 0;
  put_text(folder_ / "force_constants.hdf5", bytes);
  EXPECT_NE(complaint("force_constants.hdf5").find("the file is damaged (the strings at byte"), std::string::npos);
  Hdf5File strange = Hdf5File::create(folder_ / "force_constants.hdf5", {.filetype = "x"});
  strange.write("frequencies", Eigen::Vector3d(1, 2, 3), "", "i");
  strange.close();
  EXPECT_NE(complaint("force_constants.hdf5"), "no error");
}

TEST_F(PhonopyErrors, AreNoneForWindowsLineEnds) {
  for (const std::string name : {"FORCE_CONSTANTS", "BORN", "phonopy_params.yaml"}) {
    std::string text;
    for (const char c : whole(name)) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
    expect(name, text, "no error");
  }
}

}  // namespace
}  // namespace zeropoint::phonons
