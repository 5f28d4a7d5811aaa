// The free-energy Hessian of the SnTe toy model: its phase transition, and whether its errors are true.
#include <gtest/gtest.h>

#include <cmath>

#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/hessian.hpp"
#include "sscha/minimizer.hpp"
#include "tests/support/reference_data.hpp"
#include "tests/support/sampled_ensemble.hpp"
#include "tests/support/toy_tin_telluride.hpp"

namespace zeropoint::sscha {
namespace {

const UnitSet& unit_set = units::codata2022;

test::ToyTinTelluride toy_of(const std::string& data) {
  return {phonons::read_qe_dyn(data + "/toy/snte/ffield_dynq", units::python_sscha), units::python_sscha};
}

TrialDensity stored_solution(const std::string& data, int temperature) {
  return {phonons::read_qe_dyn(data + "/toy/snte/final_sscha_T" + std::to_string(temperature) + "_", unit_set),
          static_cast<double>(temperature), unit_set};
}

double inverse_cm2(double square) { return square * std::pow(unit_set.inverse_cm(1), 2); }

/// omega^2 of the optical mode at Gamma and its standard error, cm^-2.
Estimate optical(const Hessian& hessian) {
  const auto gamma = static_cast<std::size_t>(hessian.matrices.grid.gamma());
  for (std::size_t mode = 0; mode < hessian.modes[gamma].acoustic.size(); ++mode) {
    if (hessian.modes[gamma].acoustic[mode]) continue;
    const double w = hessian.modes[gamma].frequencies[static_cast<Eigen::Index>(mode)];
    return {inverse_cm2(w * std::abs(w)), inverse_cm2(hessian.squared_errors[gamma][mode])};
  }
  return {};
}

TEST(TinTellurideHessian, SoftensAsTheSharpRowsDo) {
  // Means over 24 populations of 8000 by an independent evaluation of the same equations, at matrices of its own;
  // Hermite terms off.
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  struct Row {
    int temperature;
    Estimate third, fourth;  // cm^-2
  };
  const test::ToyTinTelluride toy = toy_of(data);
  for (const Row& row : {Row{150, {-11, 11}, {36, 30}}, Row{200, {178, 18}, {261, 30}}, Row{250, {352, 15}, {490, 30}},
                         Row{300, {560, 29}, {750, 30}}}) {
    TrialDensity density = stored_solution(data, row.temperature);
    const SpaceGroup group = find_space_group(density.matrices().crystal);
    const auto converge = [&](Eigen::Index n, unsigned seed) {
      Population population = test::sample(density, toy, {.n = n, .seed = seed, .antithetic = true});
      const Minimum minimum = minimize(population, density, group, {.gradient_to_error = 0.02});
      EXPECT_TRUE(minimum.converged()) << row.temperature;
      density = minimum.density;
      return population;
    };
    converge(20000, 1);
    const Population population = converge(50000, 2);
    for (const int order : {3, 4}) {
      const Estimate found =
          optical(free_energy_hessian(population, density, group, {.order = order, .hermite_terms = false}));
      const Estimate& expected = order == 3 ? row.third : row.fourth;
      EXPECT_LT(found.standard_error, 40) << row.temperature << " K, order " << order;
      EXPECT_LT(std::abs(found.value - expected.value), 3 * std::hypot(found.standard_error, expected.standard_error))
          << row.temperature << " K, order " << order << ": " << found.value << " +- " << found.standard_error;
    }
  }
}

TEST(TinTellurideHessian, DeviatesByItsErrorsFromThatOfManyConfigurations) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const test::ToyTinTelluride toy = toy_of(data);
  const TrialDensity density = stored_solution(data, 250);
  const SpaceGroup group = find_space_group(density.matrices().crystal);
  constexpr int n = 3000, n_seeds = 100;
  for (const int order : {3, 4}) {
    const Hessian truth = free_energy_hessian(test::sample(density, toy, {.n = 60 * n, .seed = 7, .antithetic = true}),
                                              density, group, {.order = order});
    double sum = 0;
    int count = 0;
    for (unsigned seed = 0; seed < n_seeds; ++seed) {
      const Hessian found =
          free_energy_hessian(test::sample(density, toy, {.n = n, .seed = 1000 + seed, .antithetic = true}), density,
                              group, {.order = order});
      for (const HessianReport& report : found.reports) {
        const auto iq = static_cast<std::size_t>(report.iq);
        const Eigen::MatrixXcd patterns = displacement_patterns(found.modes[iq], density.matrices().crystal);
        const Eigen::VectorXd there = (patterns.adjoint() * truth.matrices.blocks[iq] * patterns).diagonal().real();
        for (Eigen::Index mode = 0; mode < there.size(); ++mode) {
          if (found.modes[iq].acoustic[mode]) continue;
          const double w = found.modes[iq].frequencies[mode];
          sum += std::pow((w * std::abs(w) - there[mode]) / found.squared_errors[iq][mode], 2);
          ++count;
        }
      }
    }
    EXPECT_EQ(count, 15 * n_seeds);  // some of the same degenerate set
    EXPECT_GT(sum / count, 0.7) << order;
    EXPECT_LT(sum / count, 1.4) << order;
  }
}

}  // namespace
}  // namespace zeropoint::sscha
