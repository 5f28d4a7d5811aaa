#include "sscha/step_time.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "phonons/symmetrizer.hpp"
#include "potentials/harmonic.hpp"
#include "sscha/draw_and_label.hpp"
#include "sscha/sampling.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::sscha {
namespace {

TEST(StepTime, IsMeasuredWithAllConfigurationsOfASmallEnsembleWhateverDrewIt) {
  const phonons::DynamicalMatrices matrices = test::model_matrices(test::hexagonal_crystal(), {2, 2, 1}, 3);
  const TrialDensity density(matrices, 300, units::codata2022), hotter(matrices, 900, units::codata2022);
  const potentials::HarmonicPotential potential(matrices);
  const auto ensemble = ensemble_in_memory(draw_and_label(potential, density, Sampler(density, {}), 64), "drawn");
  const SpaceGroup group = phonons::keeping_grid(find_space_group(matrices.crystal), matrices.grid);
  // A population would refuse the density that did not draw it.
  const StepTime time = measure_step(*ensemble, hotter, ensemble->size(), density, group, at::kCPU);
  EXPECT_EQ(time.n_measured, 64);
  EXPECT_TRUE(std::isfinite(time.seconds));
  EXPECT_GT(time.seconds, 0);
}

}  // namespace
}  // namespace zeropoint::sscha
