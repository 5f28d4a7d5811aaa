// Populations on a potential, one after another, against what is known of the potential.
#include "sscha/population_loop.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "potentials/harmonic.hpp"
#include "potentials/tin_telluride.hpp"
#include "sscha/solution_errors.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/bond_potential.hpp"
#include "tests/support/coupled_oscillator.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/reference_data.hpp"

namespace zeropoint::sscha {
namespace {

SpaceGroup group_of(const phonons::DynamicalMatrices& matrices) {
  return phonons::keeping_grid(find_space_group(matrices.crystal), matrices.grid);
}

TEST(PopulationLoop, EndsWithOnePopulationOfAHarmonicCrystalAtItsOwnMatrices) {
  for (const double temperature : {0.0, 300.0}) {
    const phonons::DynamicalMatrices matrices = test::model_matrices(test::hexagonal_crystal(), {2, 2, 1}, 3);
    const SpaceGroup group = group_of(matrices);
    const phonons::Symmetrizer symmetrize(group, matrices.crystal, matrices.grid);
    const TrialDensity start = symmetrized({matrices, temperature, units::codata2022}, group, symmetrize);
    const LoopResult found =
        relax_populations(potentials::HarmonicPotential(start.matrices()), start, group, {.sizes = {100, 200}});
    EXPECT_TRUE(found.settled) << found.explain();
    ASSERT_EQ(found.reports.size(), 1u);
    EXPECT_LT(test::difference(found.minimum.density.matrices().blocks, start.matrices().blocks), 1e-9);
    const FreeEnergy& free_energy = found.minimum.evaluation.free_energy;
    EXPECT_NEAR(free_energy.total.value, free_energy.harmonic, 1e-9);
    EXPECT_LT(free_energy.total.standard_error, 1e-10);
  }
}

TEST(PopulationLoop, FindsTheMatricesOfAHarmonicCrystalFromOthersWithTwoPopulations) {
  const phonons::DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {2, 2, 2}, 3);
  const SpaceGroup group = group_of(matrices);
  const phonons::Symmetrizer symmetrize(group, matrices.crystal, matrices.grid);
  const TrialDensity truth = symmetrized({matrices, 200, units::codata2022}, group, symmetrize);
  phonons::DynamicalMatrices other = truth.matrices();
  for (Eigen::MatrixXcd& block : other.blocks) block *= 1.1;
  const LoopResult found =
      relax_populations(potentials::HarmonicPotential(truth.matrices()), {other, 200, units::codata2022}, group,
                        {.sizes = {2000}, .minimize = {.gradient_to_error = 0}});
  EXPECT_TRUE(found.settled) << found.explain();
  EXPECT_EQ(found.reports.size(), 2u);
  EXPECT_LT(test::difference(found.minimum.density.matrices().blocks, truth.matrices().blocks), 1e-6);
}

TEST(PopulationLoop, SolvesAnharmonicOscillatorsExactly) {
  for (const test::CoupledOscillator& oscillator : test::oscillators()) {
    const test::ExactSolution exact = test::exact_solution(oscillator);
    const TrialDensity start =
        test::density_of(oscillator, Eigen::Vector3d::Zero(), Eigen::Vector3d(5, 8, 10).asDiagonal());
    const SpaceGroup group = find_space_group(start.matrices().crystal, {.enabled = false});
    const LoopResult found =
        relax_populations(oscillator, start, group, {.sizes = {2000, 10000}, .final_size = 100000});
    ASSERT_TRUE(found.settled) << oscillator.name << ": " << found.explain();
    const Estimate& free_energy = found.minimum.evaluation.free_energy.total;
    EXPECT_LT(std::abs(free_energy.value - exact.free_energy), 4 * free_energy.standard_error) << oscillator.name;
    EXPECT_LT(free_energy.standard_error, 2e-4) << oscillator.name;
    const SolutionErrors errors = solution_errors(found.population, found.minimum, group, true);
    const TrialDensity truth = test::density_of(oscillator, exact.r, exact.phi);
    for (Eigen::Index mode = 3; mode < 6; ++mode) {
      const double square = std::pow(found.minimum.density.modes()[0].frequencies[mode], 2);
      const double error = errors.squared_frequencies[0][mode];
      EXPECT_LT(std::abs(square - std::pow(truth.modes()[0].frequencies[mode], 2)), 4 * error + 1e-9)
          << oscillator.name << ", mode " << mode;
      EXPECT_LT(error, 0.02 * square) << oscillator.name << ", mode " << mode;
    }
    const Vectors& positions = found.minimum.density.matrices().crystal.positions;
    const Eigen::Vector3d r = (positions.row(1) - positions.row(0)).transpose() - oscillator.rest;
    for (Eigen::Index axis = 0; axis < 3; ++axis) {
      const double error = errors.centroids(0, axis) + errors.centroids(1, axis);
      // The harmonic axes have next to no noise: there the threshold of the gradient is what is left.
      EXPECT_LT(std::abs(r[axis] - exact.r[axis]), 4 * error + 1e-6) << oscillator.name << ", axis " << axis;
    }
  }
}

phonons::DynamicalMatrices repaired_tin_telluride(const phonons::DynamicalMatrices& harmonic) {
  int n_repaired = 0;
  return phonons::with_absolute_squares(harmonic, n_repaired);
}

void expect_positive(const LoopResult& found) {
  for (const PopulationReport& report : found.reports) {
    for (const auto& at_q : report.end.frequencies) {
      for (const double w : at_q) EXPECT_GT(w, -1e-3) << "population " << report.number;
    }
  }
}

TEST(PopulationLoop, ReachesThePublishedSolutionsOfTinTelluride) {
  // Means over 24 populations of 8000 by an independent evaluation of the same equations, each temperature from the one
  // above.
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const UnitSet& units = units::codata2022;
  const phonons::DynamicalMatrices harmonic = phonons::read_qe_dyn(data + "/toy/snte/ffield_dynq", units);
  const potentials::ToyTinTelluride toy(harmonic);
  phonons::DynamicalMatrices start = repaired_tin_telluride(harmonic);
  const SpaceGroup group = group_of(start);
  struct Row {
    double temperature;
    Estimate free_energy, gamma;  // meV per cell, cm^-1
    std::vector<double> x, l;
  };
  for (const Row& row : {Row{300,
                             {-166.376, 0.024},
                             {55.85, 0.05},
                             {40.77, 40.77, 52.64, 75.09, 75.09, 78.01},
                             {82.83, 82.83, 99.39, 99.39, 108.23, 122.18}},
                         Row{250,
                             {-119.559, 0.019},
                             {51.18, 0.07},
                             {39.86, 39.86, 50.88, 72.15, 72.15, 75.97},
                             {81.22, 81.22, 98.22, 98.22, 107.15, 121.09}},
                         Row{200,
                             {-76.864, 0.016},
                             {45.71, 0.03},
                             {38.76, 38.76, 48.70, 69.06, 69.06, 73.90},
                             {79.49, 79.49, 96.87, 96.87, 105.95, 119.96}},
                         Row{150,
                             {-39.315, 0.013},
                             {39.10, 0.05},
                             {37.32, 37.32, 46.04, 65.77, 65.77, 71.80},
                             {77.67, 77.67, 95.49, 95.49, 104.64, 118.74}},
                         Row{100,
                             {-8.619, 0.009},
                             {30.89, 0.05},
                             {35.42, 35.42, 42.76, 62.29, 62.29, 69.82},
                             {75.74, 75.74, 94.03, 94.03, 103.34, 117.47}}}) {
    SCOPED_TRACE(row.temperature);
    const LoopResult found = relax_populations(toy, {start, row.temperature, units}, group,
                                               {.sizes = {1000, 2000, 5000, 10000, 40000}, .final_size = 430000});
    EXPECT_TRUE(found.settled) << found.explain();
    expect_positive(found);
    const Estimate& free_energy = found.minimum.evaluation.free_energy.total;
    EXPECT_LT(free_energy.standard_error / 8 * 1e3, 0.01);
    EXPECT_LT(std::abs(free_energy.value / 8 * 1e3 - row.free_energy.value),
              3 * std::hypot(free_energy.standard_error / 8 * 1e3, row.free_energy.standard_error));
    const SolutionErrors errors = solution_errors(found.population, found.minimum, group, true);
    const auto frequencies = phonons::frequencies_inverse_cm(found.minimum.density.modes(), units);
    const phonons::QGrid& grid = found.minimum.density.matrices().grid;
    const auto compare = [&](const Eigen::Vector3d& q, std::size_t mode, double value, double error) {
      const auto iq = static_cast<std::size_t>(grid.find(q));
      EXPECT_LT(errors.frequencies[iq][mode], 0.1);
      EXPECT_LT(std::abs(frequencies[iq][mode] - value), 3 * std::hypot(errors.frequencies[iq][mode], error))
          << q.transpose() << ", mode " << mode;
    };
    for (std::size_t mode = 3; mode < 6; ++mode) compare({0, 0, 0}, mode, row.gamma.value, row.gamma.standard_error);
    for (std::size_t mode = 0; mode < 6; ++mode) {
      compare({0.5, 0.5, 0}, mode, row.x[mode], 0.03);
      compare({0.5, 0, 0}, mode, row.l[mode], 0.03);
    }
    start = found.minimum.density.matrices();
  }
}

TEST(PopulationLoop, KeepsANearlyCollapsedModePositive) {
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const UnitSet& units = units::codata2022;
  const phonons::DynamicalMatrices harmonic = phonons::read_qe_dyn(data + "/toy/snte/ffield_dynq", units);
  const phonons::DynamicalMatrices start = repaired_tin_telluride(harmonic);
  for (const auto& [temperature, expected, error] : {std::tuple{50.0, 20.21, 0.03}, {0.0, 0.0, 0.0}}) {
    const LoopResult found = relax_populations(potentials::ToyTinTelluride(harmonic), {start, temperature, units},
                                               group_of(start), {.sizes = {1000, 2000, 5000, 10000, 40000}});
    EXPECT_TRUE(found.settled) << found.explain();
    expect_positive(found);
    const SolutionErrors errors = solution_errors(found.population, found.minimum, group_of(start), true);
    const auto gamma = static_cast<std::size_t>(found.minimum.density.matrices().grid.gamma());
    const double soft = phonons::frequencies_inverse_cm(found.minimum.density.modes(), units)[gamma].back();
    EXPECT_GT(soft, 3 * errors.frequencies[gamma].back());
    if (temperature > 0) {
      EXPECT_LT(std::abs(soft - expected), 3 * std::hypot(errors.frequencies[gamma].back(), error));
    } else {
      EXPECT_LT(soft, 12);  // nearly collapsed
    }
  }
}

using test::BondPotential;

TEST(PopulationLoop, MovesTheCellToThePressure) {
  const double gpa = units::gpa_per_ev_angstrom3;
  for (const auto& [crystal, divisions, kind] :
       {std::tuple{test::cubic_crystal(), Eigen::Vector3i(2, 2, 2), CellKind::isotropic},
        std::tuple{test::hexagonal_crystal(), Eigen::Vector3i(2, 2, 1), CellKind::full},
        std::tuple{test::triclinic_lattice(), Eigen::Vector3i(3, 1, 1), CellKind::full}}) {
    const BondPotential potential(test::BondModel::of_neighbours(crystal, divisions, 4.6));
    const TrialDensity start(test::BondModel::of_neighbours(crystal, divisions, 4.6).harmonic(crystal), 200,
                             units::codata2022);
    const SpaceGroup group = group_of(start.matrices());
    const double target = 12 / gpa;
    const LoopResult found =
        relax_populations(potential, start, group,
                          {.sizes = {500, 2000}, .maximum = 30, .final_size = 4000, .cell = kind, .pressure = target});
    ASSERT_TRUE(found.settled) << found.explain();
    const Stress& stress = *found.minimum.evaluation.stress;
    EXPECT_LT(std::abs(stress.pressure.value - target), 4 * stress.pressure.standard_error);
    const Eigen::Matrix3d rest = stress.value + target * Eigen::Matrix3d::Identity();
    for (Eigen::Index i = 0; kind == CellKind::full && i < 9; ++i) {
      EXPECT_LT(std::abs(rest.data()[i]), 4 * stress.standard_error.data()[i] + 1e-9);
    }
    EXPECT_LT(found.minimum.density.matrices().crystal.volume(), crystal.volume());
    EXPECT_EQ(find_space_group(found.minimum.density.matrices().crystal, {.tolerance = 1e-4}).number,
              find_space_group(crystal).number);
    // dP/dV by two exact solutions: the modulus that was found on the way is of that size.
    EXPECT_GT(found.bulk_modulus, 0);
  }
}

TEST(PopulationLoop, ObeysThermodynamics) {
  // With the random numbers of neighbouring conditions in common: -dF/dV = P and -dF/dT = S. The differences are of
  // runs, their errors the spread over seeds.
  const Crystal crystal = test::cubic_crystal();
  const Eigen::Vector3i divisions(2, 2, 2);
  const test::BondModel model = test::BondModel::of_neighbours(crystal, divisions, 4.6);
  const BondPotential potential(model);
  const TrialDensity start(model.harmonic(crystal), 300, units::codata2022);
  const SpaceGroup group = group_of(start.matrices());
  constexpr double h = 0.004, dt = 10;
  double pressure = 0, entropy = 0;
  std::vector<double> off_pressure, off_entropy;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto solve = [&](double strain, double temperature) {
      const phonons::DynamicalMatrices matrices =
          strained(start.matrices(), (strain - 0.01) * Eigen::Matrix3d::Identity());
      LoopResult found = relax_populations(potential, {matrices, temperature, units::codata2022}, group,
                                           {.sizes = {1000, 4000}, .final_size = 20000, .seed = seed});
      EXPECT_TRUE(found.settled) << found.explain();
      return std::move(found.minimum);
    };
    const auto free_energy = [](const Minimum& minimum) { return minimum.evaluation.free_energy.total.value; };
    const Minimum here = solve(0, 300), larger = solve(h, 300), smaller = solve(-h, 300), hot = solve(0, 300 + dt),
                  cold = solve(0, 300 - dt);
    pressure = here.evaluation.stress->pressure.value;
    entropy = phonons::harmonic_entropy(here.density.modes(), 300, units::codata2022);
    const auto volume = [](const Minimum& m) { return m.density.matrices().supercell().volume(); };
    off_pressure.push_back(-(free_energy(larger) - free_energy(smaller)) / (volume(larger) - volume(smaller)) -
                           pressure);
    off_entropy.push_back(-(free_energy(hot) - free_energy(cold)) / (2 * dt) - entropy);
  }
  const auto expect_none = [](const std::vector<double>& off, double whole) {
    const double n = static_cast<double>(off.size());
    double mean = 0, variance = 0;
    for (const double x : off) mean += x / n;
    for (const double x : off) variance += (x - mean) * (x - mean) / (n * (n - 1));
    EXPECT_LT(std::sqrt(variance), 0.01 * std::abs(whole));
    EXPECT_LT(std::abs(mean),
              2 * std::sqrt(variance) + 1e-3 * std::abs(whole));  // the differences are of second order in h and dt
  };
  expect_none(off_pressure, pressure);
  expect_none(off_entropy, entropy);
}

