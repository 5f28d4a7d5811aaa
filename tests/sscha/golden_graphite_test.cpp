// Graphite 6x6x1, 144 atoms, T = 0: most q differ from -q. The only published ensemble of that kind.
#include "sscha/reference_minimizer.hpp"
#include "tests/sscha/golden.hpp"

namespace zeropoint::test {
namespace {

Golden graphite(const std::string& data) {
  return golden(data + "/ensembles/graphite_6x6x1", "dyn_gen_pop1_", 1, 0, units::python_sscha);
}

std::vector<double> non_acoustic(const std::vector<double>& frequencies) {
  return {frequencies.begin() + 3, frequencies.end()};
}

void expect_all_near(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << "mode " << i;
}

TEST(GoldenGraphite, FreeEnergyAndRawGradientAtTheGenerator) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = graphite(data);
  const sscha::Population population = set.population();
  EXPECT_EQ(population.pairing().n_pairs, 250);
  const sscha::TrialDensity& start = population.generating();
  const sscha::Weights weights = reweight(population, start);
  const sscha::FreeEnergy f = free_energy(population, weights, start);
  EXPECT_NEAR(set.energy(f.total.value), 1.5345520040523302, 1.6e-10);
  EXPECT_NEAR(set.energy(f.error_by_configuration), 0.000361630396, 1e-12);
  EXPECT_NEAR(set.energy(f.harmonic), 1.774686921402334, 1.8e-10);
  const Estimate energy = average(weights, population.energies(), population.pairing());
  EXPECT_NEAR(set.energy(energy.value + population.mean_energy()), 0.6411045285, 1e-10);

  const SpaceGroup none = find_space_group(set.generator.crystal, {.enabled = false});
  const phonons::Symmetrizer identity(none, set.generator.crystal, set.generator.grid);
  const sscha::Gradient gradient = sscha::gradient(population, weights, start, identity);
  EXPECT_NEAR(set.force_constant(gradient.norm), 0.05965026298, 1e-8);
  const double per_q[5] = {0.0092357, 0.00809111, 0.00809111, 0.01187856, 0.01187856};
  for (std::size_t iq = 0; iq < 5; ++iq)
    EXPECT_NEAR(set.force_constant(gradient.matrices[iq].norm()), per_q[iq], 1e-7) << iq;
}

TEST(GoldenGraphite, TheToleranceDecidesTheGroup) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = graphite(data);
  const SpaceGroup tight = find_space_group(set.generator.crystal, {.tolerance = 1e-5});
  EXPECT_EQ(tight.operations.size(), 4u);
  EXPECT_EQ(tight.symbol, "Cmm2");
  const SpaceGroup loose = find_space_group(set.generator.crystal, {.tolerance = 1e-4});
  EXPECT_EQ(loose.operations.size(), 8u);
  EXPECT_EQ(loose.symbol, "Cmme");
}

TEST(GoldenGraphite, SymmetrisedGradient) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = graphite(data);
  const sscha::Population population = set.population();
  const SpaceGroup group = find_space_group(set.generator.crystal);
  const phonons::Symmetrizer symmetrize(group, set.generator.crystal, set.generator.grid);
  phonons::DynamicalMatrices averaged = set.generator;
  symmetrize.matrices(averaged.blocks);
  const sscha::TrialDensity start(averaged, 0, set.units);
  const sscha::Evaluation first = evaluate(population, start, symmetrize);
  EXPECT_NEAR(set.force_constant(first.gradient.norm), 0.032643275208807, 1e-8);
  const double diagonal[3] = {-0.00155783, -0.00125249, -0.00085393};
  for (int i = 0; i < 3; ++i)
    EXPECT_NEAR(set.force_constant(first.gradient.matrices[0](i, i).real()), diagonal[i], 1e-8);
  const sscha::ReferenceErrors errors = reference_errors(population, first, start, 4);
  EXPECT_NEAR(set.force_constant(errors.matrices), 0.041673403997, 1e-6 * 0.0417);
  EXPECT_NEAR(errors.centroids, 1.4270201906757e-4, 1e-6 * 1.43e-4);
}

