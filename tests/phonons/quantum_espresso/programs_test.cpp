#include <gtest/gtest.h>

#include <cmath>

#include "core/decompositions.hpp"
#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "tests/phonons/matdyn_run.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::phonons {
namespace {

std::vector<double> frequencies(const DynamicalMatrices& matrices, int iq) {
  Eigen::VectorXd scale(matrices.n_modes());
  for (int x = 0; x < matrices.n_modes(); ++x) scale[x] = 1 / std::sqrt(matrices.crystal.masses[x / 3]);
  const Eigen::MatrixXcd scaled = scale.asDiagonal() * matrices.blocks[iq] * scale.asDiagonal();
  const Eigen::VectorXd squared = hermitian_eigenvalues(scaled);
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
  SKIP_WITHOUT_MATDYN();
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
  const std::vector<std::vector<double>> theirs = test::frequencies_of_matdyn(folder, "no", matrices.grid.points());
  ASSERT_EQ(static_cast<int>(theirs.size()), matrices.grid.size());
  for (int iq = 0; iq < matrices.grid.size(); ++iq) {
    // matdyn adds the part that depends on the direction of q at Gamma of a polar crystal; our files hold none.
    if (test.polar && iq == matrices.grid.gamma()) continue;
    const std::vector<double> ours = frequencies(matrices, iq);
    for (std::size_t mode = 0; mode < ours.size(); ++mode) {
      EXPECT_GT(ours[mode], 10);
      // .freq has four decimals, x.fc twelve digits.
      EXPECT_NEAR(ours[mode], theirs[iq][mode], 1e-3) << "q " << iq << " mode " << mode;
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
