#include "phonons/interpolation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/spectrum.hpp"
#include "phonons/wigner_seitz.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/reference_data.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

const std::vector<Eigen::Vector3d> some_points = {{0.11, 0.07, -0.23}, {0.4, 0.5, 0.1}, {-0.31, 0.02, 0.77}};

DynamicalMatrices polar_matrices(const Eigen::Vector3i& divisions, unsigned seed) {
  DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), divisions, seed);
  matrices.polar = test::polar_without_symmetry();
  return matrices;
}

double largest(const Eigen::MatrixXcd& matrix) { return matrix.cwiseAbs().maxCoeff(); }

/// Springs of random 3x3 matrices between all atoms closer than `range`, in a crystal of any cell.
struct ShortRanged {
  struct Bond {
    Eigen::Vector3i r;
    int s, t;
    Eigen::Matrix3d phi;
  };
  Crystal crystal;
  std::vector<Bond> bonds;

  ShortRanged(const Crystal& of, double range) : crystal(of) {
    std::mt19937 random(3);
    std::uniform_real_distribution<double> uniform(-1, 1);
    constexpr int reach = 12;  // skewed cells have near neighbours with large coordinates
    for (int i = -reach; i <= reach; ++i) {
      for (int j = -reach; j <= reach; ++j) {
        for (int k = -reach; k <= reach; ++k) {
          const Eigen::Vector3i r(i, j, k);
          for (int s = 0; s < crystal.n_atoms(); ++s) {
            for (int t = 0; t < crystal.n_atoms(); ++t) {
              const Eigen::RowVector3d v =
                  r.cast<double>().transpose() * crystal.cell + crystal.positions.row(s) - crystal.positions.row(t);
              if (v.norm() > range) continue;
              Eigen::Matrix3d phi;
              for (double& x : phi.reshaped()) x = uniform(random);
              bonds.push_back({r, s, t, phi / 2});
              bonds.push_back({-r, t, s, phi.transpose() / 2});
            }
          }
        }
      }
    }
  }

  Eigen::MatrixXcd operator()(const Eigen::Vector3d& q) const {
    Eigen::MatrixXcd d = Eigen::MatrixXcd::Zero(3 * crystal.n_atoms(), 3 * crystal.n_atoms());
    for (const Bond& bond : bonds) {
      d.block<3, 3>(3 * bond.s, 3 * bond.t) +=
          std::polar(1.0, -2 * std::numbers::pi * q.dot(bond.r.cast<double>())) * bond.phi.cast<std::complex<double>>();
    }
    return d;
  }

  DynamicalMatrices on(const Eigen::Vector3i& divisions) const {
    DynamicalMatrices matrices{crystal, QGrid(divisions), {}, {}, 0, ""};
    for (const Eigen::Vector3d& q : matrices.grid.points()) matrices.blocks.push_back((*this)(q));
    return matrices;
  }
};

Crystal with_cell(const Eigen::Matrix3d& cell) {
  Crystal crystal = test::triclinic_crystal();
  crystal.cell = cell;
  crystal.positions << 0.1, 0.2, 0.3, 1.1, 1.3, 0.4, 0.5, 1.4, 1.9;
  return crystal;
}

struct Shape {
  const char* name;
  Crystal crystal;
  Eigen::Vector3i divisions;
};

class ShortRangedCrystals : public testing::TestWithParam<Shape> {};

TEST_P(ShortRangedCrystals, AreInterpolatedExactly) {
  const auto& [name, crystal, divisions] = GetParam();
  const Eigen::Matrix3d reduced = reduced_cell(divisions.cast<double>().asDiagonal() * crystal.cell);
  const double range = 0.499 * reduced.rowwise().norm().minCoeff();  // inside the Wigner-Seitz cell of the supercell
  const ShortRanged model(crystal, range);
  EXPECT_GT(model.bonds.size(), 20U);
  const Interpolation interpolation(model.on(divisions), {.sum_rule = SumRule::none});
  for (const Eigen::Vector3d& q : some_points) EXPECT_LT(largest(interpolation(q) - model(q)), 1e-11) << q.transpose();
}

