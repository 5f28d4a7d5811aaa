#include <gtest/gtest.h>
#include <algorithm>

#include <cmath>

#include "phonons/interpolation.hpp"
#include "phonons/modes.hpp"
#include "phonons/quantum_espresso/dyn_read.hpp"
#include "phonons/symmetrizer.hpp"
#include "superconductivity/coupled_modes.hpp"
#include "superconductivity/coupling_files.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::superconductivity {
namespace {

using phonons::DynamicalMatrices;

/// The points of a coarser grid alone.
DynamicalMatrices on_subgrid(const DynamicalMatrices& matrices, int n) {
  DynamicalMatrices coarse{matrices.crystal, phonons::QGrid(Eigen::Vector3i::Constant(n)), {}, {}, matrices.alat, ""};
  for (const Eigen::Vector3d& q : coarse.grid.points()) coarse.blocks.push_back(matrices.blocks[matrices.grid.find(q)]);
  return coarse;
}

struct Difference {
  explicit Difference(const std::string& data)
      : folder(data + "/electron_phonon/h3s"),
        anharmonic(phonons::read_qe_dyn(folder + "/sscha_dense.dyn")),
        harmonic(phonons::read_qe_dyn(folder + "/H3S.dyn")) {
    for (DynamicalMatrices* set : {&anharmonic, &harmonic})
      phonons::impose_acoustic_sum_rule(set->blocks[set->grid.gamma()]);
  }
  DynamicalMatrices from(int n) const {
    return phonons::Interpolation(on_subgrid(anharmonic, n), {on_subgrid(harmonic, n), harmonic})
        .on_grid(anharmonic.grid);
  }
  double lambda(const DynamicalMatrices& matrices) const {
    const Coupling coupling = complete(read_coupling(folder + "/H3S.dyn", folder + "/H3S.dyn"), matrices,
                                       find_space_group(matrices.crystal, {.tolerance = 1e-5}));
    return couple(matrices, coupling, {.gamma = GammaPolicy::skip}).totals[3];
  }
  std::string folder;
  DynamicalMatrices anharmonic, harmonic;
};

TEST(DifferenceInterpolation, RowEOfH3sFromThreeToSix) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Difference set(data);
  const DynamicalMatrices found = set.from(3);
  double off = 0, off_coarse = 0;
  for (int iq = 0; iq < found.grid.size(); ++iq) {
    const double here = (found.blocks[iq] - set.anharmonic.blocks[iq]).cwiseAbs().maxCoeff();
    off = std::max(off, here);
    const Eigen::Vector3i k = found.grid.integers(iq);
    if (k[0] % 2 == 0 && k[1] % 2 == 0 && k[2] % 2 == 0) off_coarse = std::max(off_coarse, here);
  }
  const double unit = units::codata2022.rydberg_per_bohr2();
  EXPECT_LT(off / unit, 5e-8);
  EXPECT_LT(off_coarse / unit, 1e-13);  // rows a and c: on the coarse grid it is exact
  EXPECT_NEAR(set.lambda(found), 1.598104, 2e-6);
}

TEST(DifferenceInterpolation, RowGOfH3sFromTwoToSixKeepsGamma) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Difference set(data);
  const DynamicalMatrices found = set.from(2);
  EXPECT_NEAR(set.lambda(found), 1.621907, 2e-6);
  // Rows b and d: a difference of zero leaves the support, translations stay at zero.
  Eigen::MatrixXcd gamma = found.blocks[found.grid.gamma()];
  phonons::impose_acoustic_sum_rule(gamma);
  EXPECT_LT((gamma - found.blocks[found.grid.gamma()]).cwiseAbs().maxCoeff(), 1e-11);
  for (const phonons::Modes& modes : phonons::diagonalise(found)) EXPECT_GT(modes.frequencies.minCoeff(), -1e-4);
}

}  // namespace
}  // namespace zeropoint::superconductivity
