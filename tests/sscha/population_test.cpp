#include "sscha/population.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <random>

#include "core/parallel.hpp"
#include "sscha/evaluation.hpp"
#include "sscha/minimizer.hpp"
#include "tests/support/anharmonic_model.hpp"
#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"
#include "tests/support/sample_ensembles.hpp"
#include "tests/support/sampled_ensemble.hpp"

namespace zeropoint::sscha {
namespace {

using phonons::DynamicalMatrices;

struct Setting {
  test::BondModel model;
  TrialDensity density;
  phonons::Symmetrizer symmetrize;

  explicit Setting(const Eigen::Vector3i& divisions, const Crystal& crystal = test::triclinic_crystal())
      : model(test::BondModel::of_neighbours(crystal, divisions, 4.2, 0.4)),
        density(model.harmonic(crystal), 300, units::codata2022),
        symmetrize(find_space_group(crystal, {.enabled = false}), crystal, density.matrices().grid) {}

  Configurations draw(Eigen::Index n, unsigned seed, bool antithetic = false) const {
    const Eigen::MatrixXd w = test::amplitudes(density);
    return model(density.matrices().crystal,
                 test::displacements(w, test::normal_coordinates(w.cols(), n, seed, antithetic)));
  }
};

/// Rows `order` of all labels.
Configurations rows(const Configurations& all, const std::vector<std::int64_t>& order) {
  at::Tensor index = at::empty({static_cast<std::int64_t>(order.size())}, at::kLong);
  std::copy(order.begin(), order.end(), index.mutable_data_ptr<std::int64_t>());
  return {all.displacements.index_select(0, index), all.energies.index_select(0, index),
          all.forces.index_select(0, index), all.stresses.index_select(0, index)};
}

Population population_of(Configurations configurations, const TrialDensity& density,
                         const PopulationOptions& options = {}) {
  return {*ensemble_in_memory(std::move(configurations), "model"), density, options};
}

/// Every number of an evaluation, for comparison bit by bit.
std::vector<double> numbers(const Evaluation& evaluation) {
  std::vector<double> all{evaluation.free_energy.total.value, evaluation.free_energy.total.standard_error,
                          evaluation.gradient.norm,           evaluation.gradient.error,
                          evaluation.gradient.centroid_norm,  evaluation.gradient.centroid_error,
                          evaluation.weights.effective_size};
  for (const Eigen::MatrixXcd& block : evaluation.gradient.matrices) {
    for (const std::complex<double>& z : block.reshaped()) all.insert(all.end(), {z.real(), z.imag()});
  }
  for (const double x : evaluation.gradient.forces.reshaped()) all.push_back(x);
  for (const double x : evaluation.stress->value.reshaped()) all.push_back(x);
  for (const double x : evaluation.stress->standard_error.reshaped()) all.push_back(x);
  return all;
}

TrialDensity stiffer(const TrialDensity& density) {
  DynamicalMatrices matrices = density.matrices();
  for (Eigen::MatrixXcd& block : matrices.blocks) block *= 1.03;
  return {std::move(matrices), density.temperature(), density.units()};
}

/// Sets the number of threads back at the end.
struct ThreadsRestored {
  int before = threads();
  ~ThreadsRestored() { set_threads(before); }
};

TEST(Population, GivesTheSameBitsOnAnyNumberOfThreads) {
  const ThreadsRestored restored;
  const Setting s({3, 2, 1});
  const Configurations configurations = s.draw(3000, 1);
  std::vector<double> first;
  for (const int n : {1, 2, 4}) {
    set_threads(n);
    const Population population = population_of(configurations, s.density);
    const std::vector<double> found = numbers(evaluate(population, stiffer(s.density), s.symmetrize));
    if (n == 1) first = found;
    EXPECT_EQ(found, first) << n << " threads";
  }
}

TEST(Population, FindsPartnersAtAnyDistanceAndInAnyOrder) {
  const Setting s({2, 1, 1});
  constexpr int n_pairs = 700, n_singles = 41;
  Configurations both = s.draw(2 * n_pairs + 2 * n_singles, 2, true);
  std::vector<std::int64_t> order(2 * n_pairs);
  std::iota(order.begin(), order.end(), 0);
  for (int i = 0; i < n_singles; ++i) order.push_back(2 * (n_pairs + i));  // without their partners
  std::shuffle(order.begin(), order.end(), std::mt19937(3));
  const Configurations shuffled = rows(both, order);
  const Population population = population_of(shuffled, s.density);
  EXPECT_EQ(population.pairing().n_pairs, n_pairs);
  EXPECT_EQ(population.size(), 2 * n_pairs + n_singles);
  EXPECT_EQ(population.pairing().n_samples(), n_pairs + n_singles);
  std::vector<std::int64_t> seen = population.order();
  for (std::int64_t k = 0; k < n_pairs; ++k) {
    const at::Tensor sum = shuffled.displacements[seen[2 * k]] + shuffled.displacements[seen[2 * k + 1]];
    ASSERT_LT(sum.abs().max().item<double>(), 1e-12) << k;
  }
  EXPECT_EQ(population.block_size() % 2, 0);  // partners share a jackknife block
  std::sort(seen.begin(), seen.end());
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], static_cast<std::int64_t>(i));
  // The order of the ensemble changes sums by rounding alone.
  std::sort(order.begin(), order.end());
  const Evaluation a = evaluate(population, stiffer(s.density), s.symmetrize);
  const Evaluation b = evaluate(population_of(rows(both, order), s.density), stiffer(s.density), s.symmetrize);
  EXPECT_NEAR(a.free_energy.total.value, b.free_energy.total.value, 1e-12);
  EXPECT_NEAR(a.free_energy.total.standard_error, b.free_energy.total.standard_error, 1e-14);
  EXPECT_LT(test::difference(a.gradient.matrices, b.gradient.matrices), 1e-11);
}

