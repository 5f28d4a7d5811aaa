// The free-energy Hessian in the space of pairs against its definition in real space, on random labels.
#include "sscha/hessian.hpp"

#include <ATen/ops/eye.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <random>
#include <unsupported/Eigen/KroneckerProduct>

#include "core/parallel.hpp"
#include "phonons/symmetrizer.hpp"
#include "sscha/star_averages.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/dense_hessian.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

using Method = HessianOptions::Method;

/// A hexagonal lattice of one atom, or of two different ones where C3v is the site group: no inversion.
Crystal hexagonal(int n_atoms) {
  Crystal crystal;
  crystal.cell << 3.1, 0, 0, -1.55, 3.1 * std::sqrt(3.0) / 2, 0, 0, 0, 4.4;
  crystal.positions = Vectors::Zero(n_atoms, 3);
  crystal.species = {"Zn", "S"};
  crystal.species.resize(static_cast<std::size_t>(n_atoms));
  crystal.masses = Eigen::Vector2d(9, 4).head(n_atoms);
  if (n_atoms == 2) crystal.positions.row(1) = Eigen::RowVector3d(1.0 / 3, 2.0 / 3, 0.3) * crystal.cell;
  return crystal;
}

Crystal orthorhombic(int n_atoms) {
  Crystal crystal = hexagonal(n_atoms);
  crystal.cell = Eigen::Vector3d(3.0, 3.4, 3.9).asDiagonal();
  if (n_atoms == 2) crystal.positions.row(1) = Eigen::RowVector3d(0.5, 0.5, 0.3) * crystal.cell;
  return crystal;
}

/// C3v of the hexagonal lattice: three rotations about z and three mirrors that hold z.
SpaceGroup group_c3v(const Crystal& crystal) {
  Eigen::Matrix3i turn, mirror;
  turn << 0, -1, 0, 1, -1, 0, 0, 0, 1;
  mirror << 0, -1, 0, -1, 0, 0, 0, 0, 1;
  std::vector<Eigen::Matrix3i> rotations = {Eigen::Matrix3i::Identity(), turn, turn * turn};
  for (int i = 0; i < 3; ++i) rotations.push_back(rotations[i] * mirror);
  return {.number = 156,
          .symbol = "P3m1",
          .tolerance = 1e-5,
          .operations =
              complete_operations(crystal, rotations, std::vector<Eigen::Vector3d>(6, Eigen::Vector3d::Zero()), 1e-5)};
}

SpaceGroup group_two_fold(const Crystal& crystal) {
  return {
      .number = 3,
      .symbol = "P2",
      .tolerance = 1e-5,
      .operations = complete_operations(crystal, {Eigen::Matrix3i::Identity(), Eigen::Vector3i(-1, -1, 1).asDiagonal()},
                                        std::vector<Eigen::Vector3d>(2, Eigen::Vector3d::Zero()), 1e-5)};
}

/// Two equal atoms that a glide plane exchanges: half a cell along x, z turned round.
Crystal with_glide() {
  Crystal crystal = orthorhombic(2);
  crystal.species = {"S", "S"};
  crystal.masses.setConstant(4);
  crystal.positions.row(0) = Eigen::RowVector3d(0.1, 0.2, 0.2) * crystal.cell;
  crystal.positions.row(1) = Eigen::RowVector3d(0.6, 0.2, -0.2) * crystal.cell;
  return crystal;
}

SpaceGroup group_glide(const Crystal& crystal) {
  return {
      .number = 7,
      .symbol = "Pc",
      .tolerance = 1e-5,
      .operations = complete_operations(crystal, {Eigen::Matrix3i::Identity(), Eigen::Vector3i(1, 1, -1).asDiagonal()},
                                        {Eigen::Vector3d::Zero(), Eigen::Vector3d(0.5, 0, 0)}, 1e-5)};
}

