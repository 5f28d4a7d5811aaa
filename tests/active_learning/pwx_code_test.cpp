#include "active_learning/pwx_code.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "active_learning/digest.hpp"
#include "active_learning/harvest.hpp"
#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/pwx_input.hpp"
#include "files/structure_file.hpp"
#include "tests/support/output_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::active_learning {
namespace {

using test::all_replaced;
using test::data_text;
using test::first_lines;
using test::replaced;
using test::without_line;

/// An input with pseudopotentials beside it (their contents do not matter), and an output of pw.x 6.7 that tells their
/// check sums.
struct Template {
  test::TemporaryFolder folder;
  std::string path = folder / "scf.in", text = data_text("pwx/scf.in"), good = data_text("pwx/scf.out");

  Template() {
    write_file(path, text);
    for (const char* name : {"Li_ONCV_PBE_sr.upf", "H_ONCV_PBE_sr.upf"})
      write_file(folder / (std::string("pseudo/") + name), name);
    good = replaced(good, "50ff420e78310ffa21704f3361e624a4", md5("Li_ONCV_PBE_sr.upf"));
    good = replaced(good, "31ee981bebb029a36324f200b357dac4", md5("H_ONCV_PBE_sr.upf"));
    write_file(folder / "good.out", good);
  }
  Crystal crystal() const { return read_structure(folder / "good.out"); }
  PwxCode code() const {
    return PwxCode({.kind = "pwx", .template_path = path, .command = ""}, Supercell(crystal(), {1, 1, 1}));
  }
  std::string refusal(const std::string& output) const {
    write_file(folder / "task/out", output);
    const JudgedOutput judged = judge_output(code(), crystal(), folder / "task", "out", true);
    return judged.label ? "accepted" : judged.reason;
  }
};

TEST(PwxCode, WritesInputsThatDifferInNumericsAlone) {
  const Template given;
  const PwxCode code = given.code();
  const Crystal crystal = given.crystal();
  const std::string first = code.inputs(crystal, "x", 1).front().content,
                    second = code.inputs(crystal, "x", 2).front().content,
                    third = code.inputs(crystal, "x", 3).front().content;
  EXPECT_NE(first.find("mixing_beta = 0.4\n"), std::string::npos);
  EXPECT_NE(second.find("mixing_beta = 0.2\n"), std::string::npos);
  EXPECT_NE(second.find("diagonalization = 'cg'"), std::string::npos);
  EXPECT_NE(third.find("mixing_mode = 'local-TF'"), std::string::npos);
  for (const std::string& text : {first, second, third}) {
    EXPECT_NE(text.find("disk_io = 'none'"), std::string::npos);
    write_file(given.folder / "again.in", text);
    EXPECT_EQ(PwxInput(given.folder / "again.in")
                  .method({"mixing_beta", "mixing_mode", "diagonalization", "electron_maxstep", "prefix"}, {}),
              PwxInput(given.folder / "again.in")
                  .with("control", "prefix", "'y'")
                  .method({"mixing_beta", "mixing_mode", "diagonalization", "electron_maxstep", "prefix"}, {}));
  }
}

TEST(PwxCode, HasAnotherMethodWhereEnergiesDiffer) {
  const Template given;
  const std::string method = given.code().method();
  for (const auto& [from, to] : {std::pair{"ecutwfc = 20", "ecutwfc = 21"},
                                 {"degauss = 0.02", "degauss = 0.01"},
                                 {"1 2 2 0 0 0", "2 2 2 0 0 0"}}) {
    write_file(given.path, replaced(given.text, from, to));
    EXPECT_NE(given.code().method(), method) << to;
  }
  for (const auto& [from, to] : {std::pair{"mixing_beta = 0.4", "mixing_beta = 0.3"},
                                 {"outdir = './out'", "outdir = '/tmp'"},
                                 {"ecutwfc = 20", "ECUTWFC=20"}}) {
    write_file(given.path, replaced(given.text, from, to));
    EXPECT_EQ(given.code().method(), method) << to;
  }
  write_file(given.path, given.text);
  write_file(given.folder / "pseudo/Li_ONCV_PBE_sr.upf", "another one");
  EXPECT_NE(given.code().method(), method);
}

TEST(PwxCode, RefusesTemplatesWithTheLineToWrite) {
  const Template given;
  for (const auto& [from, to, says] :
       {std::tuple{"  tprnfor = .true.\n", "", "tprnfor = .true."},
        {"  tstress = .true.\n", "", "tstress = .true."},
        {"conv_thr = 4e-10", "conv_thr = 1e-6", "conv_thr = 4.0e-10"},
        {"  conv_thr = 4e-10\n", "", "conv_thr = 4.0e-10"},
        {"'scf'", "'relax'", "'scf'"},
        {"  pseudo_dir = './pseudo'\n", "", "pseudo_dir"},
        {"./pseudo", "./elsewhere", "Li_ONCV_PBE_sr.upf"},
        {"conv_thr = 4e-10", "conv_thr = 4e-10\n  scf_must_converge = .false.", "scf_must_converge"}}) {
    write_file(given.path, replaced(given.text, from, to));
    try {
      given.code();
      ADD_FAILURE() << says;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
    }
  }
}

// A2, the part that needs no pw.x: one good output, and what may be wrong with it.
TEST(PwxCode, AcceptsNoFaultyOutput) {
  const Template given;
  const std::string& good = given.good;
  EXPECT_EQ(given.refusal(good), "accepted");
  EXPECT_EQ(given.refusal(data_text("pwx/unconverged.out") + good), "accepted");  // the last run counts
  const std::string energy = test::line_with(good, "!    total energy"),
                    force = test::line_with(good, "atom    2 type  1   force"),
                    done = test::line_with(good, "JOB DONE.");
  std::vector<std::string> faulty{
      "",
      "pw.x: command not found\n",
      data_text("pwx/error_box.out"),
      data_text("pwx/must_not_converge.out"),
      data_text("pwx/relax.out"),
      data_text("pwx/unconverged.out"),
      data_text("pwx/verbose.out"),
      good + data_text("pwx/unconverged.out"),
      good + good.substr(0, good.size() / 2),
      without_line(good, "JOB DONE."),
      without_line(good, "!    total energy"),
      without_line(good, "convergence has been achieved"),
      without_line(good, "atom    2 type  1   force"),
      without_line(good, "Total force"),
      without_line(good, "total   stress"),
      without_line(good, "tau(   3)"),
      without_line(good, "MD5 check sum: " + md5("H_ONCV_PBE_sr.upf")),
      without_line(good, "Forces acting on atoms"),
      without_line(good, "number of atoms/cell"),
      without_line(good, "crystal axes"),
      replaced(good, done, done + done),
      replaced(good, energy, energy + energy),
      replaced(good, energy, "!    total energy              =  *************** Ry\n"),
      replaced(good, energy, "!    total energy              =              NaN Ry\n"),
      replaced(good, force, "     atom    2 type  1   force =  ************    0.00000000    0.00000000\n"),
      replaced(good, force, "     atom    2 type  1   force =      9.00000000    0.00000000    0.00000000\n"),
      replaced(good, force, "     atom    2 type  1   force =      0.00000000    0.0000\n"),
      replaced(good, "tau(   4) = (   0.0003162", "tau(   4) = (   0.0004162"),
      replaced(good, "         3           H   tau", "         3           Li  tau"),
      replaced(good, "kinetic-energy cutoff     =      20.0000  Ry", "kinetic-energy cutoff     =      25.0000  Ry"),
      replaced(good, "number of k points=     4", "number of k points=    40"),
      replaced(good, md5("H_ONCV_PBE_sr.upf"), md5("another")),
      replaced(good, md5("Li_ONCV_PBE_sr.upf"), md5("another")),
      replaced(good, "convergence has been achieved",
               "convergence NOT achieved after   9 iterations: stopping\n     convergence has been achieved"),
      replaced(good, done, "     Maximum CPU time exceeded\n" + done),
      replaced(good, done, "     Program stopped by user request\n" + done),
      replaced(good, done, " %%%%%%%%%%%%%%%%%%\n     Error in routine cdiaghg (3)\n %%%%%%%%%%%%%%%%%%\n" + done),
      all_replaced(good, "Ry/au", "Ha/au"),
      all_replaced(good, "celldm(1)=   7.3", "celldm(1)=   7.4"),
  };
  for (const std::string& text : faulty) EXPECT_NE(given.refusal(text), "accepted") << test::first_lines(text, 5);
  EXPECT_GE(faulty.size(), 39U);
  const int n = test::n_lines(good);
  const int last = test::n_lines(good.substr(0, good.find("JOB DONE.")));
  for (int k = 0; k < n; k += k < 110 ? 10 : 1) {
    if (k <= last) {
      EXPECT_NE(given.refusal(first_lines(good, k)), "accepted") << k;
    }
  }
}

}  // namespace
}  // namespace zeropoint::active_learning
