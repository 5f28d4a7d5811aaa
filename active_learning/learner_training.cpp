#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "active_learning/digest.hpp"
#include "active_learning/learner.hpp"
#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/kill_point.hpp"

namespace zeropoint::active_learning {
namespace {

namespace fs = std::filesystem;

constexpr double worse = 1.05;  // the held-out error of a new model, in that of the last one
constexpr std::size_t least_held_out = 4;

/// A tenth of all tasks is never trained on: which one is decided by its identity.
bool is_held_out(const std::string& id, double share) {
  return std::stoul(id.substr(0, 6), nullptr, 16) < static_cast<unsigned long>(share * 0x1000000);
}

double force_error(const mlp::Model& model, const mlp::FitData& data) {
  const std::vector<std::size_t> held_out = data.members(mlp::Part::validation);
  if (held_out.size() < least_held_out) return 0;
  return mlp::total(mlp::errors_of(mlp::Predictor(model), data.structures, held_out)).force.root_mean_square();
}

}  // namespace

std::string identity(const mlp::Model& model) {
  std::string bytes = fmt::format("{} {}\n", fmt::join(model.species, " "), model.energy_scale);
  const auto add = [&bytes](const at::Tensor& tensor) {
    if (!tensor.defined()) return;
    const at::Tensor numbers = tensor.detach().cpu().to(at::kDouble).contiguous();
    bytes.append(static_cast<const char*>(numbers.const_data_ptr()), static_cast<std::size_t>(numbers.nbytes()));
  };
  for (const double energy : model.reference_energies) bytes += fmt::format("{} ", energy);
  for (const at::Tensor* tensor :
       {&model.scaling.radial_shift, &model.scaling.radial_scale, &model.scaling.angular_scale})
    add(*tensor);
  for (const mlp::Member& member : model.members) {
    for (const auto* list : {&member.parameters, &member.shift, &member.scale}) {
      for (const at::Tensor& tensor : *list) add(tensor);
    }
    add(member.covariance);
  }
  return sha256(bytes);
}

mlp::FitData Learner::training_data(const std::vector<std::string>& labels, const mlp::FitOptions& options) const {
  std::vector<LabelledSet> sets = options_.data;
  std::vector<mlp::Part> split;
  const double share = options.split.validation;
  for (const LabelledSet& set : sets) {
    for (std::size_t i = 0; i < set.structures.size(); ++i)
      split.push_back(is_held_out(sha256(fmt::format("{} {}", set.name, i)), share) ? mlp::Part::validation
                                                                                    : mlp::Part::training);
  }
  LabelledSet own{"tasks", {}};
  for (const std::string& id : labels) {
    own.structures.push_back(store_.labelled(id));
    split.push_back(is_held_out(id, share) ? mlp::Part::validation : mlp::Part::training);
  }
  if (!own.structures.empty()) sets.push_back(std::move(own));
  return {.structures{std::move(sets), options.descriptor.radial_cutoff, options.species}, .split = std::move(split)};
}

/// Goes on from the last model with all labels, old and new; where that is worse than before on labels never trained
/// on, begins anew; where that is worse, too, keeps the last one.
void Learner::train(int round, const std::vector<std::string>& labels) {
  TrainedModel last;
  const std::optional<mlp::Model> before = model_before(round, last);
  mlp::FitOptions options = options_.fit;
  if (before && options_.from_last_model) options.go_on_from(*before);
  const mlp::FitData data = training_data(labels, options);
  const double error_before = before ? force_error(*before, data) : 0;
  const auto fit = [&](const mlp::FitOptions& with, const std::string& checkpoint) {
    const mlp::FitObserver observer{.step = [&](double progress) {
      if (watch_.progress) watch_.progress("training", progress);
      if (watch_.idle) watch_.idle();
    }};
    return mlp::fit(data, mlp::first_model(data, with), with, observer, file(round, checkpoint));
  };
  fs::create_directories(fs::path(file(round, "x")).parent_path());
  TrainedModel record{.origin = before && options_.from_last_model ? "from the last one" : "anew"};
  mlp::Fit found = fit(options, "checkpoint.h5");
  record.held_out = force_error(found.model, data);
  const bool is_worse = before && error_before > 0 && record.held_out > worse * error_before;
  if (is_worse && options_.from_last_model) {
    mlp::FitOptions anew = options_.fit;
    mlp::Fit other = fit(anew, "checkpoint_anew.h5");
    const double error = force_error(other.model, data);
    if (error < record.held_out) {
      found = std::move(other);
      record.held_out = error;
      record.origin = "anew";
    }
  }
  const std::vector<std::size_t> training = data.members(mlp::Part::training);
  const mlp::LossOptions loss =
      mlp::with_scales(options.training.loss, data.structures, training, found.model.reference_energies);
  record.energy_scale = loss.energy_scale;
  record.force_scale = loss.force_scale;
  record.held_out_before = error_before;
  record.n_training = static_cast<int>(training.size());
  record.n_held_out = static_cast<int>(data.members(mlp::Part::validation).size());
  if (before && error_before > 0 && record.held_out > worse * error_before && last.sha != "given") {
    if (watch_.warn)
      watch_.warn(
          fmt::format("the new model has an error of {:.1f} meV/angstrom on labels held out, the last one {:.1f}: the "
                      "last one is kept",
                      1e3 * record.held_out, 1e3 * error_before));
    record.sha = last.sha;
    record.origin = "kept";
  } else {
    const std::string fresh = options_.folder + "/models/new.h5";
    make_parent_folder(fresh);
    mlp::write_fit(found, data, fresh);
    record.sha = identity(mlp::read_model(fresh));  // as it will be read: places beyond the radial order aside
    make_parent_folder(model_file(record.sha));
    fs::rename(fresh, model_file(record.sha));
    kill_point("model kept");
  }
  const std::string there = record.held_out > 0 ? fmt::format("error there {:.1f} meV/angstrom", 1e3 * record.held_out)
                                                : std::string("too few to tell an error");
  tell("model",
       fmt::format("{}: {} labels, {} held out, {}", record.origin, record.n_training, record.n_held_out, there));
  write(file(round, "trained.json"), record);
  for (const char* name : {"checkpoint.h5", "checkpoint_anew.h5"}) fs::remove(file(round, name));
}

}  // namespace zeropoint::active_learning