struct Case {
  std::string name;
  Crystal crystal;
  Eigen::Vector3i divisions;
  SpaceGroup group;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const int n_atoms : {1, 2}) {
    const std::string atoms = std::to_string(n_atoms) + " atom, ";
    const Crystal general = orthorhombic(n_atoms), trigonal = hexagonal(n_atoms);
    const SpaceGroup none = find_space_group(general, {.enabled = false});
    all.push_back({atoms + "3x1x1, 1 operation", general, {3, 1, 1}, none});
    all.push_back({atoms + "3x1x1, 2 operations", general, {3, 1, 1}, group_two_fold(general)});
    all.push_back({atoms + "4x1x1, 2 operations", general, {4, 1, 1}, group_two_fold(general)});
    all.push_back({atoms + "2x3x1, 1 operation", general, {2, 3, 1}, none});
    all.push_back({atoms + "2x3x1, 2 operations", general, {2, 3, 1}, group_two_fold(general)});
    all.push_back({atoms + "3x3x1, 6 operations", trigonal, {3, 3, 1}, group_c3v(trigonal)});
  }
  const Crystal glide = with_glide();
  all.push_back({"2 atoms, 3x1x1, a glide plane", glide, {3, 1, 1}, group_glide(glide)});
  return all;
}

/// Labels that have nothing to do with the displacements, and forces of the size of the harmonic ones.
Configurations random_labels(const Crystal&, const at::Tensor& displacements) {
  Configurations all{
      displacements.clone(), displacements.new_zeros({displacements.size(0)}), displacements.clone(), {}};
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (std::int64_t i = 0; i < all.forces.numel(); ++i) all.forces.data_ptr<double>()[i] = normal(random);
  return all;
}

struct RandomEnsemble {
  TrialDensity generating, target;
  Configurations configurations;
};

RandomEnsemble random_ensemble(const Case& c, double temperature, Eigen::Index n) {
  phonons::DynamicalMatrices matrices = test::model_matrices(c.crystal, c.divisions, 3);
  phonons::DynamicalMatrices other = test::model_matrices(c.crystal, c.divisions, 5);
  const phonons::Symmetrizer symmetrize(c.group, c.crystal, matrices.grid);
  symmetrize.matrices(matrices.blocks);
  symmetrize.matrices(other.blocks);
  const TrialDensity generating(matrices, temperature, units::codata2022),
      target(other, temperature, units::codata2022);
  const Eigen::MatrixXd w = test::amplitudes(generating);
  const at::Tensor u = test::displacements(w, test::normal_coordinates(w.cols(), n, 11, false));
  return {generating, target, random_labels(c.crystal, u)};
}

Population population_of(const Configurations& configurations, const TrialDensity& generating) {
  return {*ensemble_in_memory(configurations, "random labels"), generating, {.check_generator = false}};
}

/// In the order of the ensemble.
std::vector<double> weights_of(const Population& population, const Weights& weights) {
  std::vector<double> all(static_cast<std::size_t>(population.size()));
  for (std::int64_t c = 0; c < population.size(); ++c) {
    all[population.order()[static_cast<std::size_t>(c)]] = weights.values[c].item<double>();
  }
  return all;
}

double relative_difference(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, const Eigen::MatrixXd& without) {
  return (a - b).norm() / (b - without).norm();
}

double relative_difference(const Hessian& a, const Hessian& b) {
  double difference = 0, size = 0;
  for (std::size_t iq = 0; iq < a.matrices.blocks.size(); ++iq) {
    difference += (a.matrices.blocks[iq] - b.matrices.blocks[iq]).squaredNorm();
    size += (b.matrices.blocks[iq] - b.density.matrices().blocks[iq]).squaredNorm();
  }
  return std::sqrt(difference / size);
}

