#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "phonons/quantum_espresso/dyn_read.hpp"
#include "phonons/quantum_espresso/force_constants.hpp"
#include "superconductivity/coupled_modes.hpp"
#include "superconductivity/coupling_files.hpp"
#include "superconductivity/printed_lambda.hpp"
#include "superconductivity/spectral_file.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::superconductivity {
namespace {

constexpr double golden[] = {.29221041, .43490233, .42623925, .39771266, .37635025,
                             .36678480, .36587605, .36999761, .37635326, .38306084};

struct Aluminium {
  explicit Aluminium(const std::string& data)
      : folder(data + "/electron_phonon/al_444"),
        matrices(phonons::read_qe_dyn(folder + "/al.dyn")),
        group(find_space_group(matrices.crystal, {.tolerance = 1e-5})),
        coupling(complete(read_coupling(folder + "/elph_dir", folder + "/al.dyn"), matrices, group)) {}
  std::string folder;
  phonons::DynamicalMatrices matrices;
  SpaceGroup group;
  Coupling coupling;
};

TEST(Aluminium, G11LambdaFromStockFiles) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Aluminium al(data);
  const CoupledModes modes = couple(al.matrices, al.coupling, {.gamma = GammaPolicy::qe});
  ASSERT_EQ(modes.n_smearings(), 10);
  for (int i = 0; i < 10; ++i) {
    EXPECT_NEAR(modes.smearings[i].width / units::codata2022.rydberg, 0.005 * (i + 1), 1e-9);
    EXPECT_NEAR(modes.totals[i], golden[i], 6e-9) << i;
  }
  EXPECT_NEAR(modes.totals_elsewise[9], .38914117, 6e-9);
  EXPECT_LT(modes.residual, 1e-12);
}

TEST(Aluminium, G11AgreesWithWhatPhPrintedAndWithSumsOverStars) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Aluminium al(data);
  const CoupledModes modes = couple(al.matrices, al.coupling, {.gamma = GammaPolicy::qe});
  const std::vector<PrintedLambda> printed = read_printed_lambdas(al.folder + "/elph_dir");
  const std::vector<int> firsts = al.matrices.grid.representatives();
  ASSERT_EQ(printed.size(), firsts.size());
  const double sums[] = {.29218437, .43490156, .42626094, .39772188, .37637031,
                         .36680781, .36586094, .36996094, .37637969, .38303750};
  for (int i = 0; i < 10; ++i) {
    double total = 0;
    for (std::size_t star = 0; star < printed.size(); ++star) {
      const double theirs = printed[star].lambda.row(i).sum();
      total += al.matrices.grid.stars()[star] * theirs / 64;
      EXPECT_NEAR(modes.lambda[i].row(firsts[star]).sum(), theirs, 1.1e-4);
      if (star > 0) {
        EXPECT_NEAR(modes.linewidth[i].row(firsts[star]).sum(), printed[star].linewidth.row(i).sum(),
                    0.0125 * 4.1357e-6);
      }
    }
    EXPECT_NEAR(total, sums[i], 6e-9);
    EXPECT_NEAR(modes.totals[i], total, 4e-5);  // G15
  }
}

TEST(Aluminium, CellFilesHoldTheSameCouplingAsStars) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Aluminium al(data);
  const Coupling cells =
      complete(read_coupling(al.folder + "/elph_dir/a2Fmatdyn", al.folder + "/al.dyn"), al.matrices, al.group);
  ASSERT_EQ(cells.gamma.size(), al.coupling.gamma.size());
  const double largest = al.coupling.gamma[4][1].cwiseAbs().maxCoeff();
  for (int iq = 0; iq < al.matrices.grid.size(); ++iq)
    EXPECT_LT((cells.gamma[4][iq] - al.coupling.gamma[4][iq]).cwiseAbs().maxCoeff(), 1e-5 * largest);
}

TEST(Aluminium, G12IsTheA2fOfMatdyn) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Aluminium al(data);
  const phonons::DynamicalMatrices matrices = phonons::read_qe_force_constants(al.folder + "/Al444.fc").matrices;
  const Coupling cells = complete(read_coupling(al.folder + "/elph_dir/a2Fmatdyn", al.folder + "/al.dyn"), matrices,
                                  find_space_group(matrices.crystal, {.tolerance = 1e-5}));
  const phonons::InterpolationOptions simple{.sum_rule = phonons::SumRule::simple};
  const phonons::Interpolation phi(matrices, simple);
  std::vector<phonons::Interpolation> gamma;
  for (int i = 0; i < 10; ++i) gamma.emplace_back(cells.as_matrices(i), simple);
  const MeshCoupling mesh =
      couple_on_mesh(phi, gamma, cells.smearings, {10, 10, 10}, al.group, {.gamma = GammaPolicy::qe});
  for (const int file : {2, 5}) {
    const SpectralFile theirs = read_spectral_file(fmt::format("{}/a2F.dos{}", al.folder, file));
    const SpectralFunction& curve = theirs.curves.at(0);
    // Energies of the file have six decimals; they are (i + 1/2) of the step at its end.
    const double step = 6.1286691769987087e-05 * units::codata2022.rydberg;
    const Eigen::VectorXd energies = Eigen::VectorXd::LinSpaced(50, 0.5, 49.5) * step;
    const Eigen::MatrixXd ours = by_tetrahedra(mesh, {alpha2f_weights(mesh.modes, mesh.modes.lambda[file - 1])},
                                               energies, matrices.crystal, {1, -1, 1});
    EXPECT_LT((ours.col(0) - curve.values).cwiseAbs().maxCoeff(), 5.1e-7) << file;
    // Their lambda is the plain sum over these energies.
    EXPECT_NEAR((2 * step * ours.col(0).array() / energies.array()).sum(),
                file == 2 ? 0.40106607678603401 : 0.36859499556581271, 2e-9);
  }
  EXPECT_NEAR(mesh.modes.totals[1], 0.3888, 6e-5);
  EXPECT_NEAR(mesh.modes.totals[4], 0.3622, 6e-5);
}

}  // namespace
}  // namespace zeropoint::superconductivity
