#include "phonons/dos.hpp"
#include "core/space_group.hpp"
#include "phonons/symmetrizer.hpp"
#include "phonons/thermodynamics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "phonons/interpolation.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

TEST(Tetrahedron, HasWeightsThatReproduceTheEnergyAndItsDensity) {
  for (const std::array<double, 4>& e :
       {std::array<double, 4>{0, 0.4, 1.1, 1.9}, {0, 0.1, 0.2, 3}, {-1, 0.5, 0.5, 2}, {0, 0, 1, 1}}) {
    double previous = 0;
    for (double energy = e[0] + 1e-3; energy < e[3]; energy += 0.0173) {
      const Tetrahedron here = tetrahedron(e, energy);
      double sum = 0, mean = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        sum += here.weights[i];
        mean += here.weights[i] * e[i];
      }
      EXPECT_NEAR(sum, 1, 1e-12);
      EXPECT_NEAR(mean, energy, 1e-12);
      const double h = 1e-6, slope = (tetrahedron(e, energy + h).states - tetrahedron(e, energy - h).states) / (2 * h);
      EXPECT_NEAR(here.density, slope, 1e-4 * (1 + slope));
      EXPECT_GE(here.states, previous);
      previous = here.states;
    }
    EXPECT_EQ(tetrahedron(e, e[0]).states, 0);
    EXPECT_EQ(tetrahedron(e, e[3]).states, 1);
  }
}

/// One atom with three equal branches 3 - sum cos k.
MeshModes cosine_band(int n) {
  MeshModes mesh;
  mesh.crystal = test::cubic_crystal();
  mesh.crystal.cell = Eigen::Matrix3d::Identity();
  mesh.crystal.positions = Vectors::Zero(1, 3);
  mesh.crystal.species = {"Po"};
  mesh.divisions = Eigen::Vector3i::Constant(n);
  mesh.counts = Eigen::VectorXi::Ones(n * n * n);
  mesh.frequencies.resize(n * n * n, 3);
  for (int i = 0; i < n * n * n; ++i) {
    const auto cosine = [&](int k) { return std::cos(2 * std::numbers::pi * k / n); };
    mesh.row.push_back(i);
    mesh.frequencies.row(i).setConstant(3 - cosine(i / (n * n)) - cosine(i / n % n) - cosine(i % n));
    mesh.shares.push_back(Eigen::MatrixXf::Ones(3, 1));
  }
  return mesh;
}

TEST(DensityOfStates, OfACosineBandIsTheBesselIntegral) {
  // g(E) = (1/pi) int_0^inf cos((E-3)t) J0(t)^3 dt, three branches.
  const DensityOfStates dos = density_of_states(cosine_band(32), 0, 6, 13);
  EXPECT_NEAR(dos.total[1] / 3, 0.05802, 0.008 * 0.05802);  // linear interpolation on 32^3: 0.03 to 0.8 %
  EXPECT_NEAR(dos.total[3] / 3, 0.14755, 0.008 * 0.14755);
  EXPECT_NEAR(dos.total[5] / 3, 0.28631, 0.008 * 0.28631);
  EXPECT_NEAR(dos.total[6] / 3, 0.28534, 0.008 * 0.28534);
  EXPECT_NEAR(dos.cumulative[6], 1.5, 1e-12);  // symmetric about 3
}

TEST(DensityOfStates, CountsEveryModeAndSharesItAmongTheAtoms) {
  const Interpolation interpolation(test::model_matrices(test::triclinic_crystal(), {3, 2, 2}, 13));
  const MeshModes mesh = modes_on_mesh(interpolation, {5, 4, 3});
  EXPECT_EQ(mesh.counts.sum(), 60);
  const double highest = 1.01 * mesh.frequencies.maxCoeff();
  const int n = 4001;
  const DensityOfStates dos = density_of_states(mesh, 0, highest, n);
  EXPECT_NEAR(dos.cumulative[n - 1], 9, 1e-9);
  EXPECT_EQ(dos.cumulative[0], 0);
  EXPECT_LT((dos.projected.rowwise().sum() - dos.total).cwiseAbs().maxCoeff(),
            1e-5 * dos.total.maxCoeff());  // shares are floats
  // Linear interpolation keeps the mean frequency: int E dn = n E - int n dE.
  const double step = highest / (n - 1);
  const double integral = step * (dos.cumulative.sum() - dos.cumulative[n - 1] / 2);
  const double mean = (mesh.counts.cast<double>().asDiagonal() * mesh.frequencies).sum() / 60;
  EXPECT_NEAR(9 * highest - integral, mean, 1e-5 * mean);
  EXPECT_NEAR(step * dos.total.sum(), 9, 1e-3);
  EXPECT_COMPLAINT(density_of_states(mesh, 1, 1, 5), "range that is not empty");
}