TEST(FreeEnergyHessian, IsTheDenseOneOfRealSpace) {
  for (const Case& c : cases()) {
    const int n_atoms = c.crystal.n_atoms() * c.divisions.prod();
    const bool small = n_atoms <= 6, large = n_atoms > 12;  // the dense way takes the sixth power
    for (const double temperature : {0.0, 300.0}) {
      if (large && temperature == 0) continue;
      const RandomEnsemble random = random_ensemble(c, temperature, 12);
      const Population population = population_of(random.configurations, random.generating);
      for (const bool reweighted : {false, true}) {
        if (reweighted && !small) continue;
        const TrialDensity& density = reweighted ? random.target : random.generating;
        for (const bool hermite : {true, false}) {
          if (large && !hermite) continue;
          const Hessian found =
              free_energy_hessian(population, density, c.group, {.method = Method::dense, .hermite_terms = hermite});
          const test::DenseHessian expected = test::dense_hessian(
              found.density, random.configurations, weights_of(population, found.weights), c.group, hermite);
          const Eigen::MatrixXd auxiliary = test::dense(found.density.matrices());
          const std::string name = c.name + ", T = " + std::to_string(temperature) + (hermite ? ", Hermite" : "");
          EXPECT_LT(relative_difference(test::dense(found.matrices), expected.full, auxiliary), 1e-9) << name;
          phonons::DynamicalMatrices bubble = found.matrices;
          bubble.blocks = found.bubble;
          EXPECT_LT(relative_difference(test::dense(bubble), expected.third_only, auxiliary), 1e-9) << name;
          EXPECT_LT(found.largest_residual(), 1e-10) << name;

          const Hessian iterated = free_energy_hessian(
              population, density, c.group,
              {.method = Method::krylov, .tolerance = 1e-13, .hermite_terms = hermite, .errors = false});
          EXPECT_LT(relative_difference(iterated, found), 1e-9) << name;
          for (std::size_t i = 0; i < found.reports.size(); ++i) {
            // Lanczos steps end when the lowest eigenvalue stands still.
            EXPECT_NEAR(iterated.reports[i].smallest_eigenvalue, found.reports[i].smallest_eigenvalue,
                        2e-2 * std::abs(found.reports[i].smallest_eigenvalue) + 1e-2)
                << name << ", q " << found.reports[i].iq;
          }
        }
      }
    }
  }
}

/// What turns forces of the supercell [M] into those of unit-variance modes, [modes of all q, M]: the answer to unit
/// forces.
Eigen::MatrixXcd mode_frame(const TrialDensity& density) {
  const std::int64_t m = 3 * density.matrices().supercell().n_atoms();
  const at::Tensor none = at::zeros({m, m / 3, 3}, at::kDouble);
  const Configurations forces{none, at::zeros({m}, at::kDouble), at::eye(m, at::kDouble).view({m, m / 3, 3}), {}};
  const Population population = population_of(forces, density);
  const Weights weights = reweight(population, density);
  const ModeSamples samples(population, weights, density);
  Eigen::MatrixXcd frame(samples.rows().size(), m);
  samples.for_each_piece(m, [&](const ModeChunk& chunk, std::int64_t first) {
    const at::Tensor phi = chunk.phi.to(at::kComplexDouble).t().contiguous();
    for (std::int64_t c = 0; c < phi.size(0); ++c) {
      const auto* values = reinterpret_cast<const std::complex<double>*>(phi.const_data_ptr()) + c * phi.size(1);
      frame.col(population.order()[first + c]) = Eigen::Map<const Eigen::VectorXcd>(values, phi.size(1));
    }
  });
  return frame;
}

/// Elements of a matrix over [mode1 mode2, mode] or [mode1 mode2, mode3 mode4] that belong to a block of pairs, in its
/// order.
std::vector<Eigen::Index> rows_of(const ModeRows& rows, const PairSpace::Block& block) {
  std::vector<Eigen::Index> all;
  for (std::int64_t a = 0; a < block.n1; ++a) {
    for (std::int64_t b = 0; b < block.n2; ++b) {
      all.push_back(rows.first[block.q1] + a + rows.size() * (rows.first[block.q2] + b));
    }
  }
  return all;
}

