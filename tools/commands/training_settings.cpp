#include "tools/commands/training_settings.hpp"

#include <cstdlib>

#include "core/error.hpp"
#include "core/quantity.hpp"

namespace zeropoint {
namespace {

/// "400 epochs" or a time. @returns what is wrong with it.
std::string read_stop(const std::string& text, mlp::TrainOptions& options) {
  const std::size_t blank = text.find(" epochs");
  char* end = nullptr;
  const long epochs = std::strtol(text.c_str(), &end, 10);
  if (blank != std::string::npos && end == text.c_str() + blank && epochs > 0) {
    options.epochs = epochs;
    return "";
  }
  try {
    options.seconds = parse_quantity(text, find_unit("min"));
  } catch (const InputError& error) {
    return fmt::format("{}; or write \"400 epochs\"", error.what());
  }
  return options.seconds > 0 ? "" : "a time above zero is needed";
}

}  // namespace

void declare(Schema& schema, TrainingSettings& settings) {
  Section& model = schema.section("model", "the network");
  model.key("species", &settings.fit.species, "chemical symbols; default: from the data");
  model.quantity("radial_cutoff", &settings.fit.descriptor.radial_cutoff, "angstrom", "of the radial moments").above(0);
  model.key("radial_order", &settings.fit.descriptor.radial_order, "of the Chebyshev polynomials")
      .at_least(1)
      .at_most(mlp::highest_radial_order);
  model.quantity("angular_cutoff", &settings.fit.descriptor.angular_cutoff, "angstrom", "of the angular moments")
      .above(0);
  model.key("angular_order", &settings.fit.descriptor.angular_order, "l_max of the moments")
      .at_least(0)
      .at_most(mlp::highest_angular_order);
  model.choice("cutoff_function", settings.fit.descriptor.cutoff_function,
               {{"cubic", mlp::CutoffFunction::cubic},
                {"cosine", mlp::CutoffFunction::cosine},
                {"quintic", mlp::CutoffFunction::quintic}},
               "cosine: force constants jump at the cutoff");
  model.key("radial_channels", &settings.fit.network.radial_channels, "mixtures of radial moments").at_least(1);
  model
      .key("channels", &settings.fit.network.channels,
           "mixtures of angular moments: 1, 2, 4, 6, 8, 10, 12, 16, 24 or 32")
      .at_least(1)
      .at_most(32);
  model.key("mixing_by_degree", &settings.fit.network.mixing_by_degree,
            "true: mixtures of angular moments of their own for each l");
  model.key("full_spectrum", &settings.fit.network.full_spectrum,
            "false: products of a channel with itself only, as in NEP");
  model.key("four_body", &settings.fit.network.four_body, "number of four-body terms; 0: none").at_least(0);
  model.key("hidden", &settings.hidden, "widths of the two layers, which must be equal").at_least(1).check([&settings] {
    return settings.hidden.size() == 2 && settings.hidden[0] == settings.hidden[1]
               ? ""
               : "two equal widths are needed, such as [48, 48]";
  });
  Section& attention = schema.section("model.attention", "between channels");
  attention.key("layers", &settings.fit.network.attention_layers, "0: none").at_least(0);
  attention.key("heads", &settings.fit.network.attention_heads, "").at_least(1);

  mlp::LossOptions& loss_options = settings.fit.training.loss;
  Section& loss = schema.section("loss", "weights of errors in units of their scales");
  loss.key("energy", &loss_options.energy, "").at_least(0);
  loss.key("force", &loss_options.force, "").at_least(0);
  loss.key("stress", &loss_options.stress, "").at_least(0);
  loss.quantity("energy_scale", &loss_options.energy_scale, "meV", "per atom; 0: a tenth of the spread, 2 to 10 meV")
      .at_least(0);
  loss.quantity("force_scale", &loss_options.force_scale, "eV/angstrom", "0: a tenth of the rms force").at_least(0);
  loss.quantity("stress_scale", &loss_options.stress_scale, "GPa", "0: 0.3 of the spread").at_least(0);

  mlp::TrainOptions& options = settings.fit.training;
  Section& train = schema.section("train", "");
  train.key("seeds", &settings.seeds, "of the first weights; several: a committee").at_least(0);
  train.key("stop", &settings.stop, "a time, or \"400 epochs\"").check([&settings] {
    mlp::TrainOptions unused;
    return read_stop(settings.stop, unused);
  });
  train.key("batch_size", &options.batch_size, "structures a step").at_least(1);
  train.key("learning_rate", &options.learning_rate, "at its highest; falls as a cosine to a thousandth").above(0);
  train.choice("optimizer", options.optimizer.rotated, {{"soap", true}, {"adamw", false}},
               "soap: Adam in the eigenbasis of the gradients");
  train.key("weight_decay", &options.optimizer.weight_decay, "").at_least(0);
  train.key("average", &options.optimizer.average, "of the moving average of the weights, the ones that are kept")
      .at_least(0)
      .at_most(0.99999);
  train.key("energy_ramp", &options.energy_ramp, "factor of the energy's weight at the beginning, growing to 1")
      .above(0)
      .at_most(1);
  train.key("patience", &options.patience, "stop after so many epochs without a better validation error; 0: never")
      .at_least(0);
  train.choice("precision", options.single_precision, {{"single", true}, {"double", false}},
               "of the network; sums are double always");
  train.key("ridge", &settings.fit.ridge,
            "last layer by least squares at the end, where cross-validation says that it helps");
}

mlp::FitOptions fit_options(const TrainingSettings& settings, const Run& context) {
  mlp::FitOptions options = settings.fit;
  options.training.device = context.device();  // before any tensor
  options.training.seed = static_cast<std::uint64_t>(context.shared.seed);
  options.network.hidden = settings.hidden[0];
  options.seeds.assign(settings.seeds.begin(), settings.seeds.end());
  read_stop(settings.stop, options.training);
  return options;
}

}  // namespace zeropoint