TEST(DensityOfStates, HasTheSecondMomentOfTheForceConstants) {
  // The mean of sum omega^2 over a mesh that tells all lattice vectors apart is the trace of the block that binds each
  // atom to its site.
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 2}, 13);
  for (Eigen::MatrixXcd& block : matrices.blocks) block += 20 * Eigen::MatrixXcd::Identity(9, 9);
  const Eigen::MatrixXd site = to_real_space(matrices)[0];
  double trace = 0;
  for (int x = 0; x < 9; ++x) trace += site(x, x) / matrices.crystal.masses[x / 3];
  const MeshModes mesh = modes_on_mesh(Interpolation(matrices, {.sum_rule = SumRule::none}), {7, 5, 5});
  // The translations at Gamma are projected out of the modes: their squares are missing in one point of 175.
  const Eigen::MatrixXcd& gamma = matrices.blocks[matrices.grid.gamma()];
  double scaled = 0;
  for (int x = 0; x < 9; ++x) scaled += gamma(x, x).real() / matrices.crystal.masses[x / 3];
  const double missing = (scaled - mesh.frequencies.row(mesh.gamma).squaredNorm()) / 175;
  const double mean = (mesh.counts.cast<double>().asDiagonal() * mesh.frequencies.cwiseAbs2()).sum() / 175;
  EXPECT_NEAR(mean + missing, trace, 1e-10 * trace);
  const double highest = 1.01 * mesh.frequencies.maxCoeff();
  const DensityOfStates dos = density_of_states(mesh, 0, highest, 4001);
  // Linear interpolation in tetrahedra misses the curvature of the bands.
  EXPECT_NEAR((dos.total.array() * dos.frequencies.array().square()).sum() * highest / 4000, trace, 0.01 * trace);
}

TEST(DensityOfStates, KeepsImaginaryModesBelowZeroAndFlatBandsWhole) {
  MeshModes mesh = cosine_band(4);
  mesh.frequencies.setConstant(-0.5);
  mesh.frequencies.col(2).setConstant(2);
  const DensityOfStates dos = density_of_states(mesh, -1, 3, 401);
  EXPECT_NEAR(dos.cumulative[49], 0, 1e-12);
  EXPECT_NEAR(dos.cumulative[51], 2, 1e-12);
  EXPECT_NEAR(dos.cumulative[299], 2, 1e-12);
  EXPECT_NEAR(dos.cumulative[301], 3, 1e-12);
}

TEST(DensityOfStates, OfGaussiansCountsAllModesAndFollowsTheTetrahedra) {
  const MeshModes mesh = cosine_band(24);
  const DensityOfStates smeared = smeared_density_of_states(mesh, 0.25, -3, 9, 401),
                        sharp = density_of_states(mesh, -3, 9, 401);
  const double step = smeared.frequencies[1] - smeared.frequencies[0];
  EXPECT_NEAR(smeared.total.sum() * step, 3, 1e-9);
  EXPECT_NEAR(smeared.cumulative[400], 3, 1e-10);  // 41472 terms
  EXPECT_LT((smeared.projected.rowwise().sum() - smeared.total).norm(), 1e-12);
  // A Gaussian of 0.25 keeps the number of states below an energy to a few hundredths.
  EXPECT_LT((smeared.cumulative - sharp.cumulative).cwiseAbs().maxCoeff(), 0.06);
  EXPECT_COMPLAINT(smeared_density_of_states(mesh, 0, 0, 1, 10), "must be positive");
}

TEST(MeshModes, OfOnePointAStarAreThoseOfAllPoints) {
  for (const auto& [crystal, divisions] : {std::pair{test::cubic_crystal(), Eigen::Vector3i(4, 4, 4)},
                                           std::pair{test::hexagonal_crystal(), Eigen::Vector3i(4, 4, 3)}}) {
    DynamicalMatrices matrices = test::model_matrices(crystal, {2, 2, 2}, 14);
    const SpaceGroup group = find_space_group(crystal);
    Symmetrizer(group, crystal, matrices.grid).matrices(matrices.blocks);
    const Interpolation interpolation(matrices);
    const MeshModes all = modes_on_mesh(interpolation, divisions), few = modes_on_mesh(interpolation, divisions, group);
    EXPECT_LT(2 * few.counts.size(), all.counts.size());
    EXPECT_EQ(few.counts.sum(), divisions.prod());
    const double largest = all.frequencies.maxCoeff();
    for (std::size_t i = 0; i < all.row.size(); ++i) {
      EXPECT_LT((all.frequencies.row(all.row[i]) - few.frequencies.row(few.row[i])).cwiseAbs().maxCoeff(),
                1e-7 * largest);
    }
    const DensityOfStates a = density_of_states(all, 0, largest, 60), b = density_of_states(few, 0, largest, 60);
    EXPECT_LT((a.cumulative - b.cumulative).cwiseAbs().maxCoeff(), 1e-5);
    EXPECT_LT((b.projected.rowwise().sum() - b.total).cwiseAbs().maxCoeff(), 1e-5 * b.total.maxCoeff());
    EXPECT_NEAR(thermodynamics(all, 300).free_energy, thermodynamics(few, 300).free_energy, 1e-9);
  }
}

TEST(MeshModes, ShareDegenerateModesEvenly) {
  const MeshModes mesh =
      modes_on_mesh(Interpolation(test::model_matrices(test::cubic_crystal(), {2, 2, 2}, 14)), {3, 3, 2});
  EXPECT_EQ(mesh.n_points(), 18);
  EXPECT_EQ(std::count(mesh.acoustic.begin(), mesh.acoustic.end(), true), 3);
  for (std::size_t row = 0; row < mesh.shares.size(); ++row) {
    EXPECT_LT((mesh.shares[row].rowwise().sum().array() - 1).abs().maxCoeff(), 1e-6);
    EXPECT_LT((mesh.shares[row].colwise().sum().array() - 3).abs().maxCoeff(), 1e-5);
  }
  for (int mu = 0; mu < 3; ++mu) {  // translations: shares are the masses
    EXPECT_EQ(mesh.frequencies(mesh.gamma, mu), 0);
    EXPECT_NEAR(mesh.shares[mesh.gamma](mu, 0), 22.990 / (22.990 + 35.45), 1e-5);
  }
}

}  // namespace
}  // namespace zeropoint::phonons