Eigen::MatrixXcd matrix_of(const at::Tensor& tensor) {
  const at::Tensor columns = tensor.resolve_conj().to(at::kComplexDouble).t().contiguous();
  return Eigen::Map<const Eigen::MatrixXcd>(reinterpret_cast<const std::complex<double>*>(columns.const_data_ptr()),
                                            tensor.size(0), tensor.size(1));
}

TEST(AnharmonicAverages, AreTheDenseTensorsOfRealSpace) {
  for (const Case& c : cases()) {
    if (c.crystal.n_atoms() * c.divisions.prod() > 9) continue;  // the dense way takes the sixth power
    const RandomEnsemble random = random_ensemble(c, 300, 12);
    const Population population = population_of(random.configurations, random.generating);
    for (const bool hermite : {true, false}) {
      const Hessian hessian =
          free_energy_hessian(population, random.generating, c.group, {.order = 3, .errors = false});
      const TrialDensity& density = hessian.density;
      const test::DenseHessian dense = test::dense_hessian(density, random.configurations,
                                                           weights_of(population, hessian.weights), c.group, hermite);
      const Eigen::MatrixXcd frame = mode_frame(density);
      const Eigen::MatrixXcd pair_frame = Eigen::kroneckerProduct(frame, frame);
      const Eigen::MatrixXcd third = pair_frame * dense.third * frame.adjoint();
      const Eigen::MatrixXcd fourth = pair_frame * dense.fourth * pair_frame.adjoint();

      const ModeSamples samples(population, hessian.weights, density);
      ModeMoments moments = mode_moments(samples);
      if (!hermite) moments.gradients.clear();
      const phonons::QGrid& grid = density.matrices().grid;
      std::vector<PairSpace> spaces;
      for (int iq = 0; iq < grid.size(); ++iq) spaces.emplace_back(samples.rows(), grid, iq, at::kCPU);
      const ModeRotations rotations(density, c.group, samples.rows(), samples.options());
      for (const Star& star : find_stars(rotations, grid)) {
        const StarAverages averages(samples, moments, rotations, spaces, star);
        std::vector<at::Tensor> bare;
        for (const StarMember& member : star.members) {
          bare.push_back(AnharmonicAverages(samples, moments, spaces[member.iq]).third());
        }
        const at::Tensor found3 = averages.third(bare), found4 = averages.fourth();
        const PairSpace& space = averages.space();
        const auto columns3 = Eigen::seqN(samples.rows().first[star.iq], samples.rows().count(star.iq));
        for (const PairSpace::Block& left : space.blocks()) {
          if (left.size == 0) continue;
          const std::vector<Eigen::Index> rows = rows_of(samples.rows(), left);
          EXPECT_LT((matrix_of(space.expanded(found3, left).flatten(0, 1)) - third(rows, columns3)).norm(),
                    1e-12 * third.norm())
              << c.name;
          const at::Tensor half = space.expanded(found4, left).flatten(0, 1).conj().t();
          for (const PairSpace::Block& right : space.blocks()) {
            if (right.size == 0) continue;
            const Eigen::MatrixXcd block = matrix_of(space.expanded(half, right).flatten(0, 1)).adjoint();
            EXPECT_LT((block - fourth(rows, rows_of(samples.rows(), right))).norm(), 1e-12 * fourth.norm()) << c.name;
          }
        }
      }
    }
  }
}

TEST(FreeEnergyHessian, MakesTheMatrixWhereIterationsAreTooMany) {
  const Case c{"2 atoms, 4x3x3", orthorhombic(2), {4, 3, 3}, find_space_group(orthorhombic(2), {.enabled = false})};
  const RandomEnsemble random = random_ensemble(c, 300, 40);
  const Population population = population_of(random.configurations, random.generating);
  for (const HessianReport& report : plan_hessian(random.generating, c.group, 40, {}, at::kCPU))
    EXPECT_FALSE(report.dense);
  const Hessian matrix =
      free_energy_hessian(population, random.generating, c.group, {.method = Method::dense, .errors = false});
  const Hessian fallen_back =
      free_energy_hessian(population, random.generating, c.group, {.max_iterations = 3, .errors = false});
  for (const HessianReport& report : fallen_back.reports) EXPECT_TRUE(report.dense);
  EXPECT_EQ(test::difference(fallen_back.matrices.blocks, matrix.matrices.blocks), 0);
  // Without room for the matrix the residual says how far it came.
  const Hessian unsolved = free_energy_hessian(population, random.generating, c.group,
                                               {.max_iterations = 3, .errors = false, .memory_limit = 1000});
  for (const HessianReport& report : unsolved.reports) EXPECT_FALSE(report.dense);
  EXPECT_GT(unsolved.largest_residual(), 1e-6);
}