/// A committee that disagrees by the longest displacement of a configuration, eV/angstrom.
class UnsurePotential : public BondPotential {
 public:
  using BondPotential::BondPotential;
  zeropoint::Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override {
    zeropoint::Evaluation evaluation = BondPotential::evaluate(reference, displacements);
    evaluation.force_uncertainty = displacements.norm(2, 2);
    return evaluation;
  }
};

TEST(PopulationLoop, TellsTheWeightOfExtrapolations) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6);
  const TrialDensity start(model.harmonic(crystal), 300, units::codata2022);
  at::Tensor longest;
  LoopWatch watch;
  watch.labelled = [&](const Drawing&, const Configurations& configurations) {
    longest = configurations.displacements.norm(2, 2).amax(1);
  };
  relax_populations(BondPotential(model), start, group_of(start.matrices()), {.sizes = {1000}}, watch);
  const double limit = longest.median().item<double>();  // the same configurations are drawn again
  const LoopResult found = relax_populations(UnsurePotential(model), start, group_of(start.matrices()),
                                             {.sizes = {1000}, .uncertain = limit}, watch);
  const auto& extrapolation = found.reports.back().extrapolation;
  ASSERT_TRUE(extrapolation);
  const at::Tensor weights = found.minimum.evaluation.weights.values;
  std::int64_t n = 0;
  double beyond = 0, all = 0;
  for (std::int64_t c = 0; c < longest.size(0); ++c) {
    const double weight = weights[c].item<double>();
    const bool is_beyond = longest[c].item<double>() > limit;
    n += is_beyond;
    beyond += is_beyond ? weight : 0;
    all += weight;
  }
  EXPECT_GT(n, 0);
  EXPECT_LT(n, longest.size(0));
  EXPECT_EQ(extrapolation->n, n);
  EXPECT_NEAR(extrapolation->weight, beyond / all, 1e-12);
  EXPECT_EQ(extrapolation->largest, longest.max().item<double>());
  // One that knows no uncertainty tells none.
  EXPECT_FALSE(relax_populations(BondPotential(model), start, group_of(start.matrices()), {.sizes = {200}})
                   .reports.back()
                   .extrapolation);
}

