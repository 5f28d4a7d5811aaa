#include "sscha/minimizer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "phonons/quantum_espresso/dyn.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/reference_data.hpp"
#include "tests/support/sampled_ensemble.hpp"
#include "tests/support/toy_tin_telluride.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::DynamicalMatrices;

/// A crystal, a model of it, and a density that is not its solution.
struct Problem {
  test::BondModel model;
  DynamicalMatrices start;
  double temperature;
  SpaceGroup group;

  Problem(const Crystal& crystal, const Eigen::Vector3i& divisions, double kelvin)
      : model(test::BondModel::of_neighbours(crystal, divisions, 4.6, 0.6)),
        start(model.harmonic(crystal)),
        temperature(kelvin),
        group(keeping_grid(find_space_group(crystal), start.grid)) {}
  TrialDensity density() const { return {start, temperature, units::codata2022}; }
  Configurations draw(Eigen::Index n, unsigned seed) const {
    const Eigen::MatrixXd w = test::amplitudes(density());
    return model(start.crystal, test::displacements(w, test::normal_coordinates(w.cols(), n, seed, true)));
  }
};

Population population_of(const Configurations& configurations, const TrialDensity& density) {
  return {*ensemble_in_memory(configurations, "model"), density, {}};
}

TEST(Minimizer, FindsTheExactSolutionOfTheModelWithinItsError) {
  for (const double temperature : {0.0, 300.0}) {
    Problem problem(test::cmc21_crystal(), {2, 1, 1}, temperature);
    const phonons::Symmetrizer symmetrize(problem.group, problem.start.crystal, problem.start.grid);
    for (unsigned p = 0; p < 4; ++p) {
      const Population population = population_of(problem.draw(2000, 20 + p), problem.density());
      const Minimum minimum = minimize(population, problem.density(), problem.group, {.gradient_to_error = 0.01});
      problem.start = minimum.density.matrices();
      if (p < 3) continue;
      ASSERT_TRUE(minimum.converged()) << explain(minimum.stop_reason);
      const TrialDensity exact = problem.model.solve(problem.density());
      const Estimate found = minimum.evaluation.free_energy.total;
      // F is stationary: its error at the sampled solution is the sampling error alone.
      EXPECT_NEAR(found.value, problem.model.averages(exact).free_energy, 4 * found.standard_error);
      double squares = 0;
      for (std::size_t i = 0; i < exact.matrices().blocks.size(); ++i) {
        squares += (exact.matrices().blocks[i] - problem.start.blocks[i]).squaredNorm();
      }
      EXPECT_LT(std::sqrt(squares), 2 * minimum.evaluation.gradient.error);
      EXPECT_LT(minimum.evaluation.gradient.error, 0.02 * phonons::norm(problem.start.blocks));
    }
  }
}

TEST(Minimizer, FirstReportIsTheStartAndEveryPointCostsOneGradient) {
  const Problem problem(test::cmc21_crystal(), {2, 1, 1}, 300);
  const Population population = population_of(problem.draw(1000, 1), problem.density());
  std::vector<StepReport> seen;
  const Minimum minimum = minimize(population, problem.density(), problem.group, {.gradient_to_error = 0.01},
                                   [&](const StepReport& step) { seen.push_back(step); });
  ASSERT_EQ(seen.size(), minimum.steps.size());
  EXPECT_EQ(minimum.n_gradients, static_cast<int>(seen.size()));
  EXPECT_EQ(seen.front().step_length, 0);
  EXPECT_NEAR(seen.front().effective_size, 1000, 1e-6);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].step, static_cast<int>(i));
    EXPECT_EQ(seen[i].n_gradients, static_cast<int>(i) + 1);
    EXPECT_GE(seen[i].kong_liu_ratio, 0.5);
  }
}

TEST(Minimizer, StopsAtTheLargestNumberOfSteps) {
  const Problem problem(test::cmc21_crystal(), {2, 1, 1}, 300);
  const Population population = population_of(problem.draw(1000, 1), problem.density());
  const Minimum only_evaluated =
      minimize(population, problem.density(), problem.group, {.gradient_to_error = 0, .max_steps = 0});
  EXPECT_EQ(only_evaluated.stop_reason, StopReason::max_steps);
  EXPECT_EQ(only_evaluated.n_gradients, 1);
  const Minimum three =
      minimize(population, problem.density(), problem.group, {.gradient_to_error = 0, .max_steps = 3});
  EXPECT_EQ(three.stop_reason, StopReason::max_steps);
  EXPECT_EQ(three.steps.size(), 4u);
}

