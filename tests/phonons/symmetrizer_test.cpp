#include "phonons/symmetrizer.hpp"

#include <gtest/gtest.h>

#include <numbers>
#include <random>

#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"

namespace zeropoint::phonons {
namespace {

using Blocks = std::vector<Eigen::MatrixXcd>;
using test::difference;
using test::model_matrices;

// Random matrices have elements of 10 eV/angstrom^2; 1e-12 is a hundred roundings of them.
constexpr double rounding = 1e-12;

struct Case {
  const char* name;
  Crystal crystal;
  Eigen::Vector3i divisions;
};

/// Non-symmorphic groups, several species, isotopes, complex q, grids less symmetric than the crystal.
std::vector<Case> cases() {
  return {
      {"fcc, 2x2x2", test::cubic_crystal(), {2, 2, 2}},          {"fcc, 3x1x1", test::cubic_crystal(), {3, 1, 1}},
      {"diamond, 3x3x3", test::diamond_crystal(), {3, 3, 3}},    {"hcp, 3x3x2", test::hexagonal_crystal(), {3, 3, 2}},
      {"wurtzite, 2x2x3", test::wurtzite_crystal(), {2, 2, 3}},  {"Cmc2_1, 3x3x2", test::cmc21_crystal(), {3, 3, 2}},
      {"P2_1/c, 3x2x1", test::p21c_crystal(), {3, 2, 1}},        {"P2_1/c, 1x2x4", test::p21c_crystal(), {1, 2, 4}},
      {"triclinic, 3x2x1", test::triclinic_crystal(), {3, 2, 1}}};
}

/// The symmetrisation of matrices by all operations that they and their grid allow.
struct Symmetric {
  SpaceGroup group;
  Symmetrizer symmetrize;

