// What is wrong with training data is told, with file and frame: one row for each way in which a file can be bad.
#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/units.hpp"
#include "files/deepmd_npy.hpp"
#include "files/extxyz_frames.hpp"
#include "files/labelled_formats.hpp"
#include "files/npy.hpp"
#include "tests/mlp/toy_labels.hpp"
#include "tests/support/output_text.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/commands/training_input.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using Structures = std::vector<LabelledStructure>;
using test::data_text;
using test::replaced;

/// Displaced and strained copies of one structure of eight atoms, labels of a smooth pair potential.
Structures copies(int count, double strain = 0.02) {
  const test::RandomStructure reference = test::random_structure(51, 8, 2);
  std::mt19937 generator{9};
  std::normal_distribution<double> normal;
  Structures set;
  for (int k = 0; k < count; ++k) {
    test::RandomStructure moved = reference;
    for (Eigen::Index i = 0; i < moved.positions.size(); ++i) moved.positions.data()[i] += 0.05 * normal(generator);
    Eigen::Matrix3d map = Eigen::Matrix3d::Identity();
    for (Eigen::Index i = 0; i < 9; ++i) map.data()[i] += strain * normal(generator);
    moved.cell = moved.cell * map;
    moved.positions = moved.positions * map;
    set.push_back(test::toy_label(moved));
  }
  return set;
}

/// `count` copies with something done to each.
Structures changed(const std::function<void(LabelledStructure&)>& change, int count = 40, double strain = 0) {
  Structures set = copies(count, strain);
  for (LabelledStructure& structure : set) change(structure);
  return set;
}

std::string extxyz(const Structures& set) {
  const test::TemporaryFolder folder;
  write_labelled_structures(set, folder / "x");
  return read_file(folder / "x");
}

/// Line `n` (from 1) of `text` through `change`.
std::string with_line(const std::string& text, int n, const std::function<std::string(std::string)>& change) {
  std::string result;
  int line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1);
    const std::string here = text.substr(at, end - at);
    result += (++line == n ? change(here) : here) + '\n';
    at = end + 1;
  }
  return result;
}

void write_npy_row(const fs::path& path, const std::vector<double>& values, std::int64_t rows) {
  write_npy(path.string(), at::from_blob(const_cast<double*>(values.data()),
                                         {rows, static_cast<std::int64_t>(values.size()) / rows}, at::kDouble));
}

struct BadFile {
  const char* name;
  std::function<void(const fs::path&)> write;  ///< into a folder of its own
  std::size_t accepted;                        ///< structures that are used nevertheless
  std::vector<std::string> said;               ///< in the warnings and the error
  const char* pattern = "*";
};

BadFile text_file(const char* name, const std::string& text, std::size_t accepted, std::vector<std::string> said,
                  const char* file = "data.txt") {
  return {name, [=](const fs::path& folder) { write_file((folder / file).string(), text); }, accepted, std::move(said)};
}

/// A set whose frames are read but do not fit together.
BadFile whole_set(const char* name, const Structures& set, std::vector<std::string> said) {
  return {name, [set](const fs::path& folder) { write_labelled_structures(set, (folder / "set.extxyz").string()); },
          set.size(), std::move(said)};
}

BadFile deepmd(const char* name, const std::function<void(const fs::path&)>& spoil, std::size_t accepted,
               std::vector<std::string> said) {
  return {name,
          [spoil](const fs::path& folder) {
            write_deepmd(copies(3), (folder / "system").string());
            spoil(folder / "system");
          },
          accepted, std::move(said)};
}

