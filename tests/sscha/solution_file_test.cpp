// result.h5 of a minimisation and of a free-energy Hessian: what is written is read, what is damaged is refused.
#include "sscha/solution_file.hpp"

#include <gtest/gtest.h>

#include "core/hdf5_file.hpp"
#include "core/units.hpp"
#include "sscha/hessian_file.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/sampled_ensemble.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::sscha {
namespace {

/// Three atoms in a general cell with q points of all kinds, minimised in three steps; the same for all tests.
class SolutionFile : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const Crystal crystal = test::triclinic_crystal();
    phonons::DynamicalMatrices matrices = test::model_matrices(crystal, {3, 1, 2}, 1);
    const test::HarmonicModel labels(test::model_matrices(crystal, {3, 1, 2}, 2));
    matrices.polar = test::polar_without_symmetry();
    matrices.alat = 3.3;
    const TrialDensity start(matrices, 300, units::codata2022);
    const Population population = test::sample(start, labels, {.n = 400, .antithetic = true});
    const SpaceGroup group = find_space_group(crystal, {.enabled = false});
    Minimum minimum = minimize(population, start, group, {.kong_liu_ratio = 0, .gradient_to_error = 0, .max_steps = 3});
    SolutionErrors errors = solution_errors(population, minimum, group, true);
    hessian_ = new Hessian(free_energy_hessian(population, minimum.density, group, {.order = 3}));
    solution_ = new Solution{start, std::move(minimum), std::move(errors), group, population.size()};
  }
  static void TearDownTestSuite() {
    delete solution_;
    delete hessian_;
  }
  void SetUp() override {
    write_solution(file_, *solution_, "a = 1\n", 7);
    write_hessian(hessian_file_, *hessian_, "b = 2\n", 8);
  }

  /// What the readers complain about when `damage` was done to a copy of the file.
  template <class Damage>
  static std::string complaint_after(const std::string& path, Damage damage) {
    Hdf5File file = Hdf5File::modify(path);
    damage(file);
    file.close();
    return test::complaint([&] {
      if (Hdf5File::open(path).text_attribute("/", "filetype") == solution_filetype) {
        read_history(path);
        read_solution(path);
      } else {
        read_hessian(path);
      }
    });
  }

  static void expect_same(const phonons::DynamicalMatrices& read, const phonons::DynamicalMatrices& written) {
    EXPECT_EQ(test::difference(read.blocks, written.blocks), 0);
    EXPECT_EQ(read.crystal.cell, written.crystal.cell);
    EXPECT_EQ(read.crystal.positions, written.crystal.positions);
    EXPECT_EQ(read.crystal.species, written.crystal.species);
    EXPECT_EQ(read.crystal.masses, written.crystal.masses);
    EXPECT_EQ(read.grid.points(), written.grid.points());
    EXPECT_EQ(read.grid.stars(), written.grid.stars());
    EXPECT_EQ(read.alat, written.alat);
    EXPECT_EQ(read.polar->born_charges, written.polar->born_charges);
  }

  static inline const Solution* solution_ = nullptr;
  static inline const Hessian* hessian_ = nullptr;
  test::TemporaryFolder folder_;
  const std::string file_ = folder_ / "result.h5", hessian_file_ = folder_ / "hessian.h5";
};

TEST_F(SolutionFile, GivesTheSolutionBackToTheLastBit) {
  const StoredSolution read = read_solution(file_);
  expect_same(read.matrices, solution_->matrices());
  EXPECT_EQ(read.temperature, 300);
  EXPECT_EQ(read.squared_errors, solution_->errors.squared_frequencies);
  EXPECT_EQ(read.free_energy.value, solution_->minimum.evaluation.free_energy.total.value / 6);
  EXPECT_EQ(read.free_energy.standard_error, solution_->minimum.evaluation.free_energy.total.standard_error / 6);
  EXPECT_GT(read.free_energy.standard_error, 0);
  EXPECT_EQ(read.harmonic_free_energy, solution_->harmonic_free_energy());
  EXPECT_FALSE(read.converged);
}