TEST(FreeEnergyHessian, OfAllSymmetryImagesIsThatOfRotatedVectors) {
  for (const Case& c : cases()) {
    if (c.group.operations.size() == 1) continue;
    const RandomEnsemble random = random_ensemble(c, 300, 16);
    const Hessian rotated =
        free_energy_hessian(population_of(random.configurations, random.generating), random.generating, c.group);
    const Configurations images =
        test::symmetry_images(random.configurations, random.generating.matrices().supercell(), c.group, false);
    const SpaceGroup none = find_space_group(c.crystal, {.enabled = false});
    const Hessian replicated = free_energy_hessian(population_of(images, random.generating), random.generating, none);
    EXPECT_LT(relative_difference(rotated, replicated), 1e-9) << c.name;
    EXPECT_LE(rotated.reports.size(), replicated.reports.size()) << c.name;
    if (c.group.operations.size() == 6) {
      EXPECT_EQ(rotated.reports.size(), 3u) << c.name;  // of 5 pairs q, -q
    }
    EXPECT_NEAR(rotated.smallest_eigenvalue(), replicated.smallest_eigenvalue(),
                1e-9 * std::abs(replicated.smallest_eigenvalue()))
        << c.name;
  }
}

TEST(FreeEnergyHessian, IsTheDenseOneAtOtherCentroidsAndAnotherTemperature) {
  const Case c{"2 atoms, 3x1x1", orthorhombic(2), {3, 1, 1}, find_space_group(orthorhombic(2), {.enabled = false})};
  const RandomEnsemble random = random_ensemble(c, 300, 12);
  phonons::DynamicalMatrices matrices = random.target.matrices();
  const Eigen::RowVector3d moved(0.02, -0.01, 0.03);
  matrices.crystal.positions.row(1) += moved;
  const TrialDensity target(matrices, 420, units::codata2022);
  const Population population = population_of(random.configurations, random.generating);
  const Hessian found = free_energy_hessian(population, target, c.group);
  Configurations seen = random.configurations;  // from the new centroids
  seen.displacements = seen.displacements.clone();
  auto u = seen.displacements.accessor<double, 3>();
  for (std::int64_t i = 0; i < u.size(0); ++i) {
    for (std::int64_t atom = 1; atom < u.size(1); atom += 2) {
      for (int axis = 0; axis < 3; ++axis) u[i][atom][axis] -= moved[axis];
    }
  }
  const test::DenseHessian expected =
      test::dense_hessian(found.density, seen, weights_of(population, found.weights), c.group, true);
  EXPECT_LT(relative_difference(test::dense(found.matrices), expected.full, test::dense(found.density.matrices())),
            1e-9);
  EXPECT_LT(found.weights.kong_liu_ratio(), 0.99);
}

TEST(FreeEnergyHessian, IsHermitianAndConjugateAtTheNegativePoint) {
  const Case c = cases()[0];
  const RandomEnsemble random = random_ensemble(c, 0, 12);
  const Hessian hessian =
      free_energy_hessian(population_of(random.configurations, random.generating), random.generating, c.group);
  const phonons::QGrid& grid = hessian.matrices.grid;
  for (int iq = 0; iq < grid.size(); ++iq) {
    const Eigen::MatrixXcd& h = hessian.matrices.blocks[iq];
    EXPECT_LT((h - h.adjoint()).norm(), 1e-12 * h.norm() + 1e-15);
    EXPECT_LT((h - hessian.matrices.blocks[grid.minus(iq)].conjugate()).norm(), 1e-12 * h.norm() + 1e-15);
  }
}

