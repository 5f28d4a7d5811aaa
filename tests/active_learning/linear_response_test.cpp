#include "active_learning/linear_response.hpp"

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/tensor_eigen.hpp"
#include "phonons/modes.hpp"
#include "phonons/symmetric_grid.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals_on_grids.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::active_learning {
namespace {

// A harmonic potential that is 5 % stiffer than the trial density: every omega^2 rises by 5 %, F by 5 % of the mean
// potential energy. The points have the second moments of independent normal numbers, so all holds to rounding.
TEST(LinearResponse, IsExactForAHarmonicChange) {
  constexpr double stiffer = 0.05, temperature = 300;
  for (const test::CrystalOnGrid& on : test::crystals_on_grids()) {
    const test::BondModel model = test::BondModel::of_neighbours(on.crystal, on.divisions, 4.5);
    phonons::DynamicalMatrices matrices = model.harmonic(on.crystal);
    int n_turned = 0;
    matrices = phonons::with_absolute_squares(matrices, n_turned);
    const sscha::TrialDensity density(matrices, temperature, units::codata2022);
    const Eigen::MatrixXd amplitudes = test::amplitudes(density);
    const Eigen::Index n = amplitudes.cols();
    Eigen::MatrixXd points(n, 2 * n);
    points << Eigen::MatrixXd::Identity(n, n), -Eigen::MatrixXd::Identity(n, n);
    const at::Tensor u = test::displacements(amplitudes, std::sqrt(static_cast<double>(n)) * points);
    const Configurations labels = test::HarmonicModel(matrices)(on.crystal, u);
    const std::vector<FrequencyBlock> blocks = frequency_blocks(density);
    const LinearResponse response =
        linear_response(density, blocks, u, {stiffer * labels.energies, stiffer * labels.forces, at::Tensor{}, {}});
    int n_modes = 0;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const double square = blocks[b].frequency * blocks[b].frequency;
      EXPECT_NEAR(response.squared_frequencies.col(static_cast<Eigen::Index>(b)).mean(), stiffer * square,
                  1e-9 * square)
          << on.name;
      n_modes += blocks[b].n_degenerate * matrices.grid.stars()[static_cast<std::size_t>(blocks[b].star)];
    }
    EXPECT_EQ(n_modes, 3 * on.crystal.n_atoms() * on.divisions.prod() - 3) << on.name;
    EXPECT_NEAR(response.free_energy.mean(), stiffer * labels.energies.mean().item<double>() / on.divisions.prod(),
                1e-12)
        << on.name;
    EXPECT_EQ(response.pressure.size(), 0);
  }
}

}  // namespace
}  // namespace zeropoint::active_learning