TEST(Population, TextRoundingDoesNotHidePartners) {
  const Setting s({2, 1, 1});
  Configurations configurations = s.draw(200, 4, true);
  configurations.displacements = (configurations.displacements * 1e6).round() / 1e6;
  EXPECT_EQ(population_of(configurations, s.density).pairing().n_pairs, 100);
}

/// Columns 0 to n of all chunks, of one slab.
at::Tensor first_columns(const Population& population, const phonons::RealBlochBasis::Slab& slab, std::int64_t n,
                         bool forces) {
  std::vector<at::Tensor> chunks;
  for (int chunk = 0; chunk < population.n_chunks(); ++chunk) {
    chunks.push_back(forces ? population.forces(chunk, slab) : population.displacements(chunk, slab));
  }
  return at::cat(chunks, 2).slice(2, 0, n);
}

TEST(Population, OfTheFirstPartIsTheFirstPart) {
  const Setting s({3, 1, 1});
  const Configurations all = s.draw(2500, 5);
  std::vector<std::int64_t> first(1100);
  std::iota(first.begin(), first.end(), 0);
  const Population whole = population_of(all, s.density), part = population_of(rows(all, first), s.density);
  // Chunks may be cut elsewhere: equal to rounding of the transform, of numbers of order 0.1 angstrom and 10
  // eV/angstrom.
  const auto apart = [](const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); };
  for (const auto& slab : whole.basis().slabs()) {
    EXPECT_LT(apart(first_columns(part, slab, 1100, false), first_columns(whole, slab, 1100, false)), 1e-14);
    EXPECT_LT(apart(first_columns(part, slab, 1100, true), first_columns(whole, slab, 1100, true)), 1e-12);
  }
  EXPECT_LT(apart(part.log_density(), whole.log_density().slice(0, 0, 1100)), 1e-11);
  EXPECT_LT(apart(part.energies() + part.mean_energy(), whole.energies().slice(0, 0, 1100) + whole.mean_energy()),
            1e-12);
}

TEST(Population, ModesHaveUnitVariance) {
  const Setting s({3, 1, 1});
  const Eigen::Vector3d ratio = population_of(s.draw(4000, 6), s.density).variance_ratio();
  const double spread = std::sqrt(2.0 / 4000);
  EXPECT_NEAR(ratio[0], 1, 4 * spread / std::sqrt(24.0));
  EXPECT_GT(ratio[1], 1 - 4 * spread);
  EXPECT_LT(ratio[2], 1 + 4 * spread);
}

TEST(Population, RefusesWhatAnotherDensityGenerated) {
  const Setting s({3, 1, 1});
  const Configurations configurations = s.draw(500, 7);
  const TrialDensity hot(s.density.matrices(), 600, units::codata2022);
  EXPECT_COMPLAINT(population_of(configurations, hot), "did not generate the ensemble");
  DynamicalMatrices other = test::model_matrices(s.density.matrices().crystal, {3, 1, 1}, 9);
  phonons::impose_acoustic_sum_rule(other.blocks[0]);
  EXPECT_COMPLAINT(population_of(configurations, {other, 300, units::codata2022}),
                   "those of the generating matrices at 300 K");
  EXPECT_NO_THROW(population_of(configurations, hot, {.check_generator = false}));
  EXPECT_NO_THROW(population_of(configurations, s.density));
}

TEST(Population, RefusesForcesInAnotherUnit) {
  const Setting s({3, 1, 1});
  Configurations configurations = s.draw(500, 8);
  const at::Tensor right = configurations.forces;
  const double bohr = units::codata2022.bohr;
  configurations.forces = right * bohr;
  EXPECT_COMPLAINT(population_of(configurations, s.density),
                   "they seem to be in Ry/bohr where Ry/angstrom was expected");
  configurations.forces = right / bohr;
  EXPECT_COMPLAINT(population_of(configurations, s.density),
                   "they seem to be in Ry/angstrom where Ry/bohr was expected");
}