TEST(FreeEnergyHessian, DoesNotDependOnChunksNorOnWhereTheyLie) {
  for (const Case& c : {cases()[1], cases()[4]}) {
    const RandomEnsemble random = random_ensemble(c, 300, 200);
    const auto ensemble = ensemble_in_memory(random.configurations, "random labels");
    const Population whole(*ensemble, random.generating, {.check_generator = false});
    const Population streamed(*ensemble, random.generating,
                              {.chunk_size = 16, .memory_limit = 1, .check_generator = false});
    ASSERT_TRUE(streamed.streams());
    for (const Method method : {Method::dense, Method::krylov}) {
      const HessianOptions options{.method = method, .tolerance = 1e-13};
      const Hessian a = free_energy_hessian(whole, random.generating, c.group, options);
      const Hessian b = free_energy_hessian(streamed, random.generating, c.group, options);
      EXPECT_LT(relative_difference(a, b), 1e-10) << c.name;
      for (std::size_t iq = 0; iq < a.squared_errors.size(); ++iq) {
        for (std::size_t i = 0; i < a.squared_errors[iq].size(); ++i) {
          EXPECT_NEAR(a.squared_errors[iq][i], b.squared_errors[iq][i], 1e-8 * a.squared_errors[iq][i]) << c.name;
        }
      }
    }
  }
}

TEST(FreeEnergyHessian, HasTheSameBitsForAnyNumberOfThreads) {
  const int before = threads();
  const Case c = cases().back();
  const RandomEnsemble random = random_ensemble(c, 300, 300);
  for (const Method method : {Method::dense, Method::krylov}) {
    std::vector<Hessian> all;
    for (const int n_threads : {1, 2, 5}) {
      set_threads(n_threads);
      all.push_back(free_energy_hessian(population_of(random.configurations, random.generating), random.target, c.group,
                                        {.method = method}));
    }
    for (std::size_t i = 1; i < all.size(); ++i) {
      EXPECT_EQ(test::difference(all[i].matrices.blocks, all[0].matrices.blocks), 0);
      EXPECT_EQ(all[i].squared_errors, all[0].squared_errors);
    }
  }
  set_threads(before);
}

TEST(FreeEnergyHessian, PlansWhatItThenDoes) {
  const Case c = cases()[4];
  const RandomEnsemble random = random_ensemble(c, 0, 40);
  const HessianOptions options{.errors = false};
  const Hessian done =
      free_energy_hessian(population_of(random.configurations, random.generating), random.generating, c.group, options);
  const std::vector<HessianReport> plan = plan_hessian(random.generating, c.group, 40, options, at::kCPU);
  ASSERT_EQ(plan.size(), done.reports.size());
  for (std::size_t i = 0; i < plan.size(); ++i) {
    EXPECT_EQ(plan[i].iq, done.reports[i].iq);
    EXPECT_EQ(plan[i].dense, done.reports[i].dense);
    EXPECT_EQ(plan[i].n_pairs, done.reports[i].n_pairs);
  }
  // Matrices that do not fit are not made.
  for (const HessianReport& report :
       plan_hessian(random.generating, c.group, 1000000, {.memory_limit = 1000}, at::kCPU)) {
    EXPECT_FALSE(report.dense);
  }
}

TEST(FreeEnergyHessian, RefusesAnUnknownOrder) {
  const Case c = cases()[0];
  const RandomEnsemble random = random_ensemble(c, 0, 4);
  const Population population = population_of(random.configurations, random.generating);
  EXPECT_COMPLAINT(free_energy_hessian(population, random.generating, c.group, {.order = 5}), "order = 5");
}

}  // namespace
}  // namespace zeropoint::sscha
