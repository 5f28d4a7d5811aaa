#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mlp/judgement.hpp"
#include "mlp/last_layer.hpp"
#include "mlp/model_card.hpp"
#include "mlp/trainer.hpp"

namespace zeropoint::mlp {

/// From labelled structures to a model with its card:
///
///   const FitData data = split_data(sets, tests, options);
///   const Fit fit = mlp::fit(data, first_model(data, options), options, observer, "checkpoint.h5");
///   write_fit(fit, data, "model.h5");
struct FitOptions {
  std::vector<std::string> species = {};  ///< chemical symbols; empty: those of the data
  DescriptorOptions descriptor = {};
  NetworkOptions network = {};
  std::vector<std::int64_t> seeds{1};     ///< of the first weights; several: a committee
  std::optional<Model> start = {};        ///< a model to go on from, instead of new weights
  SplitOptions split{.validation = 0.1};  ///< drawn with training.seed
  TrainOptions training = {};
  bool ridge = true;  ///< last layers by least squares at the end, where cross-validation says that it helps
  Card notes = {};    ///< further lines of the card

  /// Species, descriptor and network become those of `model`, with whose weights the training begins.
  void go_on_from(Model model);
};

/// Structures and what each one is for.
struct FitData {
  TrainingData structures;
  std::vector<Part> split;  ///< [structures.size()]

  std::vector<std::size_t> members(Part part) const { return members_of(split, part); }
};

/// Draws the split of `sets`; all structures of `tests` are the test, whatever they share with the others.
/// @throws InputError for fractions that leave nothing to train on, an element that is not one of the species.
FitData split_data(std::vector<LabelledSet> sets, std::vector<LabelledSet> tests, const FitOptions& options);

/// Where the training begins: new weights from the seeds, or those of options.start.
Model first_model(const FitData& data, const FitOptions& options);

/// Seconds that one epoch takes, measured by one; `after_step` may throw to stop.
double seconds_per_epoch(const FitData& data, const Model& start, const FitOptions& options,
                         const std::function<void()>& after_step = {});

/// How a fit tells what it does. All are called between steps on the calling thread, may be empty, and may throw to
/// stop: a fit with a checkpoint then goes on after the last one.
struct FitObserver {
  std::function<void(std::size_t n_epochs)> resumed = {};  ///< goes on from a checkpoint after so many epochs
  std::function<void(double progress)> step = {};          ///< 0 to 1
  std::function<void(const EpochReport&, bool last)> epoch = {};
  std::function<void(const std::vector<EpochReport>&)> saved = {};  ///< a checkpoint, with the history so far
  std::function<void(const Trainer&)> trained = {};
  std::function<void(const LastLayerReport&)> last_layer = {};        ///< of each member
  std::function<void(std::size_t done, std::size_t of)> judged = {};  ///< structures
};

struct Fit {
  Model model;  ///< with its card
  Judgement judgement;
  std::vector<EpochReport> history;
  std::string stop_reason;  ///< "all epochs are done"
};

/// Trains, solves the last layers, makes the covariances that uncertainties need, and judges. `checkpoint`: a file to
/// which the state of the training is written now and then, and from which a fit that was interrupted goes on; with a
/// number of epochs it leads to the same bits. Empty: none.
/// @throws InputError when nothing is left to train on, when the training diverges, or for a checkpoint of other data.
Fit fit(const FitData& data, const Model& start, const FitOptions& options, const FitObserver& observe = {},
        const std::string& checkpoint = {});

/// The model with the split that it was trained with.
void write_fit(const Fit& fit, const FitData& data, const std::string& path, const std::string& configuration = {});

}  // namespace zeropoint::mlp
