#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mlp/errors.hpp"
#include "mlp/loss.hpp"
#include "mlp/model.hpp"
#include "mlp/optimizer.hpp"
#include "mlp/training_data.hpp"

namespace zeropoint::mlp {

struct TrainOptions {
  std::int64_t epochs = 0;      ///< 0: until the time is over
  double seconds = 1800;        ///< of training, when epochs = 0
  int batch_size = 8;           ///< structures a step
  double learning_rate = 4e-3;  ///< at its highest
  double final_rate = 1e-3;     ///< at the end, as a fraction of the highest; a cosine in between
  int warm_up = 100;            ///< steps in which the rate rises from zero
  double energy_ramp = 0.02;    ///< factor of the energy's weight at the beginning, growing geometrically to 1
  int patience = 0;  ///< stop after so many epochs without a better validation error, take the best; 0: never
  bool single_precision = true;  ///< of networks and moments; sums are float64 always
  at::Device device = at::kCPU;  ///< of the networks; moments, their edges and the optimizer stay on the processor
  std::uint64_t seed = 1;        ///< of the order of the structures
  OptimizerOptions optimizer = {};
  LossOptions loss = {};
};

/// One line of the learning curve.
struct EpochReport {
  std::int64_t epoch = 0;    ///< from 1
  double progress = 0;       ///< 0 to 1
  double learning_rate = 0;  ///< of the last step
  double loss = 0;           ///< mean over the epoch and the members
  double seconds = 0;        ///< of training so far, interruptions left out
  double energy = 0, force = 0,
         stress = 0;  ///< rms errors on validation: eV per atom, eV/angstrom, eV/angstrom^3; NaN: not looked at
};

/// Trains the members of a model side by side: they see the same batches and share the moments.
///
/// With a number of epochs everything depends on the seeds and the data alone: the bits are the same for any number of
/// threads, and for a trainer that goes on from a checkpoint.
class Trainer {
 public:
  /// `start`: first values of all weights. `data` must outlive the trainer.
  Trainer(const TrainingData& data, std::vector<std::size_t> training, std::vector<std::size_t> validation, Model start,
          const TrainOptions& options);

  Trainer(const Trainer&) = delete;  // active_ points into the object
  Trainer& operator=(const Trainer&) = delete;

  /// Takes up the training where save() left it. @throws InputError for the checkpoint of another training, IoError.
  void restore(const std::string& checkpoint);
  /// Between epochs.
  void save(const std::string& checkpoint) const;

  bool finished() const;
  /// One pass over the training structures; `after_step` is called with the progress and may throw.
  EpochReport run_epoch(const std::function<void(double)>& after_step = {});

  const std::vector<EpochReport>& history() const { return history_; }
  const LossOptions& loss_options() const { return options_.loss; }
  /// The model with its averaged weights: the last, or the best on validation with `patience`.
  Model model() const;
  const char* stop_reason() const;

 private:
  double progress() const;
  double seconds() const;
  std::vector<std::size_t> order_of_epoch() const;
  /// How many slices a batch is cut into, each the work of one thread: 1, 2, 4, 8 or 16 by its atoms. Gradients are
  /// added in the order of the slices, so that the bits do not depend on the number of threads.
  std::size_t slices_of(const std::vector<std::size_t>& batch) const;
  /// Of every network and slice, [member][slice].
  template <class Real>
  std::vector<LossGradient> gradients_by_kernels(const std::vector<std::vector<std::size_t>>& slices,
                                                 double energy_ramp) const;
  /// The same on devices without kernels.
  std::vector<LossGradient> gradients_by_tensors(const std::vector<std::vector<std::size_t>>& slices,
                                                 double energy_ramp) const;
  double train_batch(const std::vector<std::size_t>& of);
  void validate(EpochReport& report);
  Model current() const;

  const TrainingData& data_;
  std::vector<std::size_t> training_, validation_;
  Model start_;
  NodeNetwork network_;
  TrainOptions options_;
  at::ScalarType type_;
  MomentScaling scaling_;
  std::vector<ActiveNetwork> active_;  ///< without parameters
  std::vector<Optimizer> members_;
  std::vector<EpochReport> history_;
  std::int64_t step_ = 0, steps_per_epoch_;
  double last_rate_ = 0, earlier_seconds_ = 0, validation_seconds_ = 0, last_validation_ = -1e9;
  std::chrono::steady_clock::time_point begin_;
  std::optional<std::vector<std::vector<at::Tensor>>> best_;
  double best_score_ = 0;
  std::int64_t best_epoch_ = 0;
};

}  // namespace zeropoint::mlp
