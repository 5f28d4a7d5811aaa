#include "mlp/trainer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <random>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/parallel.hpp"
#include "mlp/slice_loss.hpp"

namespace zeropoint::mlp {
namespace {

constexpr const char* checkpoint_type = "zeropoint training checkpoint";
constexpr double validation_share = 0.1;  // of the time

std::vector<double> row_of(const EpochReport& report) {
  return {static_cast<double>(report.epoch),
          report.progress,
          report.learning_rate,
          report.loss,
          report.seconds,
          report.energy,
          report.force,
          report.stress};
}

EpochReport report_of(const double* row) {
  return {static_cast<std::int64_t>(row[0]), row[1], row[2], row[3], row[4], row[5], row[6], row[7]};
}

}  // namespace

Trainer::Trainer(const TrainingData& data, std::vector<std::size_t> training, std::vector<std::size_t> validation,
                 Model start, const TrainOptions& options)
    : data_(data),
      training_(std::move(training)),
      validation_(std::move(validation)),
      start_(std::move(start)),
      network_(start_.node_network()),
      options_(options),
      type_(options.single_precision ? at::kFloat : at::kDouble),
      scaling_(converted(start_.scaling, type_)),
      begin_(std::chrono::steady_clock::now()) {
  if (training_.empty()) throw InputError{"there is no structure to train on"};
  if (options_.patience > 0 && validation_.empty()) {
    throw InputError{"patience = {} needs structures for validation", options_.patience};
  }
  options_.loss = with_scales(options_.loss, data_, training_, start_.reference_energies);
  for (const Member& member : start_.members) {
    members_.emplace_back(member.parameters, options_.optimizer);
    active_.push_back(
        active_network(network_, member, start_.energy_scale, at::TensorOptions(options_.device).dtype(type_)));
  }
  const std::int64_t n = static_cast<std::int64_t>(training_.size());
  steps_per_epoch_ = (n + options_.batch_size - 1) / options_.batch_size;
}

double Trainer::seconds() const {
  return earlier_seconds_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

double Trainer::progress() const {
  if (options_.epochs > 0) return static_cast<double>(step_) / static_cast<double>(options_.epochs * steps_per_epoch_);
  return std::min(1.0, seconds() / options_.seconds);
}

bool Trainer::finished() const {
  if (progress() >= 1) return true;
  return options_.patience > 0 && !history_.empty() && history_.back().epoch - best_epoch_ >= options_.patience &&
         best_;
}

const char* Trainer::stop_reason() const {
  if (progress() < 1) return "the validation error did not improve any more";
  return options_.epochs > 0 ? "all epochs are done" : "the time is over";
}

std::vector<std::size_t> Trainer::order_of_epoch() const {
  std::vector<std::size_t> order = training_;
  std::mt19937_64 generator{options_.seed * 1000003u + static_cast<std::uint64_t>(history_.size())};
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[generator() % i]);
  return order;
}

std::size_t Trainer::slices_of(const std::vector<std::size_t>& batch) const {
  constexpr std::size_t most = 16, fewest_atoms = 128;  // below, a network takes its time whatever the number of atoms
  std::size_t n_atoms = 0;
  for (const std::size_t i : batch) n_atoms += data_.species_of(i).size();
  return std::min(std::bit_floor(std::clamp<std::size_t>(n_atoms / fewest_atoms, 1, most)), batch.size());
}

std::vector<LossGradient> Trainer::gradients_by_tensors(const std::vector<std::vector<std::size_t>>& slices,
                                                        double energy_ramp) const {
  std::vector<LabelledBatch> batches(slices.size());
  parallel_for(static_cast<std::int64_t>(slices.size()),
               [&](std::int64_t s) { batches[s] = make_batch(data_, slices[s], start_, scaling_, type_); });
  LossCounts counts;
  for (const LabelledBatch& batch : batches) {
    counts.structures += static_cast<double>(batch.energies.size(0));
    counts.atoms += static_cast<double>(batch.forces.size(0));
    counts.stresses += batch.n_stresses;
  }
  std::vector<LossGradient> gradients(members_.size() * slices.size());
  parallel_for(static_cast<std::int64_t>(gradients.size()), [&](std::int64_t item) {
    const std::size_t i = static_cast<std::size_t>(item), member = i / slices.size();
    ActiveNetwork network = active_[member];
    network.parameters = converted(members_[member].parameters(type_), options_.device);
    gradients[i] = loss_gradient(network, batches[i % slices.size()], options_.loss, energy_ramp, counts);
  });
  return gradients;
}

template <class Real>
std::vector<LossGradient> Trainer::gradients_by_kernels(const std::vector<std::vector<std::size_t>>& slices,
                                                        double energy_ramp) const {
  const BlockKernels<Real>& kernels = block_kernels<Real>(kernel_names().front());
  std::vector<std::unique_ptr<SliceLoss<Real>>> losses(slices.size());
  struct Folded {
    Model model;
    KernelModel<Real> kernel;
  };
  std::vector<Folded> folded(members_.size());
  parallel_for(static_cast<std::int64_t>(slices.size() + members_.size()), [&](std::int64_t item) {
    const std::size_t i = static_cast<std::size_t>(item);
    if (i < slices.size()) {
      losses[i] = std::make_unique<SliceLoss<Real>>(data_, slices[i], start_, kernels);
      return;
    }
    const std::size_t member = i - slices.size();
    Model model = start_;
    model.members = {start_.members[member]};
    model.members[0].parameters = members_[member].parameters(at::kDouble);
    folded[member] = {model, fold<Real>(model)};
  });
  LossCounts counts;
  for (const auto& loss : losses) {
    counts.structures += loss->counts().structures;
    counts.atoms += loss->counts().atoms;
    counts.stresses += loss->counts().stresses;
  }
  std::vector<LossGradient> gradients(members_.size() * slices.size());
  parallel_for(static_cast<std::int64_t>(gradients.size()), [&](std::int64_t item) {
    const std::size_t i = static_cast<std::size_t>(item);
    const Folded& of = folded[i / slices.size()];
    gradients[i] = losses[i % slices.size()]->gradient(of.model, of.kernel, options_.loss, energy_ramp, counts);
  });
  return gradients;
}

double Trainer::train_batch(const std::vector<std::size_t>& of) {
  const double p = progress();
  const double cosine = options_.final_rate + (1 - options_.final_rate) * 0.5 * (1 + std::cos(std::numbers::pi * p));
  last_rate_ =
      options_.learning_rate * cosine * std::min(1.0, static_cast<double>(step_ + 1) / std::max(options_.warm_up, 1));
  const double ramp = std::pow(options_.energy_ramp, 1 - p);

  const std::size_t n_slices = slices_of(of);
  std::vector<std::vector<std::size_t>> slices(n_slices);
  for (std::size_t k = 0; k < of.size(); ++k) slices[k % n_slices].push_back(of[k]);
  std::vector<LossGradient> all_gradients = !options_.device.is_cpu() ? gradients_by_tensors(slices, ramp)
                                            : type_ == at::kFloat     ? gradients_by_kernels<float>(slices, ramp)
                                                                      : gradients_by_kernels<double>(slices, ramp);
  double sum = 0;
  for (std::size_t member = 0; member < members_.size(); ++member) {
    at::Tensor all = all_gradients[member * n_slices].by_parameters;
    for (std::size_t s = 1; s < n_slices; ++s) all += all_gradients[member * n_slices + s].by_parameters;
    members_[member].step(all, last_rate_);
    for (std::size_t s = 0; s < n_slices; ++s) sum += all_gradients[member * n_slices + s].value;
  }
  ++step_;
  return sum / static_cast<double>(members_.size());
}

EpochReport Trainer::run_epoch(const std::function<void(double)>& after_step) {
  const std::vector<std::size_t> order = order_of_epoch();
  EpochReport report{.epoch = static_cast<std::int64_t>(history_.size()) + 1,
                     .energy = std::nan(""),
                     .force = std::nan(""),
                     .stress = std::nan("")};
  double n_batches = 0;
  const std::size_t batch_size = static_cast<std::size_t>(options_.batch_size);
  for (std::size_t begin = 0; begin < order.size(); begin += batch_size) {
    const std::size_t end = std::min(begin + batch_size, order.size());
    report.loss += train_batch(
        {order.begin() + static_cast<std::ptrdiff_t>(begin), order.begin() + static_cast<std::ptrdiff_t>(end)});
    n_batches += 1;
    if (after_step) after_step(progress());
    if (options_.epochs == 0 && progress() >= 1) break;
  }
  report.loss /= n_batches;
  report.learning_rate = last_rate_;
  const bool worth_the_time = seconds() - last_validation_ > validation_seconds_ / validation_share;
  if (!validation_.empty() && (options_.patience > 0 || worth_the_time || progress() >= 1)) validate(report);
  report.progress = progress();
  report.seconds = seconds();
  history_.push_back(report);
  return report;
}

void Trainer::validate(EpochReport& report) {
  const double begin = seconds();
  const Model now = current();
  const Errors errors = total(errors_of(Predictor(now, type_), data_, validation_));
  report.energy = errors.energy.root_mean_square();
  report.force = errors.force.root_mean_square();
  report.stress = errors.stress.root_mean_square();
  const double score = report.energy / options_.loss.energy_scale + report.force / options_.loss.force_scale;
  if (options_.patience > 0 && (!best_ || score < best_score_)) {
    best_score_ = score;
    best_epoch_ = report.epoch;
    best_.emplace();
    for (const Member& member : now.members) best_->push_back(member.parameters);
  }
  last_validation_ = seconds();
  validation_seconds_ = last_validation_ - begin;
}

Model Trainer::current() const {
  Model now = start_;
  for (std::size_t k = 0; k < members_.size(); ++k) now.members[k].parameters = members_[k].averages();
  return now;
}

Model Trainer::model() const {
  Model result = current();
  if (!best_) return result;
  for (std::size_t k = 0; k < members_.size(); ++k) result.members[k].parameters = (*best_)[k];
  return result;
}

void Trainer::save(const std::string& checkpoint) const {
  Hdf5File file = Hdf5File::create(checkpoint, {.filetype = checkpoint_type});
  file.write_attribute("/", "data", data_.hash());
  file.write_attribute("/", "step", step_);
  file.write_attribute("/", "seconds", seconds());
  file.write_attribute("/", "best_epoch", best_epoch_);
  file.write_attribute("/", "best_score", best_score_);
  for (std::size_t k = 0; k < members_.size(); ++k) {
    file.write(fmt::format("member_{}/state", k), members_[k].state(), "1", "number");
    if (!best_) continue;
    std::vector<at::Tensor> flat;
    for (const at::Tensor& part : (*best_)[k]) flat.push_back(part.reshape({-1}));
    file.write(fmt::format("member_{}/best", k), at::cat(flat), "1", "parameter");
  }
  at::Tensor history = at::empty({static_cast<std::int64_t>(history_.size()), 8}, at::kDouble);
  for (std::size_t i = 0; i < history_.size(); ++i)
    std::ranges::copy(row_of(history_[i]), history.mutable_data_ptr<double>() + 8 * i);
  file.write("history", history, "1", "epoch,quantity");
  file.close();
}

void Trainer::restore(const std::string& checkpoint) {
  const Hdf5File file = Hdf5File::open(checkpoint, checkpoint_type);
  if (file.text_attribute("/", "data").value_or("") != data_.hash()) {
    throw InputError{"{} was written by a training on other data: give these data back, or begin anew", checkpoint};
  }
  step_ = static_cast<std::int64_t>(file.number_attribute("/", "step").value_or(0));
  earlier_seconds_ = file.number_attribute("/", "seconds").value_or(0);
  best_epoch_ = static_cast<std::int64_t>(file.number_attribute("/", "best_epoch").value_or(0));
  best_score_ = file.number_attribute("/", "best_score").value_or(0);
  best_.reset();
  for (std::size_t k = 0; k < members_.size(); ++k) {
    members_[k].restore(file.read(fmt::format("member_{}/state", k)), step_);
    const std::string best = fmt::format("member_{}/best", k);
    if (!file.has(best)) continue;
    if (!best_) best_.emplace();
    const at::Tensor flat = file.read(best);
    std::vector<at::Tensor> parts;
    std::int64_t begin = 0;
    for (const at::Tensor& like : start_.members[k].parameters) {
      parts.push_back(flat.narrow(0, begin, like.numel()).view(like.sizes()));
      begin += like.numel();
    }
    best_->push_back(std::move(parts));
  }
  const at::Tensor history = file.read("history");
  history_.clear();
  for (std::int64_t i = 0; i < history.size(0); ++i)
    history_.push_back(report_of(history.const_data_ptr<double>() + 8 * i));
  begin_ = std::chrono::steady_clock::now();
}

}  // namespace zeropoint::mlp