Eigen::Matrix3d rows(std::initializer_list<double> numbers) {
  Eigen::Matrix3d m;
  std::copy(numbers.begin(), numbers.end(), m.transpose().reshaped().begin());
  return m;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ShortRangedCrystals,
    testing::Values(Shape{"triclinic", test::triclinic_crystal(), {3, 3, 3}},
                    Shape{"fcc", test::cubic_crystal(), {2, 2, 2}},
                    Shape{"bcc", with_cell(rows({-1.9, 1.9, 1.9, 1.9, -1.9, 1.9, 1.9, 1.9, -1.9})), {3, 3, 3}},
                    Shape{"hexagonal", test::hexagonal_crystal(), {3, 3, 2}},
                    Shape{"skewed", with_cell(rows({3.1, 0.2, -0.4, 13.1, 4.4, -1.3, -0.5, 0.9, 4.3})), {3, 3, 3}},
                    Shape{"wire", with_cell(rows({2.9, 0, 0, 0.3, 30, 0, 0, 1, 31})), {4, 1, 1}},
                    Shape{"sheet", with_cell(rows({3.2, 0, 0, 11.2, 3.3, 0, 0.4, 0, 25})), {3, 3, 1}}),
    [](const auto& shape) { return std::string(shape.param.name); });

TEST(Interpolation, OfAGridOntoItselfChangesNothing) {
  const DynamicalMatrices matrices = polar_matrices({3, 2, 2}, 4);
  const Interpolation interpolation(matrices, {.sum_rule = SumRule::none});
  EXPECT_LT(test::difference(interpolation.on_grid(matrices.grid).blocks, matrices.blocks), 1e-12);
  // With the sum rule D(0) moves alone, and translations cost nothing there.
  const DynamicalMatrices ruled = Interpolation(matrices).on_grid(matrices.grid);
  const int gamma = matrices.grid.gamma();
  for (int iq = 0; iq < matrices.grid.size(); ++iq) {
    const auto i = static_cast<std::size_t>(iq);
    if (iq != gamma) {
      EXPECT_LT(largest(ruled.blocks[i] - matrices.blocks[i]), 1e-12);
      continue;
    }
    EXPECT_GT(largest(ruled.blocks[i] - matrices.blocks[i]), 0.1);
    EXPECT_LT(largest(ruled.blocks[i].leftCols(3) + ruled.blocks[i].middleCols(3, 3) + ruled.blocks[i].rightCols(3)),
              1e-12);
  }
}

TEST(Interpolation, IsHermitianConjugateAtMinusQAndPeriodic) {
  const Interpolation interpolation(polar_matrices({3, 2, 2}, 5));
  for (const Eigen::Vector3d& q : some_points) {
    const Eigen::MatrixXcd d = interpolation(q);
    EXPECT_EQ(largest(d - d.adjoint()), 0);
    EXPECT_LT(largest(interpolation(-q) - d.conjugate()), 1e-12);
    EXPECT_LT(largest(interpolation(q + Eigen::Vector3d(2, -1, 3)) - d), 1e-11);
  }
  const DynamicalMatrices fine = interpolation.on_grid(QGrid({4, 3, 2}));
  for (int iq = 0; iq < fine.grid.size(); ++iq) {
    EXPECT_EQ(fine.blocks[fine.grid.minus(iq)], fine.blocks[iq].conjugate());
  }
}

TEST(Interpolation, IsContinuousAtGammaAlongEachDirection) {
  const Interpolation interpolation(polar_matrices({3, 2, 2}, 6));
  const Eigen::Matrix3d to_cartesian = interpolation.crystal().reciprocal().transpose();
  for (const Eigen::Vector3d& n : some_points) {
    const Eigen::MatrixXd limit = frequencies_at(interpolation, {{0, 0, 0}}, {to_cartesian * n});
    const auto error = [&](double h) {
      return (frequencies_at(interpolation, {h * n}) - limit).rightCols(6).cwiseAbs().maxCoeff();
    };
    EXPECT_LT(error(1e-3), 1e-3);
    EXPECT_NEAR(error(2e-3) / error(1e-3), 4, 0.3);  // second order: w(q) = w(-q)
  }
}