TEST(GoldenGraphite, FixedStepsFollowTheReference) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = graphite(data);
  const sscha::Population population = set.population();
  const SpaceGroup group = find_space_group(set.generator.crystal);
  const sscha::Minimum minimum =
      minimize_as_reference(population, population.generating(), group, {.gradient_to_error = 0, .max_steps = 6},
                            {.step = 0.04, .centroid_step = 0.04, .line_search = false});
  const double f[7] = {0.04262644455700913, 0.042626271810169584, 0.04262608883771244, 0.04262589361703081,
                       0.04262568373392833, 0.042625456281759115, 0.04262520772974038};
  const double f_error[7] = {1.00452888e-5, 1.00204418e-5, 1.00072630e-5, 1.00095212e-5,
                             1.00322159e-5, 1.00819781e-5, 1.01675958e-5};
  const double gc[6] = {0.03264327520880649,  0.03136707223783935, 0.03019966433233164,
                        0.029156116688037224, 0.02825753681687844, 0.027532692523103794};
  const double gw[6] = {8.225033095310327e-05, 4.988303291755421e-05, 3.321947312338253e-05,
                        5.721518369150131e-05, 9.937667398704095e-05, 0.00014856942056141315};
  const double n_eff[7] = {500, 499.15556, 496.30335, 490.89564, 482.29927, 469.82428, 452.78493};
  ASSERT_EQ(minimum.steps.size(), 7u);
  for (std::size_t i = 0; i < 7; ++i) {
    const sscha::StepReport& step = minimum.steps[i];
    EXPECT_NEAR(set.energy(step.free_energy.value) / 36, f[i], 1e-9) << i;
    EXPECT_NEAR(set.energy(step.free_energy_error_by_configuration) / 36, f_error[i], 1e-13) << i;
    EXPECT_NEAR(step.effective_size, n_eff[i], 5e-4) << i;
    if (i == 6) continue;
    EXPECT_NEAR(set.force_constant(step.gradient), gc[i], 1e-6 * gc[i]) << i;
    EXPECT_NEAR(step.centroid_gradient, gw[i], 1e-6 * gw[i]) << i;
  }
  EXPECT_NEAR(set.force_constant(minimum.steps[5].gradient_error), 0.041177909119, 1e-6 * 0.0412);
  EXPECT_NEAR(minimum.steps[5].centroid_error, 1.3957278211546e-4, 1e-6 * 1.4e-4);

  const Vectors centroids =
      minimize_as_reference(population, population.generating(), group, {.gradient_to_error = 0, .max_steps = 5},
                            {.step = 0.04, .centroid_step = 0.04, .line_search = false})
          .density.matrices()
          .crystal.positions;
  EXPECT_NEAR(centroids.col(2).minCoeff(), -0.010932343574835737, 1e-9);
  EXPECT_NEAR(centroids.col(2).maxCoeff(), 3.4709325552085613, 1e-9);
  const auto& before = minimum.steps.front().frequencies;
  const auto& after = minimum.steps[5].frequencies;  // the sixth point recorded, after five steps
  expect_all_near(non_acoustic(before[0]),
                  {22.1809, 41.8799, 79.7096, 870.1258, 871.3055, 1560.5025, 1561.0236, 1561.3877, 1561.7203}, 1e-3);
  expect_all_near(non_acoustic(after[0]),
                  {16.5217, 41.3997, 79.5888, 869.9642, 871.4766, 1560.6936, 1561.2352, 1561.3803, 1561.9288}, 1e-3);
  expect_all_near(before[1],
                  {81.7534, 109.3729, 326.1689, 328.3858, 525.9623, 526.1653, 841.9004, 842.4764, 1503.4954, 1504.2119,
                   1554.5684, 1555.2621},
                  1e-3);
  expect_all_near(after[1],
                  {80.8458, 109.0788, 326.254, 328.4158, 525.9385, 526.1189, 841.881, 842.5064, 1503.4304, 1504.0186,
                   1554.5531, 1555.2575},
                  1e-3);
}

}  // namespace
}  // namespace zeropoint::test