TEST(PopulationLoop, MovesTheShapeAtOneVolume) {
  const Crystal crystal = test::hexagonal_crystal();
  const Eigen::Vector3i divisions(2, 2, 1);
  const test::BondModel model = test::BondModel::of_neighbours(crystal, divisions, 4.6);
  const TrialDensity start(model.harmonic(crystal), 200, units::codata2022);
  const LoopResult found = relax_populations(BondPotential(model), start, group_of(start.matrices()),
                                             {.sizes = {2000}, .maximum = 30, .cell = CellKind::shape});
  ASSERT_TRUE(found.settled) << found.explain();
  const Crystal& end = found.minimum.density.matrices().crystal;
  EXPECT_NEAR(end.volume(), crystal.volume(), 1e-9 * crystal.volume());
  EXPECT_GT((end.cell - crystal.cell).norm(), 1e-4);
  const Stress& stress = *found.minimum.evaluation.stress;
  EXPECT_LT(std::abs(stress.value(0, 0) - stress.value(2, 2)),
            4 * std::hypot(stress.standard_error(0, 0), stress.standard_error(2, 2)));
}

TEST(PopulationLoop, DrawsWhatItShows) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6);
  const TrialDensity start(model.harmonic(crystal), 300, units::codata2022);
  const BondPotential potential(model);
  PopulationLoop loop(potential, start, group_of(start.matrices()),
                      {.sizes = {20, 40}, .maximum = 3, .minimize = {.max_steps = 0}});
  for (const std::int64_t size : {20, 40, 40}) {
    ASSERT_FALSE(loop.finished());
    EXPECT_EQ(loop.drawing().size, size);
    const at::Tensor shown = loop.drawing().sampler.displacements(0, size);
    LoopWatch watch;
    watch.labelled = [&](const Drawing& drawn, const Configurations& configurations) {
      EXPECT_TRUE(configurations.displacements.equal(shown));
      EXPECT_EQ(drawn.number, std::ssize(loop.state().history) + 1);
    };
    EXPECT_EQ(loop.next(watch).size, size);
  }
  EXPECT_EQ(loop.state().history.size(), 3u);
}