TEST(Interpolation, DoesNotDependOnHowTheCrystalIsDescribed) {
  const DynamicalMatrices matrices = polar_matrices({3, 3, 3}, 7);
  const Eigen::MatrixXd expected = frequencies_at(Interpolation(matrices), some_points);
  const auto expect_same = [&](const DynamicalMatrices& other, const std::vector<Eigen::Vector3d>& points,
                               const char* what) {
    // 1e-10 of frequencies near 1: exp(-30) of the Ewald sums is 1e-13
    EXPECT_LT((frequencies_at(Interpolation(other), points) - expected).cwiseAbs().maxCoeff(), 1e-10) << what;
  };
  const Eigen::Matrix3d rotation = test::some_rotation();
  DynamicalMatrices turned = test::rotated(matrices, rotation);
  turned.polar->dielectric = rotation * matrices.polar->dielectric * rotation.transpose();
  for (Eigen::Matrix3d& charge : turned.polar->born_charges) charge = (rotation * charge * rotation.transpose()).eval();
  expect_same(turned, some_points, "rotation");
  Eigen::Matrix3i unimodular;
  unimodular << 1, 2, 0, 0, 1, -1, 0, 0, 1;
  std::vector<Eigen::Vector3d> points;
  for (const Eigen::Vector3d& q : some_points) points.emplace_back(unimodular.cast<double>() * q);
  expect_same(test::with_other_cell(matrices, unimodular), points, "cell");
  expect_same(test::with_origin_moved(matrices, {0.3, -1.2, 5}), some_points, "origin");
  expect_same(test::with_other_images(matrices, {{1, 0, 0}, {0, -2, 1}, {0, 0, 0}}), some_points, "images");
  expect_same(test::in_other_zones(matrices, 3), some_points, "zones");
  DynamicalMatrices other_order = test::reordered(matrices, {2, 0, 1});
  other_order.polar->born_charges = {test::polar_without_symmetry().born_charges[2],
                                     test::polar_without_symmetry().born_charges[0],
                                     test::polar_without_symmetry().born_charges[1]};
  expect_same(other_order, some_points, "order of atoms");
}

TEST(Interpolation, OfTheSupportItselfIsTheFineSupport) {
  const DynamicalMatrices coarse = polar_matrices({2, 2, 2}, 8), fine = polar_matrices({4, 2, 4}, 9);
  const Interpolation alone(fine), supported(coarse, {coarse, fine});
  for (const Eigen::Vector3d& q : some_points) EXPECT_LT(largest(supported(q) - alone(q)), 1e-11);
}

TEST(Interpolation, WithASupportIsExactOnTheCoarseGrid) {
  // The fine support holds the coarse one; the matrices have other charges, or none.
  const DynamicalMatrices fine = polar_matrices({4, 2, 4}, 10);
  DynamicalMatrices coarse{fine.crystal, QGrid({2, 2, 2}), {}, fine.polar, 0, ""},
      matrices = polar_matrices({2, 2, 2}, 11);
  for (const Eigen::Vector3d& q : coarse.grid.points()) coarse.blocks.push_back(fine.blocks[fine.grid.find(q)]);
  matrices.polar->dielectric *= 1.2;
  for (Eigen::Matrix3d& charge : matrices.polar->born_charges) charge *= 0.9;
  const Support support{coarse, fine};
  const InterpolationOptions options{.sum_rule = SumRule::none};
  EXPECT_LT(test::difference(Interpolation(matrices, support, options).on_grid(matrices.grid).blocks, matrices.blocks),
            1e-11);
  matrices.polar.reset();
  const Interpolation borrowed(matrices, support, options);
  EXPECT_LT(test::difference(borrowed.on_grid(matrices.grid).blocks, matrices.blocks), 1e-11);
  EXPECT_TRUE(borrowed.polar().has_value());
}

TEST(Interpolation, OfGraphiteToTwiceItsGridKeepsItsPointsAndItsSoundStable) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const DynamicalMatrices coarse = read_qe_dyn(data + "/ensembles/graphite_6x6x1/dyn_gen_pop1_");
  const InterpolationOptions plain{.sum_rule = SumRule::none};
  DynamicalMatrices stiffer = coarse;  // another set on the same support
  for (Eigen::MatrixXcd& block : stiffer.blocks) block *= 1.03;
  const DynamicalMatrices fine = Interpolation(coarse, plain).on_grid(QGrid({12, 12, 1}));
  const DynamicalMatrices found = Interpolation(stiffer, {coarse, fine}, plain).on_grid(QGrid({12, 12, 1}));
  for (int iq = 0; iq < coarse.grid.size(); ++iq) {
    const Eigen::MatrixXcd& here = stiffer.blocks[iq];
    const int there = found.grid.find(coarse.grid.points()[iq]);
    EXPECT_LT(largest(found.blocks[there] - here), 1e-12 * largest(here));
  }
  // All of it is linear: 1.03 times the fine support everywhere, between the points of the coarse grid, too.
  for (std::size_t i = 0; i < found.blocks.size(); ++i) {
    EXPECT_LT(largest(found.blocks[i] - 1.03 * fine.blocks[i]), 1e-11 * largest(fine.blocks[i]));
  }
  const Eigen::MatrixXd frequencies = frequencies_at(Interpolation(coarse), found.grid.points());
  EXPECT_GT(units::codata2022.inverse_cm(frequencies.minCoeff()), -1);
}