TEST(Minimizer, StopsBeforeTooFewConfigurationsCount) {
  const Problem problem(test::cmc21_crystal(), {2, 1, 1}, 300);
  DynamicalMatrices soft = problem.start;
  for (Eigen::MatrixXcd& block : soft.blocks) block *= 0.5;
  const TrialDensity generating(soft, 300, units::codata2022);
  const Population population = test::sample(generating, problem.model, {.n = 1000});
  const Minimum minimum =
      minimize(population, generating, problem.group, {.kong_liu_ratio = 0.6, .gradient_to_error = 0});
  EXPECT_EQ(minimum.stop_reason, StopReason::kong_liu);
  EXPECT_GT(minimum.steps.size(), 1u);
  for (const StepReport& step : minimum.steps) EXPECT_GE(step.kong_liu_ratio, 0.6);
  EXPECT_LT(minimum.steps.back().kong_liu_ratio, 0.7);  // it goes as far as it may
}

/// The whole problem seen in another way: rotated, from another origin, its atoms in another order.
struct View {
  const char* name;
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d origin = Eigen::Vector3d::Zero();
  std::vector<int> order;

  DynamicalMatrices operator()(const DynamicalMatrices& matrices) const {
    return test::with_origin_moved(test::rotated(test::reordered(matrices, order), rotation), origin);
  }
  Configurations operator()(const Configurations& all) const {
    at::Tensor index = at::empty({all.displacements.size(1)}, at::kLong);
    const std::int64_t n_sites = static_cast<std::int64_t>(order.size());
    for (std::int64_t i = 0; i < index.numel(); ++i) {
      index.mutable_data_ptr<std::int64_t>()[i] = i / n_sites * n_sites + order[i % n_sites];
    }
    Eigen::Matrix3d columns = rotation;  // its column-major storage is that of the transpose
    const at::Tensor transposed = at::from_blob(columns.data(), {3, 3}, at::kDouble).clone();
    return {all.displacements.index_select(1, index).matmul(transposed), all.energies,
            all.forces.index_select(1, index).matmul(transposed),
            transposed.t().matmul(all.stresses).matmul(transposed)};
  }
};

TEST(Minimizer, FollowsTheWholeProblemInAnyView) {
  Problem problem(test::cmc21_crystal(), {2, 2, 1}, 100);
  problem.start = problem.model.solve(problem.density()).matrices();
  for (Eigen::MatrixXcd& block : problem.start.blocks) block *= 1.08;
  const Configurations configurations = problem.draw(1000, 3);
  const MinimizeOptions options{.kong_liu_ratio = 0.1, .gradient_to_error = 0.01};
  const Minimum plain =
      minimize(population_of(configurations, problem.density()), problem.density(), problem.group, options);
  ASSERT_TRUE(plain.converged()) << explain(plain.stop_reason);
  ASSERT_GT(plain.steps.size(), 4u);
  const std::vector<int> same{0, 1, 2, 3};
  for (const View& view : {View{.name = "rotated", .rotation = test::some_rotation(), .order = same},
                           View{.name = "from another origin", .origin = {0.4, -1.3, 0.7}, .order = same},
                           View{.name = "in another order", .order = {2, 0, 3, 1}}}) {
    const TrialDensity start(view(problem.start), problem.temperature, units::codata2022);
    const SpaceGroup group = keeping_grid(find_space_group(start.matrices().crystal), start.matrices().grid);
    ASSERT_EQ(group.operations.size(), problem.group.operations.size());
    const Minimum seen = minimize(population_of(view(configurations), start), start, group, options);
    ASSERT_EQ(seen.steps.size(), plain.steps.size()) << view.name;
    for (std::size_t i = 0; i < seen.steps.size(); ++i) {
      EXPECT_NEAR(seen.steps[i].free_energy.value, plain.steps[i].free_energy.value, 1e-9) << view.name;
      EXPECT_NEAR(seen.steps[i].gradient, plain.steps[i].gradient, 1e-9) << view.name;
    }
    const DynamicalMatrices expected = view(plain.density.matrices());
    EXPECT_LT(test::difference(seen.density.matrices().blocks, expected.blocks), 1e-9) << view.name;
    EXPECT_LT((seen.density.matrices().crystal.positions - expected.crystal.positions).cwiseAbs().maxCoeff(), 1e-9)
        << view.name;
    const Eigen::Matrix3d stress = view.rotation * plain.evaluation.stress->value * view.rotation.transpose();
    EXPECT_LT((seen.evaluation.stress->value - stress).cwiseAbs().maxCoeff(), 1e-9) << view.name;
  }
}

