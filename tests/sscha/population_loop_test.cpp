// Populations on a potential, one after another, against what is known of the potential.
#include "sscha/population_loop.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "core/parallel.hpp"
#include "phonons/qe_dyn.hpp"
#include "sscha/model_potentials.hpp"
#include "tests/support/anharmonic_model.hpp"
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
    const LoopResult found = relax_populations(HarmonicPotential(start.matrices()), start, group, {.sizes = {100, 200}});
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
  const LoopResult found = relax_populations(HarmonicPotential(truth.matrices()), {other, 200, units::codata2022}, group,
                                             {.sizes = {2000}, .minimize = {.gradient_to_error = 0}});
  EXPECT_TRUE(found.settled) << found.explain();
  EXPECT_EQ(found.reports.size(), 2u);
  EXPECT_LT(test::difference(found.minimum.density.matrices().blocks, truth.matrices().blocks), 1e-6);
}

TEST(PopulationLoop, ReachesThePublishedSolutionsOfTinTelluride) {
  // Means over 24 populations of 8000 by an independent evaluation of the same equations.
  ZEROPOINT_NEEDS_REFERENCE_DATA(data);
  const UnitSet& units = units::codata2022;
  phonons::DynamicalMatrices start = phonons::read_qe_dyn(data + "/toy/snte/ffield_dynq", units);
  const ToyTinTelluride toy(start);
  int n_repaired = 0;
  start = phonons::with_absolute_squares(start, n_repaired);
  struct Row {
    double temperature;
    Estimate free_energy, gamma;  // meV per cell, cm^-1
    std::vector<double> x;
  };
  for (const Row& row : {Row{100, {-8.619, 0.009}, {30.89, 0.05}, {35.42, 35.42, 42.76, 62.29, 62.29, 69.82}},
                         Row{250, {-119.559, 0.019}, {51.18, 0.07}, {39.86, 39.86, 50.88, 72.15, 72.15, 75.97}}}) {
    const SpaceGroup group = group_of(start);
    const LoopResult found = relax_populations(toy, {start, row.temperature, units}, group,
                                               {.sizes = {1000, 2000, 5000, 10000}, .final_size = 60000, .minimize = {.gradient_to_error = 0.05}});
    EXPECT_TRUE(found.settled) << found.explain();
    const Estimate& free_energy = found.minimum.evaluation.free_energy.total;
    EXPECT_LT(free_energy.standard_error / 8, 5e-5);
    EXPECT_LT(std::abs(free_energy.value / 8 * 1e3 - row.free_energy.value),
              3 * std::hypot(free_energy.standard_error / 8 * 1e3, row.free_energy.standard_error));
    const auto frequencies = phonons::frequencies_inverse_cm(found.minimum.density.modes(), units);
    const phonons::QGrid& grid = found.minimum.density.matrices().grid;
    EXPECT_NEAR(frequencies[static_cast<std::size_t>(grid.gamma())].back(), row.gamma.value, 0.5);
    const auto& at_x = frequencies[static_cast<std::size_t>(grid.find({0.5, 0.5, 0}))];
    for (std::size_t mode = 0; mode < 6; ++mode) EXPECT_NEAR(at_x[mode], row.x[mode], 0.3);
    for (const PopulationReport& report : found.reports) {
      for (const auto& at_q : report.end.frequencies) {
        for (const double w : at_q) EXPECT_GT(w, -1e-3);
      }
    }
  }
}

/// The bond model as a potential: anharmonic, with an exact stress.
class BondPotential : public Potential {
 public:
  explicit BondPotential(test::BondModel model) : model_(std::move(model)) {}
  zeropoint::Evaluation evaluate(const Supercell& reference, const at::Tensor& displacements) const override {
    const Configurations labels = model_(reference.unit_cell(), displacements);
    return {labels.energies, labels.forces, labels.stresses, {}};
  }

 private:
  test::BondModel model_;
};

TEST(PopulationLoop, MovesTheCellToThePressure) {
  const double gpa = units::gpa_per_ev_angstrom3;
  for (const auto& [crystal, divisions, kind] :
       {std::tuple{test::cubic_crystal(), Eigen::Vector3i(2, 2, 2), CellKind::isotropic},
        std::tuple{test::hexagonal_crystal(), Eigen::Vector3i(2, 2, 1), CellKind::full},
        std::tuple{test::triclinic_lattice(), Eigen::Vector3i(3, 1, 1), CellKind::full}}) {
    const BondPotential potential(test::BondModel::of_neighbours(crystal, divisions, 4.6));
    const TrialDensity start(test::BondModel::of_neighbours(crystal, divisions, 4.6).harmonic(crystal), 200, units::codata2022);
    const SpaceGroup group = group_of(start.matrices());
    const double target = 12 / gpa;
    const LoopResult found = relax_populations(potential, start, group,
                                               {.sizes = {500, 2000}, .maximum = 30, .final_size = 4000, .cell = kind, .pressure = target});
    ASSERT_TRUE(found.settled) << found.explain();
    const Stress& stress = *found.minimum.evaluation.stress;
    EXPECT_LT(std::abs(stress.pressure.value - target), 4 * stress.pressure.standard_error);
    const Eigen::Matrix3d rest = stress.value + target * Eigen::Matrix3d::Identity();
    for (Eigen::Index i = 0; kind == CellKind::full && i < 9; ++i) {
      EXPECT_LT(std::abs(rest.data()[i]), 4 * stress.standard_error.data()[i] + 1e-9);
    }
    EXPECT_LT(found.minimum.density.matrices().crystal.volume(), crystal.volume());
    EXPECT_EQ(find_space_group(found.minimum.density.matrices().crystal, {.tolerance = 1e-4}).number, find_space_group(crystal).number);
    // dP/dV by two exact solutions: the modulus that was found on the way is of that size.
    EXPECT_GT(found.bulk_modulus, 0);
  }
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
  EXPECT_LT(std::abs(stress.value(0, 0) - stress.value(2, 2)), 4 * std::hypot(stress.standard_error(0, 0), stress.standard_error(2, 2)));
}

TEST(PopulationLoop, HasTheSameBitsForAnyNumberOfThreads) {
  const int before = threads();
  const phonons::DynamicalMatrices matrices = test::model_matrices(test::hexagonal_crystal(), {2, 2, 1}, 3);
  phonons::DynamicalMatrices other = matrices;
  for (Eigen::MatrixXcd& block : other.blocks) block *= 1.2;
  std::vector<std::vector<Eigen::MatrixXcd>> all;
  for (const int n : {1, 2, 4}) {
    set_threads(n);
    all.push_back(relax_populations(HarmonicPotential(matrices), {other, 100, units::codata2022}, group_of(matrices),
                                    {.sizes = {600}, .maximum = 3})
                      .minimum.density.matrices()
                      .blocks);
  }
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(test::difference(all[i], all[0]), 0);
  set_threads(before);
}

}  // namespace
}  // namespace zeropoint::sscha
