// Loops that go on from a file, and files that other programs wrote.
#include "sscha/loop_state_file.hpp"

#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "tests/support/bond_potential.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::sscha {
namespace {

const std::string path = testing::TempDir() + "loop_state.h5";

/// Cells that move, far enough from their goal for a few populations.
struct Case {
  Crystal crystal = test::cubic_crystal();
  test::BondModel model = test::BondModel::of_neighbours(crystal, {2, 2, 2}, 4.6);
  test::BondPotential potential{model};
  TrialDensity start{model.harmonic(crystal), 200, units::codata2022};
  SpaceGroup group = phonons::keeping_grid(find_space_group(crystal), start.matrices().grid);
  LoopOptions options{.sizes = {100, 200},
                      .maximum = 4,
                      .final_size = 300,
                      .minimize = {.max_steps = 3},
                      .cell = CellKind::isotropic,
                      .pressure = 12 / units::gpa_per_ev_angstrom3};

  PopulationLoop loop(std::optional<LoopState> state = {}) const { return {potential, start, group, options, state}; }
};

void expect_same(const StepReport& a, const StepReport& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.n_gradients, b.n_gradients);
  EXPECT_EQ(a.free_energy.value, b.free_energy.value);
  EXPECT_EQ(a.free_energy.standard_error, b.free_energy.standard_error);
  EXPECT_EQ(a.free_energy_error_by_configuration, b.free_energy_error_by_configuration);
  EXPECT_EQ(a.gradient, b.gradient);
  EXPECT_EQ(a.gradient_error, b.gradient_error);
  EXPECT_EQ(a.centroid_gradient, b.centroid_gradient);
  EXPECT_EQ(a.centroid_error, b.centroid_error);
  EXPECT_EQ(a.effective_size, b.effective_size);
  EXPECT_EQ(a.kong_liu_ratio, b.kong_liu_ratio);
  EXPECT_EQ(a.step_length, b.step_length);
  EXPECT_EQ(a.frequencies, b.frequencies);
}

void expect_same(const PopulationReport& a, const PopulationReport& b) {
  EXPECT_EQ(a.number, b.number);
  EXPECT_EQ(a.is_final, b.is_final);
  EXPECT_EQ(a.size, b.size);
  expect_same(a.start, b.start);
  expect_same(a.end, b.end);
  EXPECT_EQ(a.stop_reason, b.stop_reason);
  EXPECT_EQ(a.volume, b.volume);
  EXPECT_EQ(a.cell_deviation, b.cell_deviation);
  EXPECT_EQ(a.needs_no_step, b.needs_no_step);
  ASSERT_EQ(a.stress.has_value(), b.stress.has_value());
  if (a.stress) {
    EXPECT_EQ(a.stress->value, b.stress->value);
    EXPECT_EQ(a.stress->standard_error, b.stress->standard_error);
    EXPECT_EQ(a.stress->error_by_configuration, b.stress->error_by_configuration);
    EXPECT_EQ(a.stress->static_part, b.stress->static_part);
    EXPECT_EQ(a.stress->pressure.value, b.stress->pressure.value);
    EXPECT_EQ(a.stress->pressure.standard_error, b.stress->pressure.standard_error);
  }
  ASSERT_EQ(a.extrapolation.has_value(), b.extrapolation.has_value());
  if (a.extrapolation) {
    EXPECT_EQ(a.extrapolation->n, b.extrapolation->n);
    EXPECT_EQ(a.extrapolation->weight, b.extrapolation->weight);
    EXPECT_EQ(a.extrapolation->largest, b.extrapolation->largest);
  }
}

void expect_same(const LoopState& a, const LoopState& b) {
  EXPECT_EQ(a.settled, b.settled);
  EXPECT_EQ(a.cell_memory, b.cell_memory);
  EXPECT_EQ(a.matrices.blocks, b.matrices.blocks);
  EXPECT_EQ(a.matrices.crystal.cell, b.matrices.crystal.cell);
  EXPECT_EQ(a.matrices.crystal.positions, b.matrices.crystal.positions);
  ASSERT_EQ(a.history.size(), b.history.size());
  for (std::size_t i = 0; i < a.history.size(); ++i) expect_same(a.history[i], b.history[i]);
}

TEST(LoopStateFile, LeadsToTheBitsOfALoopThatWasNotInterrupted) {
  const Case the;
  PopulationLoop whole = the.loop();
  while (!whole.finished()) whole.next();
  std::optional<LoopState> state;
  int n_pieces = 0;
  for (; n_pieces < 10; ++n_pieces) {  // a new program for each population
    PopulationLoop piece = the.loop(state);
    piece.next();
    if (piece.finished()) {
      state = piece.state();
      break;
    }
    write_loop_state(path, piece.state());
    state = read_loop_state(path);
  }
  EXPECT_GE(n_pieces, 2);
  expect_same(whole.state(), *state);
}

TEST(LoopStateFile, KeepsWhatOnlySomePopulationsHave) {
  const Case the;
  PopulationLoop loop = the.loop();
  loop.next();
  loop.next();
  LoopState state = loop.state();
  state.history[0].extrapolation = {.n = 3, .weight = 0.1, .largest = 0.7};
  state.history[1].stress.reset();
  state.history[1].stop_reason = StopReason::stalled;
  write_loop_state(path, state);
  expect_same(*read_loop_state(path), state);
}

TEST(LoopStateFile, IsReadWithArraysThatTheProgramDoesNotKnowAndWithoutThoseThatMayBeMissing) {
  const Case the;
  PopulationLoop loop = the.loop();
  loop.next();
  LoopState state = loop.state();
  write_loop_state(path, state);
  Hdf5File file = Hdf5File::modify(path);
  file.write("history/of_a_later_program", at::ones({1}, at::kDouble), "", "population");
  file.write("history/end/of_a_later_program", at::ones({1}, at::kDouble), "", "population");
  file.remove("history/stress");
  file.remove("cell_memory");
  file.close();
  state.history[0].stress.reset();
  state.cell_memory.clear();
  expect_same(*read_loop_state(path), state);
}

TEST(LoopStateFile, IsRefusedInAnotherLayout) {
  Hdf5File::create(path, {.filetype = "zeropoint sscha state", .version = 1}).close();
  try {
    read_loop_state(path);
    FAIL() << "a file of version 1 is read";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("in layout 1, this program reads layout 2"), std::string::npos)
        << error.what();
  }
}

TEST(LoopStateFile, MayNotBeThere) { EXPECT_FALSE(read_loop_state(testing::TempDir() + "no_such_state.h5")); }

}  // namespace
}  // namespace zeropoint::sscha