std::vector<BadFile> extxyz_files() {
  const Structures three = copies(3);
  const std::string good = extxyz(three);
  const std::string one = extxyz({three[0]});
  const auto first_key = [&](const std::string& from, const std::string& to) { return replaced(good, from, to); };
  const auto last_word = [](std::string line, const std::string& word) {
    return line.substr(0, line.rfind(' ') + 1) + word;
  };
  Structures net = three, far = three, near = three, flat = three, crooked = three;
  net[1].forces(0, 0) += 5;
  far[1].forces.row(0) << 60, 0, 0;
  far[1].forces.row(1) -= far[1].forces.row(0);
  near[2].positions.row(3) = near[2].positions.row(4) + Eigen::RowVector3d(0.1, 0, 0);
  flat[0].cell.row(2) = flat[0].cell.row(1);
  (*crooked[0].stress)(0, 1) += 0.1;
  const auto crystal_coordinates =
      changed([](LabelledStructure& s) { s.positions = s.positions * s.cell.inverse(); }, 1);
  return {
      text_file("cut between frames' atoms", good.substr(0, good.size() - 150), 2, {"frame 3: refused"}),
      text_file("cut inside of the last number", good.substr(0, good.size() - 1), 2, {"frame 3: refused", "no end"}),
      text_file("a force that is not a number",
                with_line(good, 14, [&](std::string line) { return last_word(line, "nan"); }), 2,
                {"frame 2: refused: line 14", "not a finite number"}),
      text_file("a field of stars", with_line(good, 14, [&](std::string line) { return last_word(line, "*****"); }), 2,
                {"line 14", "did not fit"}),
      text_file("no forces", first_key(":forces:R:3", ":momenta:R:3"), 2, {"frame 1: refused", "no forces"}),
      text_file("no energy", first_key(" energy=", " entropy="), 2, {"frame 1: refused", "no energy="}),
      text_file("no cell", first_key("Lattice=", "Cell="), 2, {"frame 1: refused", "the cell is not known"}),
      text_file("a slab", first_key("pbc=\"T T T\"", "pbc=\"T T F\""), 2, {"frame 1: refused", "not periodic"}),
      text_file("more atoms announced than there are", with_line(one, 1, [](std::string) { return "9"; }), 0,
                {"frame 1: refused", "atom 9 of 9"}),
      text_file("fewer atoms announced than there are", with_line(good, 1, [](std::string) { return "7"; }), 2,
                {"frame 1: refused", "more rows than the 7"}),
      text_file("a column too many", with_line(good, 3, [](std::string line) { return line + " 1.0"; }), 2,
                {"frame 1: refused", "8 columns, 7 expected"}),
      text_file("a stress of four numbers", first_key("stress=\"", "stress=\"1 2 3 4\" old=\""), 2,
                {"frame 1: refused", "9 numbers"}),
      text_file("a virial of the wrong sign beside the stress",
                first_key(" stress=", " virial=\"9 0 0 0 9 0 0 0 9\" stress="), 2,
                {"frame 1: refused", "stress and virial disagree"}),
      text_file("net force", extxyz(net), 2, {"frame 2: refused", "do not add up to zero"}),
      text_file("an enormous force", extxyz(far), 2, {"frame 2: refused", "60 eV/angstrom"}),
      text_file("atoms on top of each other", extxyz(near), 2,
                {"frame 3: refused", "atoms 4 and 5 are 0.1 angstrom apart"}),
      text_file("crystal coordinates", extxyz(crystal_coordinates), 0, {"frame 1: refused", "crystal coordinates"}),
      text_file("a flat cell", extxyz(flat), 2, {"frame 1: refused", "volume of 0"}),
      text_file("a crooked stress", extxyz(crooked), 2, {"frame 1: refused", "not symmetric"}),
  };
}

std::vector<BadFile> sets_of_wrong_units() {
  const double bohr = units::codata2022.bohr, rydberg = units::codata2022.rydberg;
  const auto force = [](double factor) { return changed([=](LabelledStructure& s) { s.forces *= factor; }); };
  const auto energy = [](double factor) { return changed([=](LabelledStructure& s) { s.energy *= factor; }); };
  Structures twice = copies(4), other = copies(4), swapped = copies(4), mixed = test::toy_set(100, 6);
  twice.push_back(twice[1]);
  other.push_back(other[2]);
  other.back().energy += 0.1;
  for (std::string& species : swapped[3].species) species = species == "Na" ? "Cl" : "Na";
  return {
      whole_set("forces in Ry/bohr", force(bohr / rydberg), {"set.extxyz", "Ry/bohr where eV/angstrom"}),
      whole_set("forces in Ry/angstrom", force(1 / rydberg), {"set.extxyz", "Ry/angstrom where eV/angstrom"}),
      whole_set("Ry/angstrom read as Ry/bohr", force(1 / bohr), {"set.extxyz", "angstrom/bohr"}),
      whole_set("forces in Ha/bohr", force(bohr / rydberg / 2), {"set.extxyz", "Ha/bohr"}),
      whole_set("energies in Ry", energy(1 / rydberg), {"set.extxyz", "energies in Ry"}),
      whole_set("energies in Ha", energy(0.5 / rydberg), {"set.extxyz", "energies in Ha"}),
      whole_set("energies of single atoms", energy(1.0 / 8), {"set.extxyz", "single atoms"}),
      whole_set("gradients instead of forces", force(-1), {"set.extxyz", "gradients"}),
      whole_set("a turned stress", changed([](LabelledStructure& s) { *s.stress *= -1; }, 60, 0.02),
                {"set.extxyz", "sign is turned"}),
      whole_set("a structure twice", twice, {"set.extxyz, frame 5 repeats", "set.extxyz, frame 2"}),
      whole_set("a structure with two labels", other,
                {"set.extxyz, frame 3 and", "set.extxyz, frame 5 have", "12.5 meV/atom apart"}),
      whole_set("swapped species", swapped,
                {"set.extxyz, frame 4 has its atoms where those of", "Cl and Na are exchanged"}),
      whole_set("mixed cells and compositions are no fault", mixed, {}),
  };
}

