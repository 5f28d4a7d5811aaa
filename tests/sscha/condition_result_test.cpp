// What a condition leaves: numbers per unit cell, and the file that an interrupted ladder reads again.
#include "sscha/condition_result.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "sscha/solution_file.hpp"
#include "tests/support/bond_potential.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::sscha {
namespace {

/// A small loop under pressure, with its solution.
struct Case {
  Condition condition{200, 12 / units::gpa_per_ev_angstrom3};
  Crystal crystal = test::cubic_crystal();
  test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6);
  TrialDensity start{model.harmonic(crystal), condition.temperature, units::codata2022};
  SpaceGroup group = phonons::keeping_grid(find_space_group(crystal), start.matrices().grid);
  LoopResult loop =
      relax_populations(test::BondPotential(model), start, group,
                        {.sizes = {100}, .maximum = 2, .cell = CellKind::isotropic, .pressure = *condition.pressure});
  SolutionErrors errors = solution_errors(loop.population, loop.minimum, group, true);
  Solution solution{start, loop.minimum, errors, group, loop.population.size()};
};

TEST(ConditionResult, CountsPerUnitCell) {
  const Case the;
  const ConditionResult result = result_at(the.condition, the.solution, the.loop);
  const Minimum& minimum = the.loop.minimum;
  const Estimate& energy = minimum.evaluation.free_energy.total;
  const phonons::DynamicalMatrices& matrices = minimum.density.matrices();
  EXPECT_DOUBLE_EQ(result.free_energy.value, energy.value / 8);
  EXPECT_DOUBLE_EQ(result.free_energy.standard_error, energy.standard_error / 8);
  EXPECT_NEAR(result.entropy.value * units::codata2022.kb_free_energy,
              phonons::harmonic_entropy(minimum.density.modes(), 200, units::codata2022) / 8, 1e-15);
  EXPECT_EQ(result.settled, the.loop.settled);
  EXPECT_EQ(result.explanation, the.loop.explain());
  EXPECT_EQ(result.n_populations, static_cast<int>(the.loop.reports.size()));
  EXPECT_EQ(result.volume(), matrices.crystal.volume());
  EXPECT_DOUBLE_EQ(result.gibbs_free_energy().value, energy.value / 8 + *the.condition.pressure * result.volume());
  // dV = -V dP/B, and a third of that relatively for a length.
  const Estimate& pressure = minimum.evaluation.stress->pressure;
  ASSERT_TRUE(result.volume_error() && result.cell_length_errors());
  EXPECT_DOUBLE_EQ(*result.volume_error(), result.volume() * pressure.standard_error / the.loop.bulk_modulus);
  EXPECT_DOUBLE_EQ((*result.cell_length_errors())[0] / result.cell_lengths()[0],
                   *result.volume_error() / result.volume() / 3);
}

TEST(ConditionResult, HasTheLowestFrequencyWithItsError) {
  const Case the;
  const ConditionResult result = result_at(the.condition, the.solution, the.loop);
  const auto frequencies = phonons::frequencies_inverse_cm(the.loop.minimum.density.modes(), units::codata2022);
  double lowest = 1e9, error = 0;
  for (std::size_t iq = 0; iq < frequencies.size(); ++iq) {
    for (std::size_t mode = 0; mode < frequencies[iq].size(); ++mode) {
      if (frequencies[iq][mode] < 1e-3 || frequencies[iq][mode] > lowest - 1e-6) continue;
      lowest = frequencies[iq][mode];
      error = the.errors.frequencies[iq][mode];
    }
  }
  EXPECT_NEAR(result.lowest.value, lowest, 1e-6);
  EXPECT_NEAR(result.lowest.standard_error, error, 1e-6 * error);
}

TEST(ConditionResult, KnowsNoErrorOfACellThatIsGiven) {
  const Case the;
  ConditionResult result = result_at(the.condition, the.solution, the.loop);
  result.bulk_modulus = 0;
  EXPECT_FALSE(result.volume_error());
  EXPECT_FALSE(result.cell_length_errors());
}

