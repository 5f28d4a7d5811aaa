#include "mlp/fit.hpp"

#include <chrono>
#include <filesystem>

#include "core/hdf5_file.hpp"
#include "mlp/model_start.hpp"
#include "mlp/split_file.hpp"

namespace zeropoint::mlp {
namespace {

using Clock = std::chrono::steady_clock;

Trainer trainer_of(const FitData& data, const Model& start, const FitOptions& options) {
  return {data.structures, data.members(Part::training), data.members(Part::validation), start, options.training};
}

/// Goes on until the trainer is finished. A checkpoint is written after the first epoch, the last, and every so often:
/// when it is interrupted, the epochs since the last one are done again, with the same bits.
void train(Trainer& trainer, const FitObserver& observe, const std::string& checkpoint) {
  constexpr std::chrono::seconds between_checkpoints{20};
  Clock::time_point saved = Clock::now();
  while (!trainer.finished()) {
    const EpochReport report = trainer.run_epoch(observe.step);
    const bool last = trainer.finished();
    if (observe.epoch) observe.epoch(report, last);
    const bool due = last || trainer.history().size() == 1 || Clock::now() - saved > between_checkpoints;
    if (checkpoint.empty() || !due) continue;
    trainer.save(checkpoint);
    if (observe.saved) observe.saved(trainer.history());
    saved = Clock::now();
  }
  if (observe.trained) observe.trained(trainer);
}

}  // namespace

void FitOptions::go_on_from(Model model) {
  species = model.species;
  descriptor = model.descriptor;
  network = model.network;
  model.card.clear();
  start = std::move(model);
}

FitData split_data(std::vector<LabelledSet> sets, std::vector<LabelledSet> tests, const FitOptions& options) {
  std::size_t n_drawn = 0;
  for (const LabelledSet& set : sets) n_drawn += set.structures.size();
  std::move(tests.begin(), tests.end(), std::back_inserter(sets));
  FitData data{.structures{std::move(sets), options.descriptor.radial_cutoff, options.species}, .split = {}};
  // Files of the test stay the test: what they share with others is told, not moved.
  Groups groups = data.structures.groups();
  groups.of.resize(n_drawn);
  data.split = draw_split(groups, options.split, options.training.seed);
  data.split.resize(data.structures.size(), Part::test);
  return data;
}

Model first_model(const FitData& data, const FitOptions& options) {
  if (options.start) return *options.start;
  return start_model(data.structures, data.members(Part::training), options.descriptor, options.network, options.seeds);
}

double seconds_per_epoch(const FitData& data, const Model& start, const FitOptions& options,
                         const std::function<void()>& after_step) {
  Trainer trainer = trainer_of(data, start, options);
  const Clock::time_point begin = Clock::now();
  trainer.run_epoch([&](double) {
    if (after_step) after_step();
  });
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Fit fit(const FitData& data, const Model& start, const FitOptions& options, const FitObserver& observe,
        const std::string& checkpoint) {
  Trainer trainer = trainer_of(data, start, options);
  if (!checkpoint.empty() && std::filesystem::exists(checkpoint)) {
    trainer.restore(checkpoint);
    if (observe.resumed) observe.resumed(trainer.history().size());
  }
  train(trainer, observe, checkpoint);

  Model model = trainer.model();
  for (std::size_t k = 0; k < model.members.size(); ++k) {
    const LastLayerReport report = solve_last_layer(model, k, data.structures, data.members(Part::training),
                                                    trainer.loss_options(), {.change = options.ridge});
    if (observe.last_layer) observe.last_layer(report);
  }
  const std::size_t n_judged = data.split.size() - data.members(Part::left_out).size();
  Judgement judgement = judge(Predictor(model), data.structures, data.split, {.observe = [&](std::size_t done) {
                                if (observe.judged) observe.judged(done, n_judged);
                              }});
  model.card = model_card(model, data.structures, data.split, trainer, judgement, options.notes);
  return {std::move(model), std::move(judgement), trainer.history(), trainer.stop_reason()};
}

void write_fit(const Fit& fit, const FitData& data, const std::string& path, const std::string& configuration) {
  write_model(fit.model, path, configuration);
  Hdf5File file = Hdf5File::modify(path);
  write_split(file, data.structures, data.split);
  file.close();
}

}  // namespace zeropoint::mlp
