// From the sampler to the averages every number is put down once, and once more in the basis in which averages are
// taken.
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "potentials/harmonic.hpp"
#include "sscha/draw_and_label.hpp"
#include "sscha/evaluation.hpp"
#include "sscha/population.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::sscha {
namespace {

/// Counts the numbers that operations which only move data have moved, while it lives, on all threads.
class MovedNumbers {
 public:
  MovedNumbers() {
    counted_ = 0;
    handle_ = at::addGlobalCallback(at::RecordFunctionCallback(&MovedNumbers::count).needsInputs(true));
  }
  ~MovedNumbers() { at::removeCallback(handle_); }
  std::int64_t operator()() const { return counted_; }

 private:
  static std::unique_ptr<at::ObserverContext> count(const at::RecordFunction& function) {
    const std::string name = function.name();
    if (name == "aten::copy_") {
      for (const c10::IValue& input : function.inputs().slice(0, 1)) counted_ += input.toTensor().numel();
    } else if (name == "aten::cat") {
      for (const at::Tensor& input : function.inputs()[0].toTensorVector()) counted_ += input.numel();
    } else if (name == "aten::index_select") {
      counted_ += function.inputs()[0].toTensor().numel();
    }
    return nullptr;
  }

  inline static std::atomic<std::int64_t> counted_ = 0;
  at::CallbackHandle handle_;
};

struct Setting {
  phonons::DynamicalMatrices matrices = test::model_matrices(test::hexagonal_crystal(), {3, 3, 2}, 3);
  TrialDensity density{matrices, 300, units::codata2022};
  SpaceGroup group = phonons::keeping_grid(find_space_group(matrices.crystal), matrices.grid);
  phonons::Symmetrizer symmetrize{group, matrices.crystal, matrices.grid};
  potentials::HarmonicPotential potential{matrices};
  std::int64_t n = 1024;
  std::int64_t n_numbers = n * 3 * matrices.supercell().n_atoms();  // of displacements, or of forces

  Configurations drawn() const { return draw_and_label(potential, density, Sampler(density, {.seed = 7}), n); }
};

TEST(PopulationCopies, AnEnsembleInMemoryHandsOutWhatItWasGiven) {
  const Setting s;
  Configurations configurations = s.drawn();
  const std::map<const char*, const void*> given{{"displacements", configurations.displacements.const_data_ptr()},
                                                 {"energies", configurations.energies.const_data_ptr()},
                                                 {"forces", configurations.forces.const_data_ptr()}};
  const auto ensemble = ensemble_in_memory(std::move(configurations), "drawn");
  EXPECT_TRUE(ensemble->in_memory());
  const Configurations all = ensemble->read(0, s.n), later = ensemble->read(16, s.n).on(at::kCPU);
  EXPECT_EQ(all.displacements.const_data_ptr(), given.at("displacements"));
  EXPECT_EQ(all.energies.const_data_ptr(), given.at("energies"));
  EXPECT_EQ(all.forces.const_data_ptr(), given.at("forces"));
  EXPECT_EQ(later.forces.const_data_ptr<double>(), all.forces.const_data_ptr<double>() + 16 * s.n_numbers / s.n);
}

TEST(PopulationCopies, OfWhatWasDrawnThereIsOneTheTurnIntoTheBasis) {
  const Setting s;
  const auto ensemble = ensemble_in_memory(s.drawn(), "drawn");
  const MovedNumbers moved;
  const Population population(*ensemble, s.density, {.check_generator = false});
  // Displacements and forces with the configurations in the fastest index. What is folded to the unit cell, energies,
  // virials and the projections for pairs are less than half of one of them.
  EXPECT_GE(moved(), 2 * s.n_numbers);
  EXPECT_LT(moved(), 2 * s.n_numbers + s.n_numbers / 2);
}

TEST(PopulationCopies, AveragesAndWeightsMakeNoneButOfTheForcesThatASumBeginsWith) {
  const Setting s;
  const auto ensemble = ensemble_in_memory(s.drawn(), "drawn");
  const Population population(*ensemble, s.density, {.check_generator = false});
  const MovedNumbers moved;
  evaluate(population, s.density, s.symmetrize);
  // f + D u begins as f; displacements are read where they lie.
  EXPECT_LT(moved(), s.n_numbers + s.n_numbers / 2);
}

}  // namespace
}  // namespace zeropoint::sscha