std::vector<BadFile> deepmd_folders() {
  const auto remove = [](const char* name) { return [name](const fs::path& folder) { fs::remove(folder / name); }; };
  return {
      deepmd("DeePMD without forces", remove("set.000/force.npy"), 0, {"system: refused", "force.npy is missing"}),
      deepmd("DeePMD without names", remove("type_map.raw"), 0, {"system: refused", "type_map.raw is missing"}),
      deepmd("DeePMD without frames", [](const fs::path& f) { fs::remove_all(f / "set.000"); }, 0,
             {"system: refused", "no folder set.000"}),
      deepmd("DeePMD without stress is no fault", remove("set.000/virial.npy"), 3, {}),
      deepmd("a type_map that is too short",
             [](const fs::path& f) { write_file((f / "type_map.raw").string(), "Na\n"); }, 0,
             {"frame 1: refused", "type 1 is not one of the 1 names"}),
      deepmd("a type_map in another order beside a right one",
             [](const fs::path& f) {
               write_deepmd(copies(2), (f / "../other").string());
               const std::string map = read_file((f / "type_map.raw").string());
               write_file((f / "type_map.raw").string(), map == "Na\nCl\n" ? "Cl\nNa\n" : "Na\nCl\n");
             },
             5, {"are exchanged", "type_map"}),
      deepmd("an atom missing in type.raw",
             [](const fs::path& f) { write_file((f / "type.raw").string(), "0 0 1 1 0 1 0"); }, 0,
             {"coord.npy", "21 expected"}),
      deepmd("fewer energies than frames",
             [](const fs::path& f) { write_npy_row(f / "set.000/energy.npy", {-1, -2}, 2); }, 0,
             {"energy.npy: 2 frames"}),
      deepmd("an array cut short", [](const fs::path& f) { fs::resize_file(f / "set.000/force.npy", 300); }, 0,
             {"force.npy"}),
      deepmd("text called npy",
             [](const fs::path& f) { write_file((f / "set.000/box.npy").string(), "1 0 0 0 1 0 0 0 1\n"); }, 0,
             {"box.npy"}),
      deepmd("a molecule", [](const fs::path& f) { write_file((f / "nopbc").string(), ""); }, 0, {"not periodic"}),
      deepmd("an infinite energy",
             [](const fs::path& f) {
               write_npy_row(f / "set.000/energy.npy", {-1, std::numeric_limits<double>::infinity(), -3}, 3);
             },
             2, {"frame 2: refused", "the energy is not finite"}),
  };
}

