#include "mlp/trainer.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <numeric>
#include <tuple>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "mlp/last_layer.hpp"
#include "mlp/model_start.hpp"
#include "tests/mlp/toy_labels.hpp"
#include "tests/support/temporary_folder.hpp"

namespace zeropoint::mlp {
namespace {

constexpr DescriptorOptions descriptor{.radial_cutoff = 5, .angular_cutoff = 4, .radial_order = 7, .angular_order = 2};
constexpr NetworkOptions network{.radial_channels = 8, .channels = 4, .hidden = 16};

std::vector<std::size_t> range(std::size_t begin, std::size_t end) {
  std::vector<std::size_t> result(end - begin);
  std::iota(result.begin(), result.end(), begin);
  return result;
}

const TrainingData& toy_data() {
  static const TrainingData data({{"toy", test::toy_set(100, 60)}}, descriptor.radial_cutoff);
  return data;
}

bool equal(const Model& a, const Model& b) {
  for (std::size_t k = 0; k < a.members.size(); ++k) {
    for (std::size_t p = 0; p < a.members[k].parameters.size(); ++p) {
      if (!at::equal(a.members[k].parameters[p], b.members[k].parameters[p])) return false;
    }
  }
  return true;
}

void train(Trainer& trainer) {
  while (!trainer.finished()) trainer.run_epoch();
}

TEST(StartModel, ScalesMomentsAndInvariantsToOrderOne) {
  const Model model = start_model(toy_data(), range(0, 60), descriptor, network, {1});
  std::vector<const Geometry*> geometries;
  for (std::size_t i = 0; i < 60; ++i) geometries.push_back(toy_data().geometry(i).get());
  const auto batch = std::make_shared<const AtomBatch>(geometries, 2, descriptor.angular_cutoff);
  const Moments moments = MomentMap(batch, descriptor, model.scaling, at::kDouble).moments();
  const at::Tensor radial = moments.radial.slice(2, 0, descriptor.n_functions());
  const std::int64_t n = batch->species_begin[1];
  EXPECT_LT(radial.slice(0, 0, n).mean(0).abs().max().item<double>(), 1e-9);
  EXPECT_NEAR(radial.slice(0, 0, n).square().mean().item<double>(), 1, 0.05);
  const at::Tensor invariants = model.node_network().invariants(
      model.members[0].parameters, 0, {moments.radial.slice(0, 0, n), moments.angular.slice(0, 0, n)});
  const at::Tensor x = (invariants - model.members[0].shift[0]) * model.members[0].scale[0];
  EXPECT_NEAR(x.square().mean().item<double>(), 1, 0.05);
}

TEST(Trainer, LearnsAPairPotentialWithTwoSpeciesAndThreeVolumes) {
  TrainOptions options{.epochs = 80, .batch_size = 6, .learning_rate = 0.01, .warm_up = 20};
  Trainer trainer(toy_data(), range(0, 50), range(50, 60),
                  start_model(toy_data(), range(0, 50), descriptor, network, {1}), options);
  train(trainer);
  const Model model = trainer.model();
  const Errors errors = total(errors_of(Predictor(model), toy_data(), range(50, 60)));
  const double rms = rms_force(toy_data(), range(50, 60));
  EXPECT_LT(errors.force.root_mean_square(), 0.1 * rms);
  EXPECT_LT(errors.energy.root_mean_square(), 0.01);
  EXPECT_LT(trainer.history().back().loss, 0.3 * trainer.history().front().loss);
  EXPECT_DOUBLE_EQ(trainer.history().back().progress, 1);
}

TEST(Trainer, GivesTheSameBitsForAnyNumberOfThreads) {
  const auto trained = [](int n_threads) {
    set_threads(n_threads);
    // A batch of 290 atoms, which is two slices, and one of 160.
    const TrainOptions options{.epochs = 3, .batch_size = 32, .warm_up = 2};
    Trainer trainer(toy_data(), range(0, 50), range(50, 60),
                    start_model(toy_data(), range(0, 50), descriptor, network, {1, 2}), options);
    train(trainer);
    Model model = trainer.model();
    const LastLayerReport report = solve_last_layer(model, 0, toy_data(), range(0, 50), trainer.loss_options());
    set_threads(0);
    return std::tuple{model, trainer.history(), report};
  };
  const auto [model, history, report] = trained(1);
  for (const int n_threads : {2, 3}) {
    const auto [other, other_history, other_report] = trained(n_threads);
    EXPECT_TRUE(equal(model, other)) << n_threads;
    EXPECT_TRUE(at::equal(model.members[0].covariance, other.members[0].covariance)) << n_threads;
    EXPECT_EQ(report.after, other_report.after) << n_threads;
    ASSERT_EQ(history.size(), other_history.size());
    for (std::size_t k = 0; k < history.size(); ++k) EXPECT_EQ(history[k].loss, other_history[k].loss) << n_threads;
    EXPECT_EQ(history.back().force, other_history.back().force) << n_threads;
    EXPECT_EQ(history.back().energy, other_history.back().energy) << n_threads;
  }
}

TEST(Trainer, GoesOnFromACheckpointToTheSameBits) {
  set_threads(1);
  const test::TemporaryFolder folder;
  const TrainOptions options{.epochs = 6, .batch_size = 7, .warm_up = 5};
  const Model start = start_model(toy_data(), range(0, 40), descriptor, network, {1, 2});
  Trainer whole(toy_data(), range(0, 40), range(40, 60), start, options);
  train(whole);

  Trainer cut(toy_data(), range(0, 40), range(40, 60), start, options);
  for (int epoch = 0; epoch < 3; ++epoch) cut.run_epoch();
  cut.save(folder / "checkpoint.h5");
  cut.run_epoch();  // lost
  Trainer resumed(toy_data(), range(0, 40), range(40, 60), start, options);
  resumed.restore(folder / "checkpoint.h5");
  EXPECT_EQ(resumed.history().size(), 3u);
  train(resumed);
  EXPECT_TRUE(equal(whole.model(), resumed.model()));
  EXPECT_EQ(whole.history().back().force, resumed.history().back().force);
  EXPECT_EQ(resumed.history().size(), 6u);
  set_threads(0);
}

TEST(Trainer, RefusesTheCheckpointOfOtherData) {
  const test::TemporaryFolder folder;
  const TrainingData other({{"toy", test::toy_set(300, 10)}}, descriptor.radial_cutoff);
  const TrainOptions options{.epochs = 2};
  Trainer one(toy_data(), range(0, 10), {}, start_model(toy_data(), range(0, 10), descriptor, network, {1}), options);
  one.run_epoch();
  one.save(folder / "checkpoint.h5");
  Trainer two(other, range(0, 10), {}, start_model(other, range(0, 10), descriptor, network, {1}), options);
  EXPECT_THROW(two.restore(folder / "checkpoint.h5"), InputError);
}

TEST(Trainer, TrainsMembersOfACommitteeAsIfEachWereAlone) {
  set_threads(1);
  const TrainOptions options{.epochs = 2, .batch_size = 5, .warm_up = 2};
  const Model start = start_model(toy_data(), range(0, 20), descriptor, network, {4, 9});
  Model second = start;
  second.members = {start.members[1]};
  Trainer both(toy_data(), range(0, 20), {}, start, options), alone(toy_data(), range(0, 20), {}, second, options);
  train(both);
  train(alone);
  Model of_both = both.model();
  of_both.members.erase(of_both.members.begin());
  EXPECT_TRUE(equal(of_both, alone.model()));
  set_threads(0);
}

TEST(Trainer, StopsWhenValidationDoesNotImproveAndKeepsTheBest) {
  TrainOptions options{.epochs = 400, .batch_size = 4, .learning_rate = 0.02, .warm_up = 1, .patience = 6};
  options.optimizer.average = 0.5;
  Trainer trainer(toy_data(), range(0, 12), range(12, 40),
                  start_model(toy_data(), range(0, 12), descriptor, network, {1}), options);
  train(trainer);
  ASSERT_LT(trainer.history().size(), 400u);
  const auto score = [&](const EpochReport& report) {
    return report.energy / trainer.loss_options().energy_scale + report.force / trainer.loss_options().force_scale;
  };
  double best = 1e9;
  for (const EpochReport& report : trainer.history()) best = std::min(best, score(report));
  const Errors errors = total(errors_of(Predictor(trainer.model()), toy_data(), range(12, 40)));
  EXPECT_NEAR(errors.energy.root_mean_square() / trainer.loss_options().energy_scale +
                  errors.force.root_mean_square() / trainer.loss_options().force_scale,
              best, 1e-3 * best);
}

TEST(Trainer, SaysThatWrongLabelsDiverge) {
  std::vector<LabelledStructure> set = test::toy_set(100, 4);
  set[2].forces(0, 0) = std::numeric_limits<double>::infinity();
  const TrainingData data({{"toy", set}}, descriptor.radial_cutoff);
  const Model start = start_model(toy_data(), range(0, 10), descriptor, network, {1});
  TrainOptions options{.epochs = 2, .batch_size = 4};
  options.loss.force_scale = 0.1;
  Trainer trainer(data, range(0, 4), {}, start, options);
  EXPECT_THROW(trainer.run_epoch(), InputError);
}

TEST(LastLayer, IsFoundByLeastSquaresWhenTheRestIsRight) {
  Model model = start_model(toy_data(), range(0, 60), descriptor, network, {1});
  // Labels of a network, and the same network with another last layer: what differs is linear.
  std::vector<LabelledStructure> set = test::toy_set(100, 60);
  const NodeNetwork nodes = model.node_network();
  at::manual_seed(3);
  for (int z = 0; z < 2; ++z)
    model.members[0].parameters[nodes.last_layer(z)] = 0.1 * at::randn({nodes.n_features()}, at::kDouble);
  const Predictor truth(model, at::kDouble);
  for (LabelledStructure& structure : set) {
    const Geometry geometry = truth.geometry(structure.cell, structure.positions, structure.species);
    const Prediction label = truth({&geometry})[0];
    structure.energy = label.energy;
    structure.forces = label.forces;
    structure.stress = label.stress;
  }
  const TrainingData data({{"network", set}}, descriptor.radial_cutoff);
  Model changed = model;
  for (int z = 0; z < 2; ++z)
    changed.members[0].parameters[nodes.last_layer(z)] = at::zeros({nodes.n_features()}, at::kDouble);
  const LossOptions loss = with_scales({}, data, range(0, 60), model.reference_energies);
  const LastLayerReport report = solve_last_layer(changed, 0, data, range(0, 60), loss);
  EXPECT_TRUE(report.changed);
  EXPECT_LT(report.after, 1e-8 * report.before);
  const Errors errors = total(errors_of(Predictor(changed, at::kDouble), data, range(0, 60)));
  EXPECT_LT(errors.force.root_mean_square(), 1e-4 * rms_force(data, range(0, 60)));
  EXPECT_LT(errors.energy.root_mean_square(), 1e-5);
}

/// With energies alone C is what the features of whole structures give.
TEST(LastLayer, LeavesTheCovarianceOfItsFeatures) {
  Model model = start_model(toy_data(), range(0, 60), descriptor, network, {1});
  LossOptions loss = with_scales({.force = 0, .stress = 0}, toy_data(), range(0, 60), model.reference_energies);
  solve_last_layer(model, 0, toy_data(), range(0, 20), loss, {.change = false});
  const Model start = start_model(toy_data(), range(0, 60), descriptor, network, {1});
  EXPECT_TRUE(equal(model, start));
  const NodeNetwork nodes = model.node_network();
  const std::int64_t n = 2 * nodes.n_features();
  at::Tensor expected = at::zeros({n, n}, at::kDouble);
  for (std::size_t i = 0; i < 20; ++i) {
    const auto geometry = toy_data().geometry(i);
    const auto batch =
        std::make_shared<const AtomBatch>(std::vector<const Geometry*>{geometry.get()}, 2, descriptor.angular_cutoff);
    const Moments moments = MomentMap(batch, descriptor, model.scaling, at::kDouble).moments();
    at::Tensor phi = at::zeros({n}, at::kDouble);
    for (int z = 0; z < 2; ++z) {
      const std::int64_t begin = batch->species_begin[z], count = batch->n_atoms_of(z);
      const at::Tensor invariants =
          nodes.invariants(start.members[0].parameters, z,
                           {moments.radial.narrow(0, begin, count), moments.angular.narrow(0, begin, count)});
      const at::Tensor features = nodes.features(start.members[0].parameters, z, invariants, start.members[0].shift[z],
                                                 start.members[0].scale[z]);
      phi.narrow(0, z * nodes.n_features(), nodes.n_features()).copy_(features.sum(0) * model.energy_scale);
    }
    phi /= static_cast<double>(geometry->n_atoms()) * loss.energy_scale;
    expected += at::outer(phi, phi);
  }
  EXPECT_LT((model.members[0].covariance - expected).abs().max().item<double>(),
            1e-10 * expected.abs().max().item<double>());

  const test::TemporaryFolder folder;
  write_model(model, folder / "model.h5");
  EXPECT_TRUE(at::equal(read_model(folder / "model.h5").members[0].covariance, model.members[0].covariance));
}

TEST(LastLayer, IsLeftAloneWhenItIsTheBestAlready) {
  // Labels that no network can explain: noise.
  std::vector<LabelledStructure> set = test::toy_set(100, 12, 6);
  std::mt19937 generator{1};
  std::normal_distribution<double> normal;
  for (LabelledStructure& structure : set) {
    for (Eigen::Index i = 0; i < structure.forces.size(); ++i) structure.forces.data()[i] = normal(generator);
    structure.energy = normal(generator);
    structure.stress.reset();
  }
  const TrainingData data({{"noise", set}}, descriptor.radial_cutoff);
  Model model = start_model(data, range(0, 12), descriptor, network, {1});
  for (int z = 0; z < 2; ++z) model.members[0].parameters[model.node_network().last_layer(z)].zero_();
  const LossOptions loss = with_scales({}, data, range(0, 12), model.reference_energies);
  const LastLayerReport report = solve_last_layer(model, 0, data, range(0, 12), loss);
  EXPECT_GT(report.after, 0.9 * report.before);  // at most the ridge shrinks it to nearly nothing
}

}  // namespace
}  // namespace zeropoint::mlp
