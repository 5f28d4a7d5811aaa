// Several populations in one: the balance heuristic, on an anharmonic oscillator whose averages are known.
#include <ATen/ops/cat.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sscha/evaluation.hpp"
#include "sscha/minimizer.hpp"
#include "sscha/sampling.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

const test::OscillatorModel oscillator{.k = {1.5, 8, 9}, .c = {2, 0, 0}, .g = {9, 0, 0}, .rest = {1.9, 0.2, -0.1}};
constexpr double mass_1 = 1, mass_2 = 7;

TrialDensity density_of(double force_constant, double centroid, double temperature) {
  Crystal crystal;
  crystal.cell = 6 * Eigen::Matrix3d::Identity();
  crystal.positions = Vectors::Zero(2, 3);
  crystal.positions.row(1) = Eigen::RowVector3d(1.9 + centroid, 0.2, -0.1);
  crystal.species = {"H", "F"};
  crystal.masses = Eigen::Vector2d(mass_1, mass_2);
  const Eigen::Matrix3d phi = Eigen::Vector3d(force_constant, 8, 9).asDiagonal();
  Eigen::MatrixXcd block(6, 6);
  block << phi, -phi, -phi, phi;
  return {phonons::DynamicalMatrices{crystal, phonons::QGrid({1, 1, 1}), {block}, {}, 0, ""}, temperature,
          units::codata2022};
}

/// F_harm + <V - V^Phi>, moments of a Gaussian with mean r and variance s in x; y and z are harmonic.
double exact_free_energy(double force_constant, double r, double temperature) {
  const TrialDensity density = density_of(force_constant, r, temperature);
  const double mass = mass_1 * mass_2 / (mass_1 + mass_2);
  const double s = phonons::squared_amplitude(std::sqrt(force_constant / mass), temperature, units::codata2022) / mass;
  const double v = 0.5 * oscillator.k[0] * (r * r + s) + oscillator.c[0] * (r * r * r + 3 * r * s) +
                   oscillator.g[0] * (r * r * r * r + 6 * r * r * s + 3 * s * s);
  return density.harmonic_free_energy() + v - 0.5 * force_constant * s;
}

/// Labelled configurations of a density, kept alive beside it.
struct Drawn {
  TrialDensity density;
  std::unique_ptr<Ensemble> ensemble;
  PopulationPart part() const { return {ensemble.get(), density}; }
};

template <class Model>
Drawn draw(const TrialDensity& density, const Model& model, std::int64_t n, const SamplingOptions& options) {
  const at::Tensor u = Sampler(density, options).displacements(0, n);
  return {density,
          ensemble_in_memory(model(density.matrices().crystal, u), fmt::format("part {}", options.population))};
}

const PopulationOptions unchecked{.check_generator = false};

TEST(MergedPopulation, IsUnbiasedWithHonestErrorsThatAreSmallerThanThoseOfEitherPart) {
  // Two generators on either side of the target, with other centroids and temperatures.
  const TrialDensity target = density_of(7, -0.02, 300);
  const double exact = exact_free_energy(7, -0.02, 300);
  const phonons::Symmetrizer none(find_space_group(target.matrices().crystal, {.enabled = false}),
                                  target.matrices().crystal, target.matrices().grid);
  for (const SamplingMethod method : {SamplingMethod::random, SamplingMethod::antithetic}) {
    double sum = 0, squares = 0, chi_squared = 0;
    double alone[2] = {0, 0};
    constexpr int n_seeds = 500;
    for (int seed = 0; seed < n_seeds; ++seed) {
      const auto options = [&](std::uint32_t population) {
        return SamplingOptions{.method = method, .seed = static_cast<std::uint64_t>(seed), .population = population};
      };
      const Drawn a = draw(density_of(5.5, 0.02, 200), oscillator, 300, options(1));
      const Drawn b = draw(density_of(9, -0.05, 500), oscillator, 200, options(2));
      const Population merged({a.part(), b.part()}, unchecked);
      EXPECT_EQ(merged.pairing().n_pairs, method == SamplingMethod::antithetic ? 250 : 0);
      const Estimate f = free_energy(merged, reweight(merged, target), target).total;
      sum += f.value - exact;
      squares += (f.value - exact) * (f.value - exact);
      chi_squared += std::pow((f.value - exact) / f.standard_error, 2);
      int i = 0;
      for (const Drawn* part : {&a, &b}) {
        const Population single(*part->ensemble, part->density, unchecked);
        const double error = free_energy(single, reweight(single, target), target).total.value - exact;
        alone[i++] += error * error;
      }
    }
    EXPECT_LT(std::abs(sum), 4 * std::sqrt(squares))
        << "mean error " << sum / n_seeds << ", rms " << std::sqrt(squares / n_seeds);
    EXPECT_GT(chi_squared / n_seeds, 0.8);
    EXPECT_LT(chi_squared / n_seeds, 1.25);
    EXPECT_LT(squares, 0.9 * alone[0]);
    EXPECT_LT(squares, 0.9 * alone[1]);
  }
}

