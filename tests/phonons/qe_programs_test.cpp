#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/error.hpp"
#include "core/text_scanner.hpp"
#include "phonons/qe_dyn.hpp"
#include "tests/phonons/dyn_text.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

bool in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (std::filesystem::exists(folder + "/" + program)) return true;
  }
  return false;
}

/// Frequencies that the real q2r.x and matdyn.x find at the points of the grid, cm^-1, [n_q] x [3n].
std::vector<std::vector<double>> frequencies_of_matdyn(const test::TemporaryFolder& folder, const QGrid& grid) {
  test::put_text(folder / "q2r.in", "&input\n fildyn='x.dyn', zasr='no', flfrc='x.fc'\n/\n");
  std::string input =
      "&input\n asr='no', flfrc='x.fc', flfrq='x.freq', fldyn='x.dynout', q_in_cryst_coord=.true.\n/\n" +
      std::to_string(grid.size()) + "\n";
  for (const Eigen::Vector3d& q : grid.points()) input += fmt::format("{:.12f} {:.12f} {:.12f}\n", q[0], q[1], q[2]);
  test::put_text(folder / "matdyn.in", input);
  for (const std::string program : {"q2r", "matdyn"}) {
    const std::string command = "cd '" + folder.path() + "' && OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 " +
                                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 timeout 120 " + program + ".x < " + program +
                                ".in > " + program + ".out 2>&1";
    if (std::system(command.c_str()) != 0)
      throw InputError{"{}.x fails: {}", program, test::text_of(folder / (program + ".out"))};
  }
  std::vector<std::vector<double>> all;
  TextScanner scan(folder / "x.freq");
  scan.require_next("the head of the file");
  while (scan.next_filled()) {  // a line with q, then six frequencies a line; large ones may stand without blanks
    std::string digits;
    const std::size_t n_modes = static_cast<std::size_t>(std::stoi(test::text_of(folder / "x.freq").substr(12)));
    while (10 * n_modes > digits.size()) {
      scan.require_next("frequencies");
      digits += scan.line();
    }
    all.emplace_back();
    for (std::size_t i = 0; i < n_modes; ++i) all.back().push_back(std::stod(digits.substr(10 * i, 10)));
  }
  return all;
}

std::vector<double> frequencies(const DynamicalMatrices& matrices, int iq) {
  Eigen::VectorXd scale(matrices.n_modes());
  for (int x = 0; x < matrices.n_modes(); ++x) scale[x] = 1 / std::sqrt(matrices.crystal.masses[x / 3]);
  const Eigen::MatrixXcd scaled =
      scale.asDiagonal() * matrices.blocks[static_cast<std::size_t>(iq)] * scale.asDiagonal();
  const Eigen::VectorXd squared =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd>(scaled, Eigen::EigenvaluesOnly).eigenvalues();
  std::vector<double> all;
  for (const double value : squared) {
    all.push_back(units::codata2022.inverse_cm(std::copysign(std::sqrt(std::abs(value)), value)));
  }
  return all;
}

struct Case {
  const char* name;
  Crystal crystal;
  Eigen::Vector3i divisions;
  bool polar;
};

class QePrograms : public testing::TestWithParam<Case> {};

TEST_P(QePrograms, FindOurFrequenciesInOurFiles) {
  if (!in_path("q2r.x") || !in_path("matdyn.x")) {
    if (std::getenv("ZEROPOINT_REQUIRE_DATA")) FAIL() << "q2r.x and matdyn.x are promised here but missing";
    GTEST_SKIP() << "no q2r.x or matdyn.x: install quantum-espresso";
  }
  const Case& test = GetParam();
  DynamicalMatrices matrices = test::model_matrices(test.crystal, test.divisions, 17);
  if (test.polar) {
    Polar polar{Eigen::Vector3d(3.1, 4.2, 5.3).asDiagonal(), {}};
    for (const double charge : {-1.5, 3.2, -1.7}) {
      polar.born_charges.emplace_back(Eigen::Matrix3d::Identity() * charge);
      polar.born_charges.back()(0, 2) = -charge / 4;
      polar.born_charges.back()(1, 0) = charge / 7;
    }
    matrices.polar = polar;
  }
  const test::TemporaryFolder folder;
  write_qe_dyn(matrices, folder / "x.dyn");
  const std::vector<std::vector<double>> theirs = frequencies_of_matdyn(folder, matrices.grid);
  ASSERT_EQ(static_cast<int>(theirs.size()), matrices.grid.size());
  for (int iq = 0; iq < matrices.grid.size(); ++iq) {
    // matdyn adds the part that depends on the direction of q at Gamma of a polar crystal; our files hold none.
    if (test.polar && iq == matrices.grid.gamma()) continue;
    const std::vector<double> ours = frequencies(matrices, iq);
    for (std::size_t mode = 0; mode < ours.size(); ++mode) {
      EXPECT_GT(ours[mode], 10);
      // .freq has four decimals, x.fc twelve digits.
      EXPECT_NEAR(ours[mode], theirs[static_cast<std::size_t>(iq)][mode], 1e-3) << "q " << iq << " mode " << mode;
    }
  }

  // matdyn's own matrices are no dyn file, and the reader says why.
  try {
    read_qe_dyn(folder / "x.dynout");
    FAIL() << "matdyn's fldyn was read";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("fldyn"), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Crystals, QePrograms,
                         testing::Values(Case{"cubic", test::cubic_crystal(), {2, 2, 2}, false},
                                         Case{"hexagonal", test::hexagonal_crystal(), {3, 1, 1}, false},
                                         Case{"triclinic", test::triclinic_crystal(), {3, 2, 1}, false},
                                         Case{"polar", test::triclinic_crystal(), {3, 2, 1}, true}),
                         [](const auto& crystal) { return std::string(crystal.param.name); });

}  // namespace
}  // namespace zeropoint::phonons