TEST_F(SolutionFile, GivesTheWayThereBackToTheLastBit) {
  const SolutionHistory read = read_history(file_);
  EXPECT_EQ(read.grid.points(), solution_->matrices().grid.points());
  EXPECT_EQ(read.grid.stars(), solution_->matrices().grid.stars());
  EXPECT_EQ(read.start_frequencies,
            phonons::frequencies_inverse_cm(solution_->start.modes(), solution_->start.units()));
  EXPECT_EQ(read.frequencies, solution_->minimum.steps.back().frequencies);
  ASSERT_EQ(read.steps.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const SolutionStep &step = read.steps[i], expected = per_cell(solution_->minimum.steps[i], 6);
    EXPECT_EQ(step.step, static_cast<int>(i));
    EXPECT_EQ(step.n_gradients, expected.n_gradients);
    EXPECT_EQ(step.free_energy.value, expected.free_energy.value);
    EXPECT_EQ(step.free_energy.standard_error, expected.free_energy.standard_error);
    EXPECT_EQ(step.gradient.value, expected.gradient.value);
    EXPECT_EQ(step.gradient.standard_error, expected.gradient.standard_error);
    EXPECT_EQ(step.centroid_gradient.value, expected.centroid_gradient.value);
    EXPECT_EQ(step.centroid_gradient.standard_error, expected.centroid_gradient.standard_error);
    EXPECT_EQ(step.kong_liu_ratio, expected.kong_liu_ratio);
    EXPECT_EQ(step.step_length, expected.step_length);
    EXPECT_EQ(step.frequencies, expected.frequencies);
  }
}

TEST_F(SolutionFile, SaysHowItWasMade) {
  const Hdf5File file = Hdf5File::open(file_, solution_filetype);
  EXPECT_EQ(file.text_attribute("/", "configuration"), "a = 1\n");
  EXPECT_EQ(file.number_attribute("/", "seed"), 7);
  for (const char* name : {"crystal/cell", "crystal/positions", "crystal/species", "crystal/masses", "q/points"})
    EXPECT_TRUE(file.has(name)) << name << " is read by other programs";
  EXPECT_EQ(file.text_attribute("steps/frequencies", "axes"), "step,q,mode");
  EXPECT_EQ(file.text_attribute("final/squared_errors", "units"), "eV/amu/angstrom^2");
}

TEST_F(SolutionFile, OfAnOlderVersionIsDrawnButNotGoneOnFrom) {
  Hdf5File file = Hdf5File::modify(file_);
  for (const char* name : {"final/cell", "final/squared_errors"}) file.remove(name);
  file.close();
  EXPECT_EQ(read_history(file_).steps.size(), 4u);
  EXPECT_COMPLAINT(read_solution(file_), "it was made by an older version; repeat the run");
}

TEST_F(SolutionFile, IsRefusedWhenItIsDamaged) {
  EXPECT_THAT_CONTAINS(complaint_after(file_, [](Hdf5File& file) { file.remove("steps/gradient"); }), "steps/gradient");
  SetUp();
  const auto shorten = [](const char* name) {
    return [name](Hdf5File& file) {
      const at::Tensor values = file.read(name);
      file.remove(name);
      file.write(name, values.slice(0, 1), "", "");
    };
  };
  EXPECT_THAT_CONTAINS(complaint_after(file_, shorten("steps/free_energy")),
                       "'steps/free_energy' is 3, 4 expected: the file was damaged");
  SetUp();
  EXPECT_THAT_CONTAINS(complaint_after(file_, shorten("final/squared_errors")), "'final/squared_errors' is 5 x 9");
  SetUp();
  EXPECT_THAT_CONTAINS(complaint_after(file_, shorten("final/dynamical_matrices")), "final/dynamical_matrices");
  EXPECT_THAT_CONTAINS(complaint_after(hessian_file_, shorten("squares/third_order")),
                       "'squares/third_order' is 5 x 9, 6 x 9 expected");
  EXPECT_COMPLAINT(read_solution(hessian_file_), "zeropoint hessian");
}