TEST(PopulationLoop, GoesOnWithAnotherPotential) {
  // From soft matrices; the first population belongs to one harmonic crystal, what follows to another.
  const phonons::DynamicalMatrices matrices = test::model_matrices(test::cubic_crystal(), {2, 2, 2}, 3);
  const SpaceGroup group = group_of(matrices);
  const phonons::Symmetrizer symmetrize(group, matrices.crystal, matrices.grid);
  const TrialDensity soft = symmetrized({matrices, 200, units::codata2022}, group, symmetrize);
  const auto scaled = [&](double factor) {
    phonons::DynamicalMatrices result = soft.matrices();
    for (Eigen::MatrixXcd& block : result.blocks) block *= factor;
    return result;
  };
  const phonons::DynamicalMatrices hard = scaled(1.1), harder = scaled(1.2);
  const potentials::HarmonicPotential before(hard), after(harder);
  PopulationLoop loop(before, soft, group, {.sizes = {2000}, .minimize = {.gradient_to_error = 0}});
  loop.next();
  EXPECT_LT(test::difference(loop.state().matrices.blocks, hard.blocks), 1e-6);
  loop.use(after);
  while (!loop.finished()) loop.next();
  EXPECT_LT(test::difference(loop.state().matrices.blocks, harder.blocks), 1e-6);
  EXPECT_EQ(loop.state().history.size(), 3u);
}

