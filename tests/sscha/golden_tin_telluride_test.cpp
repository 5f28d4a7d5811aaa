// SnTe 2x2x2, 16 atoms, 250 K, 10 configurations: far from convergence, algebra only.
#include <algorithm>

#include "tests/sscha/golden.hpp"

namespace zeropoint::test {
namespace {

Golden tin_telluride(const std::string& data, const UnitSet& units) {
  return golden(data + "/ensembles/snte_2x2x2_N10", "dyn_gen_pop1_", 1, 250, units);
}

TEST(GoldenTinTelluride, FreeEnergyOfTheSupercell) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = tin_telluride(data, units::python_sscha);
  const sscha::Population population = set.population();
  const sscha::TrialDensity& start = population.generating();
  const sscha::FreeEnergy f = free_energy(population, reweight(population, start), start);
  EXPECT_NEAR(set.energy(f.total.value), -0.06898399632716758, 7e-12);
  EXPECT_NEAR(set.energy(f.error_by_configuration), 0.0017566124250, 2e-13);
  EXPECT_NEAR(set.energy(f.harmonic), -0.059483043, 1e-9);
  EXPECT_FALSE(population.has_stresses());  // the file holds zeros
}

TEST(GoldenTinTelluride, FrequenciesOfTheGenerator) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const Golden set = tin_telluride(data, units::python_sscha);
  std::vector<double> all;
  for (const auto& row : phonons::frequencies_inverse_cm(phonons::diagonalise(set.generator), set.units)) {
    all.insert(all.end(), row.begin(), row.end());
  }
  std::sort(all.begin(), all.end());
  const std::vector<std::pair<double, int>> levels = {{39.5383, 6}, {50.3768, 3},  {51.4225, 3},
                                                      {72.3141, 6}, {75.8923, 3},  {81.3797, 8},
                                                      {98.2283, 8}, {107.2408, 4}, {121.3713, 4}};
  std::size_t at = 3;  // acoustic
  for (const auto& [omega, degeneracy] : levels) {
    for (int i = 0; i < degeneracy; ++i) EXPECT_NEAR(all.at(at++), omega, 1e-4);
  }
}

TEST(GoldenTinTelluride, GradientTellsWhichBoltzmannConstant) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const struct {
    double kb, raw, symmetrised;
  } rows[2] = {{6.333623e-6, 0.1823103865, 0.0410418525}, {6.336857346553283e-6, 0.1822216640, 0.0410218383}};
  for (const auto& row : rows) {
    const Golden set = tin_telluride(data, units::python_sscha.with_kb_rydberg(row.kb));
    const sscha::Population population = set.population();
    const sscha::TrialDensity& start = population.generating();
    const sscha::Weights weights = reweight(population, start);
    const SpaceGroup none = find_space_group(set.generator.crystal, {.enabled = false});
    const SpaceGroup group = find_space_group(set.generator.crystal);
    EXPECT_EQ(group.operations.size(), 48u);
    const phonons::Symmetrizer identity(none, set.generator.crystal, set.generator.grid);
    const phonons::Symmetrizer symmetrize(group, set.generator.crystal, set.generator.grid);
    // The raw value of the table keeps the translations that ours projects out: 5e-8 of it.
    EXPECT_NEAR(set.force_constant(gradient(population, weights, start, identity).norm), row.raw, 1e-8);
    EXPECT_NEAR(set.force_constant(gradient(population, weights, start, symmetrize).norm), row.symmetrised, 1e-10);
  }
}

}  // namespace
}  // namespace zeropoint::test
