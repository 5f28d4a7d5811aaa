// A purely harmonic potential: everything is known, for any number of configurations.
#include <gtest/gtest.h>

#include <cmath>

#include "sscha/minimizer.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/crystals_on_grids.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::DynamicalMatrices;

DynamicalMatrices truth(const Crystal& crystal, const Eigen::Vector3i& divisions) {
  DynamicalMatrices matrices = test::model_matrices(crystal, divisions, 1);
  const SpaceGroup group = keeping_grid(find_space_group(crystal), matrices.grid);
  phonons::Symmetrizer(group, crystal, matrices.grid).matrices(matrices.blocks);
  return matrices;
}

using Case = test::CrystalOnGrid;

TEST(HarmonicCrystal, HasNoGradientNoErrorAndItsOwnFreeEnergyAtTheTrueMatrices) {
  for (const Case& c : test::crystals_on_grids()) {
    const DynamicalMatrices matrices = truth(c.crystal, c.divisions);
    const test::HarmonicModel model(matrices);
    const phonons::Symmetrizer none(find_space_group(c.crystal, {.enabled = false}), c.crystal, matrices.grid);
    for (const double temperature : {0.0, 400.0}) {
      for (const int n : {5, 64}) {
        const TrialDensity density(matrices, temperature, units::codata2022);
        const Population population = test::sample(density, model, {.n = n, .population = {.check_generator = false}});
        const Evaluation at = evaluate(population, density, none);
        EXPECT_NEAR(at.free_energy.total.value, density.harmonic_free_energy(), 1e-12) << c.name;
        EXPECT_LT(at.free_energy.total.standard_error, 1e-13) << c.name;
        EXPECT_LT(at.gradient.norm, 1e-10) << c.name;
        EXPECT_LT(at.gradient.forces.norm(), 1e-12) << c.name;
        // F_harm does not depend on the cell at fixed force constants; -f u and f u cancel in every configuration.
        EXPECT_LT(at.stress->value.cwiseAbs().maxCoeff(), 1e-14) << c.name;
        EXPECT_LT(at.stress->standard_error.cwiseAbs().maxCoeff(), 1e-14) << c.name;
        EXPECT_GT(at.stress->static_part.cwiseAbs().maxCoeff(), 1e-5) << c.name;
      }
    }
  }
}

TEST(HarmonicCrystal, IsFoundToRoundingFromAnotherStart) {
  for (const Case& c : test::crystals_on_grids()) {
    const DynamicalMatrices matrices = truth(c.crystal, c.divisions);
    const SpaceGroup group = keeping_grid(find_space_group(c.crystal), matrices.grid);
    for (const double temperature : {0.0, 400.0}) {
      DynamicalMatrices start = matrices;
      for (std::size_t i = 0; i < start.blocks.size(); ++i)
        start.blocks[i] *= 1.03 + 0.02 * std::cos(static_cast<double>(i));
      phonons::Symmetrizer(group, c.crystal, start.grid).matrices(start.blocks);
      const TrialDensity density(start, temperature, units::codata2022);
      const Population population = test::sample(density, test::HarmonicModel(matrices), {.n = 800, .seed = 3});
      const Minimum minimum = minimize(population, density, group, {.kong_liu_ratio = 0.1, .gradient_to_error = 0});
      EXPECT_TRUE(minimum.converged()) << c.name << ": " << explain(minimum.stop_reason);
      EXPECT_LT(test::difference(minimum.density.matrices().blocks, matrices.blocks), 1e-7) << c.name;
      EXPECT_LT((minimum.density.matrices().crystal.positions - c.crystal.positions).cwiseAbs().maxCoeff(), 1e-8)
          << c.name;
      const TrialDensity exact(matrices, temperature, units::codata2022);
      EXPECT_NEAR(minimum.evaluation.free_energy.total.value, exact.harmonic_free_energy(), 1e-10) << c.name;
    }
  }
}

TEST(HarmonicCrystal, CentroidsReturnToTheSites) {
  const Case c = test::crystals_on_grids()[0];
  const DynamicalMatrices matrices = truth(c.crystal, c.divisions);
  DynamicalMatrices start = matrices;
  for (Eigen::Index i = 0; i < start.crystal.positions.size(); ++i) {
    start.crystal.positions.data()[i] += 0.006 * std::sin(static_cast<double>(3 * i));
  }
  const TrialDensity density(start, 300, units::codata2022);
  const SpaceGroup group = find_space_group(start.crystal);
  const Population population = test::sample(density, test::HarmonicModel(matrices), {.n = 800, .seed = 4});
  const Minimum minimum = minimize(population, density, group, {.kong_liu_ratio = 0.1, .gradient_to_error = 0});
  EXPECT_TRUE(minimum.converged());
  Vectors moved = minimum.density.matrices().crystal.positions - c.crystal.positions;
  moved.rowwise() -= moved.row(0).eval();  // the crystal as a whole has no place
  EXPECT_LT(moved.cwiseAbs().maxCoeff(), 1e-8);
  EXPECT_LT(test::difference(minimum.density.matrices().blocks, matrices.blocks), 1e-7);
  const Minimum held =
      minimize(population, density, group, {.kong_liu_ratio = 0.1, .gradient_to_error = 0, .centroids = false});
  EXPECT_LT((held.density.matrices().crystal.positions - start.crystal.positions).cwiseAbs().maxCoeff(), 1e-14);
}

}  // namespace
}  // namespace zeropoint::sscha