test::ToyTinTelluride toy_of(const std::string& data) {
  return {phonons::read_qe_dyn(data + "/toy/snte/ffield_dynq", units::python_sscha), units::python_sscha};
}

TEST(ToyTinTelluride, HasTheStoredEnergiesAndForces) {
  // F3ToyModel 1.1 has one single-precision square root: 2e-8 Ry and Ry/bohr.
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const UnitSet& units = units::python_sscha;
  const DynamicalMatrices generator = phonons::read_qe_dyn(data + "/ensembles/snte_2x2x2_N10/dyn_gen_pop1_", units);
  const auto ensemble = open_ensemble({.path = data + "/ensembles/snte_2x2x2_N10"}, generator.supercell(), units);
  const Configurations stored = ensemble->read(0, 10), found = toy_of(data)(generator.crystal, stored.displacements);
  EXPECT_LT((found.energies - stored.energies).abs().max().item<double>(), 2e-8 * units.rydberg);
  EXPECT_LT((found.forces - stored.forces).abs().max().item<double>(), 2e-8 * units.rydberg_per_bohr());
  EXPECT_NEAR(stored.energies[0].item<double>() / units.rydberg, 0.02369222, 1e-8);
}

double lowest_optical(const TrialDensity& density) {
  double lowest = 1e9;
  for (const phonons::Modes& modes : density.modes()) {
    for (Eigen::Index mu = 0; mu < modes.frequencies.size(); ++mu) {
      if (!modes.acoustic[mu]) lowest = std::min(lowest, modes.frequencies[mu]);
    }
  }
  return density.units().inverse_cm(lowest);
}

/// Populations of `n` until the minimiser converges `n_converged` times; every accepted point must be positive.
std::vector<double> soft_mode(const test::ToyTinTelluride& toy, DynamicalMatrices start, double temperature, int n,
                              std::size_t n_converged) {
  const UnitSet& units = units::codata2022;
  const SpaceGroup group = find_space_group(start.crystal);
  EXPECT_EQ(group.operations.size(), 48u);
  TrialDensity density(std::move(start), temperature, units);
  std::vector<double> found;
  for (unsigned p = 0; p < 30 && found.size() < n_converged; ++p) {
    const Population population = test::sample(density, toy, {.n = n, .seed = 50 + p, .antithetic = true});
    const Minimum minimum = minimize(population, density, group, {.gradient_to_error = 0.05});
    for (const StepReport& step : minimum.steps) {
      for (std::size_t iq = 0; iq < step.frequencies.size(); ++iq) {
        for (std::size_t mu = iq == static_cast<std::size_t>(density.matrices().grid.gamma()) ? 3 : 0; mu < 6; ++mu) {
          EXPECT_GT(step.frequencies[iq][mu], 0);
        }
      }
    }
    density = minimum.density;
    if (minimum.converged()) found.push_back(lowest_optical(density));
  }
  return found;
}

TEST(ToyTinTelluride, SoftModeOfTheSolutionAt50KelvinIsTheKnownOne) {
  // 20.21 +- 0.03 cm^-1: mean of 24 antithetic populations of 8000 by an independent evaluation of the same equations.
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const auto start = phonons::read_qe_dyn(data + "/toy/snte/final_sscha_T100_", units::codata2022);
  const std::vector<double> found = soft_mode(toy_of(data), start, 50, 4000, 8);
  ASSERT_EQ(found.size(), 8u);
  double mean = 0, square = 0;
  for (const double w : found) mean += w / 8;
  for (const double w : found) square += (w - mean) * (w - mean) / 7;
  const double error = std::sqrt(square / 8 + 0.03 * 0.03);
  EXPECT_NEAR(mean, 20.21, 4 * error);
  EXPECT_LT(error, 0.2);
}

TEST(ToyTinTelluride, EveryAcceptedPointIsPositiveWhereTheModeNearlyCollapses) {
  // At T = 0 the mode is at 7.8 cm^-1, and a plain step of 0.2 makes it imaginary.
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const auto start = phonons::read_qe_dyn(data + "/toy/snte/final_sscha_T50_", units::codata2022);
  const std::vector<double> found = soft_mode(toy_of(data), start, 0, 2000, 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_LT(found.back(), 15);
}

}  // namespace
}  // namespace zeropoint::sscha
