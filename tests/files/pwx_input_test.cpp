// Templates of pw.x: the structure is replaced, everything else stays, and what cannot work is refused.
#include "files/pwx_input.hpp"

#include <gtest/gtest.h>

#include "core/atomic_file.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint {
namespace {

const char* const good = R"(! a comment
&CONTROL
  calculation='scf' , prefix = 'lih', tprnfor=.TRUE., tstress=.t.  ! more
  pseudo_dir = '../pseudo', title = 'a, b = c ! d'
/
&system
  ibrav = 2, celldm(1) = 7.5, nat = 2, ntyp = 2
  ecutwfc = 75, starting_magnetization(1) = 0.1 /
&electrons
  conv_thr = 1d-9
/
ATOMIC_SPECIES
Li 6.94   Li.upf
H  1.008  H.upf
ATOMIC_POSITIONS {crystal}
Li 0 0 0
H  0.5 0.5 0.5
K_POINTS (automatic)
6 4 2 1 1 0
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class PwxInputTest : public ::testing::Test {
 protected:
  PwxInput read(const std::string& text) {
    write_file((folder_ / "inputs/scf.in"), text);
    return PwxInput{(folder_ / "inputs/scf.in")};
  }
  test::TemporaryFolder folder_;
};

Crystal hydride() {
  return {Eigen::Matrix3d::Identity() * 4 + Eigen::Matrix3d::Constant(1.0 / 3),
          Vectors::Constant(2, 3, -1.0 / 7),
          {"H", "Li"},
          Eigen::Vector2d{1, 7}};
}

TEST_F(PwxInputTest, KeepsEverythingButTheStructure) {
  const PwxInput input = read(good);
  EXPECT_EQ(input.n_atoms(), 2);
  EXPECT_EQ(input.species(), (std::vector<std::string>{"Li", "H"}));
  const std::string text = input.text(hydride(), KMesh{{3, 2, 1}, {1, 1, 0}}, "0007", (folder_ / "population/pwx"));
  for (const char* kept :
       {"prefix = 'lih_0007'", "pseudo_dir = '../../pseudo'", "title = 'a, b = c ! d'", "ibrav = 0", "nat = 2",
        "ntyp = 2", "starting_magnetization(1) = 0.1", "conv_thr = 1d-9", "Li 6.94   Li.upf\nH  1.008  H.upf\n",
        "K_POINTS automatic\n3 2 1 1 1 0\n", "CELL_PARAMETERS angstrom\n    4.33333333333333    0.33333333333333",
        "ATOMIC_POSITIONS angstrom\nH      -0.14285714285714"}) {
    EXPECT_NE(text.find(kept), std::string::npos) << kept << " is not in\n" << text;
  }
  for (const char* gone : {"celldm", "ibrav = 2", "crystal", "6 4 2"})
    EXPECT_EQ(text.find(gone), std::string::npos) << gone;
  EXPECT_NE(input.text(hydride(), {}, "1", (folder_ / "x")).find("K_POINTS (automatic)\n6 4 2 1 1 0\n"),
            std::string::npos);
  // What was written is a template again; only the prefix changes.
  write_file((folder_ / "population/pwx/1.in"), text);
  const PwxInput again{(folder_ / "population/pwx/1.in")};
  const std::string second = again.text(hydride(), again.k_mesh(), "x", (folder_ / "population/pwx"));
  const auto without_prefix = [](std::string t) {
    const std::size_t at = t.find("  prefix");
    return t.erase(at, t.find('\n', at) - at);
  };
  EXPECT_EQ(without_prefix(second), without_prefix(text));
}

TEST_F(PwxInputTest, DividesTheMeshOfTheUnitCellOntoTheSupercell) {
  const KMesh mesh = read(good).divided_mesh({3, 2, 2});
  EXPECT_EQ(mesh.divisions, (std::array{2, 2, 1}));
  EXPECT_EQ(mesh.shifts, (std::array{1, 1, 0}));
  EXPECT_COMPLAINT(read(good).divided_mesh({4, 1, 1}), "6 k points along axis 1 are not a multiple of the 4 cells");
  EXPECT_COMPLAINT(read(with("(automatic)", "gamma")).divided_mesh({2, 2, 2}), "Give k_points = ");
}

TEST_F(PwxInputTest, RefusesWhatWouldNotGiveLabels) {
  const std::pair<std::string, const char*> faults[] = {
      {with("'scf'", "'vc-relax'"), "calculation = 'vc-relax'"},
      {with("tprnfor=.TRUE.", "tprnfor=.false."), "does not print forces"},
      {with(", tstress=.t.", ""), "does not print the stress"},
      {with("ecutwfc = 75, ", ""), "ecutwfc is missing"},
      {with("&electrons\n  conv_thr = 1d-9\n/\n", ""), "namelist &electrons is missing"},
      {with("conv_thr = 1d-9\n", "scf_must_converge = .false.\n"), "scf_must_converge"},
      {with("6 4 2 1 1 0", "6 4 2 1 1"), "six integers"},
      {with("6 4 2 1 1 0", "6 4 2 1 1 2"), "six integers"},
      {with("H  1.008  H.upf", "H 1.008"), "ATOMIC_SPECIES"},
      {with("ATOMIC_SPECIES\nLi 6.94   Li.upf\nH  1.008  H.upf\n", ""), "card ATOMIC_SPECIES is missing"},
      {std::string(good).substr(0, std::string(good).find("/\n&system")), "does not end"},
      {"", "namelist &control is missing"},
      {"#!/bin/bash\nmpirun pw.x\n", "neither a namelist nor a card"},
      {with("conv_thr = 1d-9", "conv_thr 1d-9"), "no 'name = value'"},
  };
  for (const auto& [text, reason] : faults) EXPECT_COMPLAINT(read(text), reason);
  Crystal other = hydride();
  other.species = {"H", "Na"};
  EXPECT_COMPLAINT(read(good).text(other, {}, "1", (folder_ / "x")), "no 'Na' (it has Li, H)");
}

}  // namespace
}  // namespace zeropoint