TEST_F(SolutionFile, OfAHessianGivesItBackToTheLastBit) {
  const StoredHessian read = read_hessian(hessian_file_);
  expect_same(read.matrices, hessian_->matrices);
  EXPECT_EQ(read.temperature, 300);
  const HessianSquares written = squares_of(*hessian_);
  EXPECT_EQ(read.squares.hessian, written.hessian);
  EXPECT_EQ(read.squares.error, written.error);
  EXPECT_EQ(read.squares.third, written.third);
  EXPECT_EQ(read.squares.auxiliary, written.auxiliary);
  ASSERT_EQ(read.irreducible.size(), hessian_->reports.size());
  for (std::size_t i = 0; i < read.irreducible.size(); ++i) EXPECT_EQ(read.irreducible[i], hessian_->reports[i].iq);
}

TEST_F(SolutionFile, OfAHessianWithoutErrorsSaysSo) {
  Hessian without = *hessian_;
  without.squared_errors.clear();
  write_hessian(hessian_file_, without, "", 1);
  const StoredHessian read = read_hessian(hessian_file_);
  EXPECT_FALSE(read.squares.has_errors());
  EXPECT_EQ(read.squares.error_of(1, 4), 0);
}

TEST_F(SolutionFile, SquaresOfModesAreThoseOfTheirFrequencies) {
  const HessianSquares squares = squares_of(*hessian_);
  const auto frequencies = phonons::frequencies_inverse_cm(hessian_->modes, hessian_->density.units());
  for (Eigen::Index iq = 0; iq < 6; ++iq) {
    for (Eigen::Index mode = 0; mode < 9; ++mode) {
      const double w = frequencies[iq][mode];
      EXPECT_NEAR(squares.hessian(iq, mode), w * std::abs(w), 1e-9 * (1 + w * w));
    }
  }
}

// What a solution says of itself.

TEST_F(SolutionFile, LowestAndLeastKnownModesAreFoundAmongAllThatAreNoTranslations) {
  const SolutionMode lowest = lowest_mode(*solution_), worst = least_known_mode(*solution_);
  const auto frequencies =
      phonons::frequencies_inverse_cm(solution_->minimum.density.modes(), solution_->minimum.density.units());
  for (std::size_t iq = 0; iq < frequencies.size(); ++iq) {
    for (std::size_t mode = iq == 0 ? 3 : 0; mode < 9; ++mode) {
      const double w = frequencies[iq][mode];
      EXPECT_GE(w, lowest.frequency() * (1 - 1e-12));
      EXPECT_LE(2 * solution_->errors.frequencies[iq][mode] / w, worst.relative_error() * (1 + 1e-12));
    }
  }
  EXPECT_NEAR(lowest.frequency(), frequencies[lowest.iq][lowest.mode], 1e-9);
  EXPECT_EQ(configurations_needed(*solution_, worst, worst.relative_error()), 400);
  EXPECT_DOUBLE_EQ(configurations_needed(*solution_, worst, worst.relative_error() / 3), 3600) << "as 1/sqrt(N)";
}

TEST_F(SolutionFile, AModeWithinThreeErrorsOfZeroMayBeCollapsing) {
  EXPECT_TRUE((SolutionMode{0, 3, {29, 10}}).may_be_collapsing());
  EXPECT_FALSE((SolutionMode{0, 3, {31, 10}}).may_be_collapsing());
  EXPECT_EQ((SolutionMode{0, 3, {-4, 1}}).frequency(), 0);
}

TEST_F(SolutionFile, EntropyIsMinusTheSlopeOfTheHarmonicFreeEnergy) {
  const TrialDensity& density = solution_->minimum.density;
  const double step = 0.01;
  const auto at = [&](double temperature) {
    return phonons::harmonic_free_energy(density.modes(), temperature, density.units()) / 6;
  };
  // Central differences: the error is of second order in a step of 3e-5 of the temperature.
  EXPECT_NEAR(solution_->entropy().value,
              -(at(300 + step) - at(300 - step)) / (2 * step) / units::codata2022.kb_free_energy,
              1e-5 * solution_->entropy().value);
}

TEST(LowestFrequency, LeavesOutWhatIsZeroUpToRounding) {
  EXPECT_EQ(lowest_frequency({{-1e-5, 0, 2e-4, 50}, {40, 60, 80, 90}}), 40);
  EXPECT_EQ(lowest_frequency({{-3, 0, 0, 50}, {40, 60, 80, 90}}), -3);
}

}  // namespace
}  // namespace zeropoint::sscha