TEST(ConditionResult, IsReadAsItWasWritten) {
  const Case the;
  const test::TemporaryFolder folder;
  const std::string path = folder / "result.h5";
  EXPECT_FALSE(read_condition(path, the.condition));
  write_solution(path, the.solution, "", 1);
  EXPECT_FALSE(read_condition(path, the.condition)) << "a condition that has not come to its end";
  ConditionResult result = result_at(the.condition, the.solution, the.loop);
  result.cell_at_rest = 4.5 * Eigen::Matrix3d::Identity();
  result.extrapolation = {.n = 3, .weight = 0.02, .largest = 0.7};
  add_condition(path, result);
  add_condition(path, result);  // a second time instead of the first

  const std::optional<ConditionResult> read = read_condition(path, the.condition);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->condition.name(), the.condition.name());
  EXPECT_EQ(read->matrices.blocks, result.matrices.blocks);
  EXPECT_EQ(read->settled, result.settled);
  EXPECT_EQ(read->explanation, result.explanation);
  EXPECT_EQ(read->n_populations, result.n_populations);
  const auto expect_same = [](const Estimate& a, const Estimate& b) {
    EXPECT_EQ(a.value, b.value);
    EXPECT_EQ(a.standard_error, b.standard_error);
  };
  expect_same(read->free_energy, result.free_energy);
  expect_same(read->entropy, result.entropy);
  expect_same(read->lowest, result.lowest);
  expect_same(read->pressure.value(), result.pressure.value());
  EXPECT_EQ(read->bulk_modulus, result.bulk_modulus);
  EXPECT_EQ(read->extrapolation.value().n, 3);
  EXPECT_EQ(read->extrapolation->weight, 0.02);
  EXPECT_EQ(read->extrapolation->largest, 0.7);
  EXPECT_EQ(read->cell_at_rest.value(), *result.cell_at_rest);

  EXPECT_FALSE(read_condition(path, {the.condition.temperature + 1, the.condition.pressure}));
  result.pressure.reset();
  result.extrapolation.reset();
  result.cell_at_rest.reset();
  add_condition(path, result);
  const std::optional<ConditionResult> without = read_condition(path, the.condition);
  EXPECT_FALSE(without->pressure || without->extrapolation || without->cell_at_rest);
}

TEST(ConditionResult, HasDerivativesAlongItsOwnPressure) {
  std::vector<ConditionResult> results;
  std::vector<ThermalPoint> points;
  for (const double pressure : {0.0, 0.1}) {
    for (const double temperature : {100.0, 200.0, 300.0}) {
      ConditionResult result{.condition = {temperature, pressure},
                             .matrices = test::model_matrices(test::cubic_crystal(), {1, 1, 1}, 3)};
      result.matrices.crystal.cell *= 1 + 1e-5 * temperature + pressure;
      result.entropy = {(1 + pressure) * temperature, 0.5};
      result.pressure = Estimate{pressure, 1e-3};
      result.bulk_modulus = 0.5;
      if (pressure == 0) points.push_back({temperature, {result.volume(), *result.volume_error()}, result.entropy});
      results.push_back(std::move(result));
    }
  }
  results.push_back({.condition = {100, 0.2}, .matrices = results[0].matrices});
  add_derivatives(results);
  const std::vector<ThermalDerivatives> expected = thermal_derivatives(points);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(results[i].derivatives);
    EXPECT_EQ(results[i].derivatives->thermal_expansion.value, expected[i].thermal_expansion.value);
    EXPECT_EQ(results[i].derivatives->thermal_expansion.standard_error, expected[i].thermal_expansion.standard_error);
    EXPECT_NEAR(results[3 + i].derivatives->heat_capacity.value, 1.1 * results[i].condition.temperature, 1e-9);
  }
  EXPECT_FALSE(results.back().derivatives);
}

}  // namespace
}  // namespace zeropoint::sscha