  explicit Symmetric(const DynamicalMatrices& of)
      : group(keeping_grid(find_space_group(of.crystal), of.grid)), symmetrize(group, of.crystal, of.grid) {}
  Blocks operator()(Blocks blocks) const {
    symmetrize.matrices(blocks);
    return blocks;
  }
};

Vectors random_vectors(int n_atoms, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  Vectors result(n_atoms, 3);
  for (double& x : result.reshaped()) x = uniform(random);
  return result;
}

/// Gamma(S, q), written out from its definition; `image` is S q as it stands in the grid.
Eigen::MatrixXcd bloch_rotation(const SymmetryOperation& operation, const Eigen::Vector3d& image) {
  const Eigen::Index n_atoms = static_cast<Eigen::Index>(operation.permutation.size());
  Eigen::MatrixXcd gamma = Eigen::MatrixXcd::Zero(3 * n_atoms, 3 * n_atoms);
  for (Eigen::Index s = 0; s < n_atoms; ++s) {
    const std::size_t at = static_cast<std::size_t>(s);
    const double angle = -2 * std::numbers::pi * image.dot(operation.shift[at].cast<double>());
    gamma.block<3, 3>(3 * operation.permutation[at], 3 * s) = operation.cartesian * std::polar(1.0, angle);
  }
  return gamma;
}

int image_of(const SymmetryOperation& operation, const QGrid& grid, int iq) {
  return grid.find(operation.rotation.cast<double>().inverse().transpose() * grid.points()[iq]);
}

Blocks turned(const Blocks& blocks, const SymmetryOperation& operation, const QGrid& grid) {
  Blocks result(blocks.size());
  for (int iq = 0; iq < grid.size(); ++iq) {
    const std::size_t image = static_cast<std::size_t>(image_of(operation, grid, iq));
    const Eigen::MatrixXcd gamma = bloch_rotation(operation, grid.points()[image]);
    result[image] = gamma * blocks[iq] * gamma.adjoint();
  }
  return result;
}

Blocks with_sum_rule(Blocks blocks, const QGrid& grid) {
  impose_acoustic_sum_rule(blocks[grid.gamma()]);
  return blocks;
}

TEST(Symmetrizer, ProjectingTwiceChangesNothing) {
  for (const Case& c : cases()) {
    const DynamicalMatrices matrices = model_matrices(c.crystal, c.divisions, 1);
    const Symmetric symmetric(matrices);
    const Blocks once = symmetric(matrices.blocks);
    EXPECT_GT(difference(once, matrices.blocks), 0.01) << c.name;
    EXPECT_LT(difference(symmetric(once), once), rounding) << c.name;
  }
}

TEST(Symmetrizer, ChainOfSubgroupsGivesThePlainSumOverAllOperations) {
  for (const Case& c : cases()) {
    const DynamicalMatrices matrices = model_matrices(c.crystal, c.divisions, 2);
    const QGrid& grid = matrices.grid;
    const Symmetric symmetric(matrices);
    EXPECT_EQ(symmetric.symmetrize.n_operations(), static_cast<int>(symmetric.group.operations.size()));
    Blocks mean(matrices.blocks.size(), Eigen::MatrixXcd::Zero(matrices.n_modes(), matrices.n_modes()));
    for (const SymmetryOperation& operation : symmetric.group.operations) {
      const Blocks image = turned(matrices.blocks, operation, grid);
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += image[i] / symmetric.symmetrize.n_operations();
    }
    // The sum rule after the average here, before it there: they commute.
    EXPECT_LT(difference(with_sum_rule(mean, grid), symmetric(matrices.blocks)), rounding) << c.name;
  }
}

TEST(Symmetrizer, ResultIsUnchangedByEveryOperation) {
  for (const Case& c : cases()) {
    const DynamicalMatrices matrices = model_matrices(c.crystal, c.divisions, 3);
    const Symmetric symmetric(matrices);
    const Blocks blocks = symmetric(matrices.blocks);
    for (const SymmetryOperation& operation : symmetric.group.operations) {
      EXPECT_LT(difference(turned(blocks, operation, matrices.grid), blocks), rounding) << c.name;
    }
  }
}

TEST(Symmetrizer, BlochRotationsAreUnitaryAndARepresentationUpToPhases) {
  // Gamma(a) Gamma(b) D (...)^dagger = Gamma(ab) D Gamma(ab)^dagger: phases drop out.
  for (const Case& c : cases()) {
    const DynamicalMatrices matrices = model_matrices(c.crystal, c.divisions, 4);
    const std::vector<SymmetryOperation> operations = Symmetric(matrices).group.operations;
    const SymmetryOperation &a = operations[operations.size() / 2], &b = operations.back();
    const SymmetryOperation ab =
        complete_operations(matrices.crystal, {a.rotation * b.rotation},
                            {a.rotation.cast<double>() * b.translation + a.translation}, 1e-5)[0];
    const Blocks one_by_one = turned(turned(matrices.blocks, b, matrices.grid), a, matrices.grid);
    EXPECT_LT(difference(one_by_one, turned(matrices.blocks, ab, matrices.grid)), 10 * rounding) << c.name;
    const Eigen::MatrixXcd gamma = bloch_rotation(b, matrices.grid.points().back());
    EXPECT_TRUE((gamma * gamma.adjoint()).isIdentity(1e-13)) << c.name;
  }
}

TEST(Symmetrizer, MakesHermitianMatricesConjugateAtMinusQAndRealWhereTheyMustBe) {
  for (const Case& c : cases()) {
    DynamicalMatrices matrices = model_matrices(c.crystal, c.divisions, 5);
    std::mt19937 random(5);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (Eigen::MatrixXcd& block : matrices.blocks) {
      for (std::complex<double>& z : block.reshaped()) z += std::complex<double>(uniform(random), uniform(random));
    }
    const Blocks blocks = Symmetric(matrices)(matrices.blocks);
    for (int iq = 0; iq < matrices.grid.size(); ++iq) {
      const Eigen::MatrixXcd& here = blocks[iq];
      const Eigen::MatrixXcd& partner = blocks[matrices.grid.minus(iq)];
      EXPECT_LT((here - here.adjoint()).cwiseAbs().maxCoeff(), rounding) << c.name;
      EXPECT_EQ((here - partner.conjugate()).cwiseAbs().maxCoeff(), 0.0) << c.name;  // copied, not computed
    }
    Eigen::MatrixXcd gamma = blocks[matrices.grid.gamma()];
    const Eigen::MatrixXd uniform_shift = Eigen::Matrix3d::Identity().replicate(matrices.crystal.n_atoms(), 1);
    EXPECT_LT((gamma * uniform_shift).cwiseAbs().maxCoeff(), rounding) << c.name;
    impose_acoustic_sum_rule(gamma);
    EXPECT_LT((gamma - blocks[matrices.grid.gamma()]).cwiseAbs().maxCoeff(), rounding);
  }
}

TEST(Symmetrizer, LeavesTheMatricesOfASymmetricPairModelAlone) {
  for (const Case& c : cases()) {
    const auto model = test::BondModel::of_neighbours(c.crystal, c.divisions, 4.5);
    const DynamicalMatrices matrices = model.harmonic(c.crystal);
    EXPECT_LT(difference(Symmetric(matrices)(matrices.blocks), matrices.blocks), rounding) << c.name;
  }
}

TEST(Symmetrizer, FollowsAnyRotationOfTheWholeCrystal) {
  const Eigen::Matrix3d rotation = test::some_rotation();
  for (const Case& c : cases()) {
    const DynamicalMatrices before = model_matrices(c.crystal, c.divisions, 6);
    const DynamicalMatrices after = test::rotated(before, rotation);
    const Symmetric here(before), there(after);
    EXPECT_EQ(here.group.operations.size(), there.group.operations.size()) << c.name;
    DynamicalMatrices expected = before;
    expected.blocks = here(before.blocks);
    EXPECT_LT(difference(there(after.blocks), test::rotated(expected, rotation).blocks), rounding) << c.name;

    Vectors vectors = random_vectors(c.crystal.n_atoms(), 7), turned_vectors = vectors * rotation.transpose();
    here.symmetrize.vectors(vectors);
    there.symmetrize.vectors(turned_vectors);
    EXPECT_LT((turned_vectors - vectors * rotation.transpose()).cwiseAbs().maxCoeff(), rounding) << c.name;

    const Eigen::Matrix3d tensor = random_vectors(3, 8);
    const Eigen::Matrix3d turned_tensor = rotation * tensor * rotation.transpose();
    EXPECT_TRUE(there.symmetrize.tensor(turned_tensor)
                    .isApprox(rotation * here.symmetrize.tensor(tensor) * rotation.transpose(), 1e-12))
        << c.name;
  }
}

TEST(Symmetrizer, DoesNotDependOnTheOrigin) {
  for (const Case& c : cases()) {
    const DynamicalMatrices before = model_matrices(c.crystal, c.divisions, 9);
    const DynamicalMatrices after = test::with_origin_moved(before, {0.37, -1.91, 0.83});
    // spglib gives translations of the moved origin to a few roundings; only their integer parts enter.
    EXPECT_LT(difference(Symmetric(after)(after.blocks), Symmetric(before)(before.blocks)), rounding) << c.name;
  }
}

TEST(Symmetrizer, DoesNotDependOnThePrimitiveCellVectors) {
  Eigen::Matrix3i unimodular;
  unimodular << 1, 1, 0, 0, 1, -1, 1, 1, 1;
  ASSERT_EQ(std::lround(unimodular.cast<double>().determinant()), 1);
  for (Case& c : cases()) {
    c.divisions = Eigen::Vector3i::Constant(c.crystal.n_atoms() > 4 ? 2 : 3);  // other grids change shape with the cell
    const DynamicalMatrices before = model_matrices(c.crystal, c.divisions, 10);
    const DynamicalMatrices after = test::with_other_cell(before, unimodular);
    const Symmetric here(before), there(after);
    EXPECT_EQ(here.group.operations.size(), there.group.operations.size()) << c.name;
    EXPECT_LT(difference(there(after.blocks), here(before.blocks)), rounding) << c.name;
  }
}

TEST(Symmetrizer, DoesNotDependOnTheZonesOfTheQPointsNorOnTheImagesOfTheAtoms) {
  for (const Case& c : cases()) {
    const DynamicalMatrices before = model_matrices(c.crystal, c.divisions, 11);
    DynamicalMatrices expected = before;
    expected.blocks = Symmetric(before)(before.blocks);
    const DynamicalMatrices zones = test::in_other_zones(before, 12);
    EXPECT_LT(difference(Symmetric(zones)(zones.blocks), expected.blocks), rounding) << c.name;

    std::vector<Eigen::Vector3i> shifts;
    for (int s = 0; s < c.crystal.n_atoms(); ++s) shifts.emplace_back(s % 3 - 1, 2 - s, s % 2);
    const DynamicalMatrices images = test::with_other_images(before, shifts);
    EXPECT_LT(difference(Symmetric(images)(images.blocks), test::with_other_images(expected, shifts).blocks), rounding)
        << c.name;
  }
}

TEST(Symmetrizer, FollowsAPermutationOfTheAtoms) {
  for (const Case& c : cases()) {
    std::vector<int> order;
    for (int s = 0; s < c.crystal.n_atoms(); ++s) order.push_back((5 * s + 1) % c.crystal.n_atoms());
    if (c.crystal.n_atoms() % 5 == 0) continue;
    const DynamicalMatrices before = model_matrices(c.crystal, c.divisions, 13);
    const DynamicalMatrices after = test::reordered(before, order);
    DynamicalMatrices expected = before;
    expected.blocks = Symmetric(before)(before.blocks);
    EXPECT_LT(difference(Symmetric(after)(after.blocks), test::reordered(expected, order).blocks), rounding) << c.name;
  }
}

TEST(Symmetrizer, VectorsAndTensorsAreAveragedOverAllOperations) {
  for (const Case& c : cases()) {
    const Symmetric symmetric(model_matrices(c.crystal, c.divisions, 14));
    const Vectors vectors = random_vectors(c.crystal.n_atoms(), 15);
    const Eigen::Matrix3d tensor = random_vectors(3, 16);
    Vectors mean = Vectors::Zero(c.crystal.n_atoms(), 3);
    Eigen::Matrix3d mean_tensor = Eigen::Matrix3d::Zero();
    const double share = 1.0 / symmetric.symmetrize.n_operations();
    for (const SymmetryOperation& operation : symmetric.group.operations) {
      const Eigen::Matrix3d& s = operation.cartesian;
      for (int at = 0; at < c.crystal.n_atoms(); ++at) {
        mean.row(operation.permutation[at]) += share * vectors.row(at) * s.transpose();
      }
      mean_tensor += share * s * tensor * s.transpose();
    }
    Vectors found = vectors;
    symmetric.symmetrize.vectors(found);
    EXPECT_LT((found - mean).cwiseAbs().maxCoeff(), rounding) << c.name;
    EXPECT_LT((symmetric.symmetrize.tensor(tensor) - mean_tensor).cwiseAbs().maxCoeff(), rounding) << c.name;
    Vectors again = found;
    symmetric.symmetrize.vectors(again);
    EXPECT_LT((again - found).cwiseAbs().maxCoeff(), rounding) << c.name;
  }
}

TEST(KeepingGrid, LeavesTheOperationsThatMapTheGridOntoItself) {
  const Crystal crystal = test::cubic_crystal();
  const SpaceGroup all = find_space_group(crystal);
  ASSERT_EQ(all.operations.size(), 48u);
  EXPECT_EQ(keeping_grid(all, QGrid({2, 2, 2})).operations.size(), 48u);
  // 3x1x1 of the fcc vectors: those that keep the axis b1 = (-1 1 1), the group -3m.
  const QGrid grid({3, 1, 1});
  EXPECT_EQ(keeping_grid(all, grid).operations.size(), 12u);
  EXPECT_COMPLAINT(Symmetrizer(all, crystal, grid),
                   "out of the 3 x 1 x 1 grid: the grid is less symmetric than the crystal");
}

TEST(Symmetrizer, RefusesWhatIsNoGroup) {
  const Crystal crystal = test::diamond_crystal();
  const QGrid grid({2, 2, 2});
  SpaceGroup group = find_space_group(crystal);
  SpaceGroup twice = group;
  twice.operations.push_back(twice.operations[5]);
  EXPECT_COMPLAINT(Symmetrizer(twice, crystal, grid), "symmetry operation 49 occurs twice");
  group.operations.pop_back();
  EXPECT_COMPLAINT(Symmetrizer(group, crystal, grid), "the 47 symmetry operations are not a group");
}

}  // namespace
}  // namespace zeropoint::phonons