TEST(PopulationLoop, StaysWhereItWasWhenAPopulationFails) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6);
  const TrialDensity start(model.harmonic(crystal), 300, units::codata2022);
  const BondPotential potential(model);
  const LoopOptions options{.sizes = {20}, .maximum = 2};
  PopulationLoop quiet(potential, start, group_of(start.matrices()), options);
  PopulationLoop disturbed(potential, start, group_of(start.matrices()), options);
  quiet.next();
  disturbed.next();
  LoopWatch watch;
  watch.labelled = [](const Drawing&, const Configurations&) { throw InputError{"no room on the disk"}; };
  EXPECT_THROW(disturbed.next(watch), InputError);
  EXPECT_EQ(disturbed.state().history.size(), 1u);
  quiet.next();
  disturbed.next();
  EXPECT_EQ(quiet.state().matrices.blocks, disturbed.state().matrices.blocks);
}

TEST(PopulationLoop, RefusesWhatLeadsNowhere) {
  const Crystal crystal = test::cubic_crystal();
  const test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6);
  const TrialDensity start(model.harmonic(crystal), 300, units::codata2022);
  const BondPotential potential(model);
  const SpaceGroup group = group_of(start.matrices());
  EXPECT_THROW(PopulationLoop(potential, start, group, {.sizes = {}}), InputError);
  EXPECT_THROW(PopulationLoop(potential, start, group, {.maximum = 0}), InputError);
  PopulationLoop loop(potential, start, group, {.sizes = {20}, .maximum = 1});
  loop.next();
  EXPECT_THROW(PopulationLoop(potential, start, group, {.sizes = {20}, .maximum = 1}, loop.state()), InputError);
}

TEST(PopulationLoop, HasTheSameBitsForAnyNumberOfThreads) {
  const int before = threads();
  const phonons::DynamicalMatrices matrices = test::model_matrices(test::hexagonal_crystal(), {2, 2, 1}, 3);
  phonons::DynamicalMatrices other = matrices;
  for (Eigen::MatrixXcd& block : other.blocks) block *= 1.2;
  std::vector<std::vector<Eigen::MatrixXcd>> all;
  for (const int n : {1, 2, 4}) {
    set_threads(n);
    all.push_back(relax_populations(potentials::HarmonicPotential(matrices), {other, 100, units::codata2022},
                                    group_of(matrices), {.sizes = {600}, .maximum = 3})
                      .minimum.density.matrices()
                      .blocks);
  }
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(test::difference(all[i], all[0]), 0);
  set_threads(before);
}

}  // namespace
}  // namespace zeropoint::sscha