TEST(Population, NeedsTwoConfigurations) {
  const Setting s({1, 1, 1});
  EXPECT_COMPLAINT(population_of(s.draw(1, 9), s.density), "model has 1 configuration: at least 2 are needed");
  EXPECT_NO_THROW(population_of(s.draw(2, 9), s.density, {.check_generator = false}));
}

TEST(Population, StressesOfZeroMeanNone) {
  const Setting s({1, 1, 1});
  Configurations configurations = s.draw(100, 10);
  configurations.stresses = at::zeros_like(configurations.stresses);
  const Population population = population_of(configurations, s.density);
  EXPECT_FALSE(population.has_stresses());
  EXPECT_FALSE(evaluate(population, s.density, s.symmetrize).stress);
}

/// An ensemble of any size that occupies no memory: labels are those of the first configurations over and over, turned
/// by a sign pattern that keeps them plausible.
class RepeatedEnsemble : public Ensemble {
 public:
  RepeatedEnsemble(Configurations first, std::int64_t n) : first_(std::move(first)), n_(n) {}
  std::int64_t size() const override { return n_; }
  bool has_stresses() const override { return true; }
  std::string description() const override { return "repeated"; }
  Configurations read(std::int64_t begin, std::int64_t end) const override {
    const at::Tensor number = at::arange(begin, end, at::kLong);
    const at::Tensor which = number.remainder(first_.size());
    // 1 + a multiple of 2^-30: every configuration is another one.
    const at::Tensor factor = number.to(at::kDouble) * 0x1p-30 + 1;
    return {first_.displacements.index_select(0, which) * factor.view({-1, 1, 1}),
            first_.energies.index_select(0, which) * factor, first_.forces.index_select(0, which),
            first_.stresses.index_select(0, which)};
  }

 private:
  Configurations first_;
  std::int64_t n_;
};

/// Peak resident memory of this process, bytes.
std::int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

TEST(Population, LargerThanMemoryStreamsToTheSameBits) {
  const Setting s({3, 2, 1});
  const RepeatedEnsemble ensemble(s.draw(5000, 11), 20000);
  const Population in_memory(ensemble, s.density), streaming(ensemble, s.density, {.memory_limit = 1 << 20});
  EXPECT_FALSE(in_memory.streams());
  EXPECT_TRUE(streaming.streams());
  const TrialDensity target = stiffer(s.density);
  EXPECT_EQ(numbers(evaluate(streaming, target, s.symmetrize)), numbers(evaluate(in_memory, target, s.symmetrize)));
}

TEST(Population, LargerThanMemoryStaysOutOfIt) {
  // 400 000 configurations of 24 atoms: 461 MB of displacements and forces.
  constexpr std::int64_t n = 400000;
  const Setting s({4, 2, 1});
  const RepeatedEnsemble ensemble(s.draw(5000, 12), n);
  const std::int64_t bytes = n * 2 * 72 * 8;
  int channel[2];
  ASSERT_EQ(pipe(channel), 0);
  const pid_t child = fork();  // its peak is its own; one thread, for those of the parent are not in it
  ASSERT_GE(child, 0);
  if (child == 0) {
    set_threads(1);
    std::ofstream("/proc/self/clear_refs") << "5";  // forget the peak of the parent
    const std::int64_t before = peak_memory();
    const Population population(ensemble, s.density, {.memory_limit = 32 << 20});
    const Evaluation evaluation = evaluate(population, stiffer(s.density), s.symmetrize);
    std::int64_t used = population.streams() && std::isfinite(evaluation.gradient.norm) ? peak_memory() - before : -1;
    const bool written = write(channel[1], &used, sizeof used) == sizeof used;
    _exit(written ? 0 : 1);
  }
  std::int64_t used = -1;
  ASSERT_EQ(read(channel[0], &used, sizeof used), static_cast<ssize_t>(sizeof used));
  int status = 0;
  waitpid(child, &status, 0);
  close(channel[0]);
  close(channel[1]);
  EXPECT_EQ(status, 0);
  EXPECT_GT(used, 0);
  EXPECT_LT(used, bytes) << "of " << bytes;
  RecordProperty("peak_megabytes", static_cast<int>(used >> 20));
}

TEST(Population, CollapsedWeightsStopTheMinimiser) {
  const Setting s({2, 1, 1});
  const Population population = population_of(s.draw(500, 13), s.density);
  DynamicalMatrices far = s.density.matrices();
  for (Eigen::MatrixXcd& block : far.blocks) block *= 6;
  const SpaceGroup none = find_space_group(far.crystal, {.enabled = false});
  const Minimum minimum = minimize(population, {far, 300, units::codata2022}, none, {});
  EXPECT_EQ(minimum.stop_reason, StopReason::kong_liu);
  EXPECT_NE(explain(minimum.stop_reason).find("Draw a new population"), std::string::npos);
  EXPECT_EQ(minimum.n_gradients, 1);
  EXPECT_LT(minimum.steps.back().kong_liu_ratio, 0.5);
}

}  // namespace
}  // namespace zeropoint::sscha