TEST(MergedPopulation, OfOneDensityIsThePopulationOfAllItsConfigurations) {
  const TrialDensity density(test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 1), 300, units::codata2022);
  const test::HarmonicModel model(test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 2));
  const Drawn a = draw(density, model, 200, {.population = 1}), b = draw(density, model, 100, {.population = 2});
  const at::Tensor u = at::cat({a.ensemble->read(0, 200).displacements, b.ensemble->read(0, 100).displacements});
  const auto all = ensemble_in_memory(model(density.matrices().crystal, u), "all");
  const Population merged({a.part(), b.part()}, unchecked), whole(*all, density, unchecked);
  EXPECT_EQ(merged.pairing().n_pairs, whole.pairing().n_pairs);
  phonons::DynamicalMatrices other = density.matrices();
  for (Eigen::MatrixXcd& block : other.blocks) block *= 1.05;
  const TrialDensity target(other, 320, units::codata2022);
  const Weights one = reweight(merged, target), two = reweight(whole, target);
  EXPECT_NEAR(one.effective_size, two.effective_size, 1e-9 * two.effective_size);
  EXPECT_NEAR(one.sum, two.sum, 1e-9 * two.sum);
  EXPECT_NEAR(free_energy(merged, one, target).total.value, free_energy(whole, two, target).total.value, 1e-11);
}

TEST(MergedPopulation, KeepsTheWeightsNearOneWhereTheMixtureCoversTheTarget) {
  // Alone, the far population has hardly any weight left; in the mixture its configurations cost nothing.
  const TrialDensity near = density_of(7, 0, 300), far = density_of(40, 0.1, 10);
  const Drawn a = draw(near, oscillator, 500, {.population = 1}), b = draw(far, oscillator, 500, {.population = 2});
  const Population alone(*b.ensemble, far, unchecked), merged({a.part(), b.part()}, unchecked);
  EXPECT_LT(reweight(alone, near).kong_liu_ratio(), 0.25);
  const Weights weights = reweight(merged, near);
  EXPECT_GT(weights.kong_liu_ratio(), 0.3);
  EXPECT_LE(weights.values.max().item<double>(), 2 + 1e-9) << "w <= N / N_k, whatever the other part is";
}

TEST(MergedPopulation, AcceptsPartsWithTheirPointsInAnotherOrderAndRefusesOtherCrystals) {
  const phonons::DynamicalMatrices matrices = test::model_matrices(test::triclinic_crystal(), {3, 2, 1}, 1);
  const test::HarmonicModel model(matrices);
  const TrialDensity first(matrices, 300, units::codata2022);
  phonons::DynamicalMatrices reversed = matrices;
  std::vector<Eigen::Vector3d> points(matrices.grid.points().rbegin(), matrices.grid.points().rend());
  reversed.grid = phonons::QGrid(points, std::vector<int>(points.size(), 1));
  std::reverse(reversed.blocks.begin(), reversed.blocks.end());
  const TrialDensity second(reversed, 300, units::codata2022);
  const Drawn a = draw(first, model, 100, {.population = 1}), b = draw(second, model, 100, {.population = 2});
  const Population merged({a.part(), b.part()});
  EXPECT_NEAR(reweight(merged, first).kong_liu_ratio(), 1, 1e-12);

  phonons::DynamicalMatrices larger = matrices;
  larger.crystal.cell *= 1.01;
  larger.crystal.positions *= 1.01;
  const Drawn c{TrialDensity(larger, 300, units::codata2022),
                ensemble_in_memory(b.ensemble->read(0, 100), "a larger cell")};
  EXPECT_COMPLAINT(Population({a.part(), c.part()}), "a larger cell: its cell differs by");
}

TEST(MergedPopulation, LeadsToTheSolutionOfItsModelWithinErrors) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.2);
  const TrialDensity exact = model.solve(TrialDensity(model.harmonic(crystal), 300, units::codata2022));
  phonons::DynamicalMatrices softer = exact.matrices();
  for (Eigen::MatrixXcd& block : softer.blocks) block *= 0.9;
  const Drawn a = draw(exact, model, 1000, {.population = 1});
  const Drawn b = draw(TrialDensity(softer, 250, units::codata2022), model, 1000, {.population = 2});
  const Population merged({b.part(), a.part()});
  const SpaceGroup group = find_space_group(crystal);
  const TrialDensity start(softer, 300, units::codata2022);
  const Minimum minimum = minimize(merged, start, group, {.kong_liu_ratio = 0.1, .gradient_to_error = 0});
  ASSERT_TRUE(minimum.converged()) << explain(minimum.stop_reason);
  const double f = model.averages(exact).free_energy;
  const Estimate& found = minimum.evaluation.free_energy.total;
  EXPECT_LT(std::abs(found.value - f), 5 * found.standard_error)
      << found.value << " +- " << found.standard_error << ", exact " << f;
}

}  // namespace
}  // namespace zeropoint::sscha