DynamicalMatrices on_subgrid(const DynamicalMatrices& matrices, int n) {
  DynamicalMatrices result{matrices.crystal, QGrid({n, n, n}), {}, matrices.polar, matrices.alat, ""};
  for (const Eigen::Vector3d& q : result.grid.points()) {
    result.blocks.push_back(matrices.blocks[matrices.grid.find(q)]);
  }
  return result;
}

/// Harmonic matrices of H3S on 6 x 6 x 6, and those that another program has interpolated from SSCHA on 3 x 3 x 3 over
/// them.
TEST(Interpolation, OfTheDifferenceOfH3sIsThatOfAnotherProgram) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const DynamicalMatrices harmonic = read_qe_dyn(data + "/electron_phonon/h3s/H3S.dyn"),
                          dense = read_qe_dyn(data + "/electron_phonon/h3s/sscha_dense.dyn");
  const Interpolation found(on_subgrid(dense, 3), {on_subgrid(harmonic, 3), harmonic});
  double deviation = 0;
  for (int iq = 0; iq < dense.grid.size(); ++iq) {
    const auto i = static_cast<std::size_t>(iq);
    deviation = std::max(deviation, largest(found(dense.grid.points()[i]) - dense.blocks[i]));
  }
  // The files have eight decimals.
  EXPECT_LT(deviation / units::codata2022.rydberg_per_bohr2(), 3.2e-8);
  // From 2 x 2 x 2 points it is an approximation, but a stable one.
  const Interpolation coarser(on_subgrid(dense, 2), {on_subgrid(harmonic, 2), harmonic});
  EXPECT_GT(units::codata2022.inverse_cm(frequencies_at(coarser, dense.grid.points()).minCoeff()), -0.1);
}

TEST(Interpolation, RefusesASupportOfAnotherCrystalOrGrid) {
  const DynamicalMatrices matrices = polar_matrices({2, 2, 2}, 8);
  const DynamicalMatrices other_grid = polar_matrices({3, 2, 2}, 8);
  EXPECT_COMPLAINT(Interpolation(matrices, {other_grid, other_grid}), "3 x 2 x 2 grid, the matrices have 2 x 2 x 2");
  DynamicalMatrices strained = matrices, moved = matrices;
  strained.crystal.cell(0, 0) += 0.1;
  EXPECT_COMPLAINT(Interpolation(matrices, {strained, matrices}), "cell vectors of the coarse support");
  moved.crystal.positions.row(1) += 0.4 * moved.crystal.cell.row(0);
  EXPECT_COMPLAINT(Interpolation(matrices, {matrices, moved}), "an atom of the fine support");
  EXPECT_COMPLAINT(Interpolation(matrices, {matrices, test::reordered(matrices, {1, 0, 2})}), "another order");
}

TEST(Interpolation, CountsTiesThatNoiseHasBroken) {
  DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {2, 2, 2}, 1);
  EXPECT_EQ(Interpolation(matrices).n_near_ties(), 0);
  matrices.crystal.positions(1, 0) += 1e-3;
  EXPECT_GT(Interpolation(matrices).n_near_ties(), 0);
  EXPECT_EQ(Interpolation(matrices, {.tie = 5e-3}).n_near_ties(), 0);
}

TEST(WignerSeitz, ReducesACellWithoutChangingTheLattice) {
  const Eigen::Matrix3d cell = rows({3, 0, 0, 3001, 3.2, 0, -77, 500, 2.9});
  const Eigen::Matrix3d reduced = reduced_cell(cell), integers = reduced * cell.inverse();
  EXPECT_LT((integers.array() - integers.array().round()).abs().maxCoeff(), 1e-8);
  EXPECT_NEAR(std::abs(integers.determinant()), 1, 1e-6);
  EXPECT_LT(reduced.rowwise().norm().maxCoeff(), 5);
}

TEST(WignerSeitz, GivesTheCornerOfACubeToEightImages) {
  Crystal cube = test::triclinic_lattice();
  cube.cell = 3 * Eigen::Matrix3d::Identity();
  const Supercell supercell(cube, {2, 2, 2});
  const WignerSeitz nearest(supercell, 1e-5);
  EXPECT_EQ(nearest(0, 0, 0).lattice_vectors, std::vector<Eigen::Vector3i>{Eigen::Vector3i::Zero()});
  const NearestImages corner = nearest(7, 0, 0);
  EXPECT_EQ(corner.lattice_vectors.size(), 8U);
  EXPECT_NEAR(corner.next, 3 * (std::sqrt(11.0) - std::sqrt(3.0)), 1e-12);  // (3, 1, 1) follows (1, 1, 1)
}

}  // namespace
}  // namespace zeropoint::phonons