std::vector<BadFile> outputs_of_programs() {
  const std::string scf = data_text("pwx/scf.out"), xml = data_text("pwx/scf.xml"),
                    outcar = data_text("vasp/OUTCAR_6.3.2");
  return {
      text_file("an empty file", "", 0, {"data.txt: refused", "empty"}),
      text_file("blanks", " \n\n", 0, {"data.txt: refused", "empty"}),
      text_file("a disk that failed", scf.substr(0, 900) + std::string(50, '\0'), 0,
                {"data.txt: refused", "zero byte"}),
      text_file("another program", "BFGS converged\n", 0, {"data.txt: refused", "no known format"}),
      text_file("pw.x was killed", scf.substr(0, scf.size() / 2), 0, {"data.txt: refused"}),
      text_file("pw.x did not converge", data_text("pwx/unconverged.out"), 0, {"data.txt: refused", "not"}),
      text_file("pw.x was told not to care", data_text("pwx/must_not_converge.out"), 0, {"data.txt: refused"}),
      text_file("pw.x stopped with an error", data_text("pwx/error_box.out"), 0, {"data.txt: refused"}),
      text_file("pw.x relaxed", data_text("pwx/relax.out"), 0, {"data.txt: refused"}),
      text_file("pw.x XML that is cut", xml.substr(0, xml.size() / 2), 0, {"data.txt: refused"}),
      text_file("OUTCAR of a run that was killed", outcar.substr(0, outcar.size() / 2), 0, {"data.txt: refused"}),
      text_file("JSON that is cut", "[{\"structure\": {\"lattice\": ", 0, {"data.txt: refused", "cut"}),
      text_file("xsf without energy", "CRYSTAL\nPRIMVEC\n4 0 0\n0 4 0\n0 0 4\nPRIMCOORD\n1 1\nPo 0 0 0 0 0 0\n", 0,
                {"data.txt: refused", "total energy"}, "data.txt"),
      text_file("xsf without forces",
                "# total energy = -1 eV\nCRYSTAL\nPRIMVEC\n4 0 0\n0 4 0\n0 0 4\nPRIMCOORD\n1 1\nPo 0 0 0\n", 0,
                {"data.txt: refused: line 9", "no force"}),
      text_file("xsf of a molecule", "# total energy = -1 eV\nATOMS\nPo 0 0 0 0 0 0\n", 0,
                {"data.txt: refused: line 2", "not periodic"}),
      {"a folder of something else",
       [](const fs::path& folder) { write_file((folder / "sub/notes.txt").string(), "x"); },
       0,
       {"sub", "without anything that can be trained on"}},
  };
}

class BadDataCorpus : public testing::TestWithParam<std::vector<BadFile> (*)()> {};

TEST_P(BadDataCorpus, IsRefusedOrTold) {
  for (const BadFile& bad : GetParam()()) {
    SCOPED_TRACE(bad.name);
    const test::TemporaryFolder folder;
    bad.write(folder.path());
    std::size_t accepted = 0;
    std::string error;
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    try {
      Console console{{.quiet = true}};
      for (const LabelledSet& set : read_sets({folder / bad.pattern}, "data.train", {}, units::codata2022, console))
        accepted += set.structures.size();
    } catch (const Error& thrown) {
      error = thrown.what();
    }
    testing::internal::GetCapturedStdout();
    const std::string said = testing::internal::GetCapturedStderr() + error;
    EXPECT_EQ(accepted, bad.accepted) << said;
    EXPECT_EQ(said.empty(), bad.said.empty()) << said;
    for (const std::string& piece : bad.said)
      EXPECT_NE(said.find(piece), std::string::npos) << "'" << piece << "' is not in: " << said;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, BadDataCorpus,
                         testing::Values(extxyz_files, sets_of_wrong_units, deepmd_folders, outputs_of_programs));

TEST(BadData, HasMoreThanFiftyFiles) {
  EXPECT_GT(
      extxyz_files().size() + sets_of_wrong_units().size() + deepmd_folders().size() + outputs_of_programs().size(),
      50u);
}

/// NumPy writes arrays that are transposed views in Fortran's order.
TEST(BadData, FortranOrderIsReadAsItIsMeant) {
  const test::TemporaryFolder folder;
  const Structures set = copies(3);
  write_deepmd(set, folder / "system");
  std::string header = "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 24), }";
  header.append(117 - header.size(), ' ');
  header += '\n';
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header;
  for (int k = 0; k < 24; ++k) {
    for (int frame = 0; frame < 3; ++frame) {
      const double value = set[frame].forces.data()[k];
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
  write_file(folder / "system/set.000/force.npy", bytes);
  const LabelledStructures read = read_labelled_structures(folder / "system");
  ASSERT_EQ(read.accepted.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(read.accepted[i].forces, set[i].forces);
}

}  // namespace
}  // namespace zeropoint
