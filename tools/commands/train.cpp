#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/parallel.hpp"
#include "mlp/last_layer.hpp"
#include "mlp/model_start.hpp"
#include "mlp/pressure_balance.hpp"
#include "mlp/trainer.hpp"
#include "tools/commands/model_report.hpp"
#include "tools/commands/training_input.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

struct Settings {
  DataSettings reading;
  std::vector<std::string> train, test, species;
  mlp::SplitOptions split{.validation = 0.1};
  int n_training = 0;
  mlp::DescriptorOptions descriptor;
  mlp::NetworkOptions network;
  std::vector<int> hidden{48, 48};
  mlp::TrainOptions train_options;
  std::vector<int> seeds{1};
  std::string stop = "30 min", start;
  bool ridge = true;
};

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

void declare_keys(Schema& schema, Settings& settings) {
  Section& data = schema.section("data", "what is learned");
  data.key("train", &settings.train, "names, with * and ?, in any readable format, mixed")
      .required("[\"dft/*.out\", \"old.extxyz\"]")
      .paths();
  data.key("validation", &settings.split.validation,
           "fraction: whole antithetic pairs, drawn with the seed and stored with the model")
      .at_least(0)
      .at_most(0.9);
  data.key("test", &settings.test, "files that are only predicted, at the end").paths();
  data.key("test_fraction", &settings.split.test, "or a fraction of the structures of train").at_least(0).at_most(0.9);
  data.key("fold", &settings.split.fold, "for cross-validation: which part, 0, 1 ..., test_fraction takes out")
      .at_least(0);
  data.key("n_training", &settings.n_training,
           "structures to train on, drawn with the seed, others are left out; 0: all that remain")
      .at_least(0);
  declare(data, settings.reading);

  Section& model = schema.section("model", "the network");
  model.key("species", &settings.species, "chemical symbols; default: from the data");
  model.quantity("radial_cutoff", &settings.descriptor.radial_cutoff, "angstrom", "of the radial moments").above(0);
  model.key("radial_order", &settings.descriptor.radial_order, "of the Chebyshev polynomials")
      .at_least(1)
      .at_most(mlp::highest_radial_order);
  model.quantity("angular_cutoff", &settings.descriptor.angular_cutoff, "angstrom", "of the angular moments").above(0);
  model.key("angular_order", &settings.descriptor.angular_order, "l_max of the moments")
      .at_least(0)
      .at_most(mlp::highest_angular_order);
  model.choice("cutoff_function", settings.descriptor.cutoff_function,
               {{"cubic", mlp::CutoffFunction::cubic},
                {"cosine", mlp::CutoffFunction::cosine},
                {"quintic", mlp::CutoffFunction::quintic}},
               "cosine: force constants jump at the cutoff");
  model.key("radial_channels", &settings.network.radial_channels, "mixtures of radial moments").at_least(1);
  model.key("channels", &settings.network.channels, "mixtures of angular moments: 1, 2, 4, 6, 8, 10, 12, 16, 24 or 32")
      .at_least(1)
      .at_most(32);
  model.key("mixing_by_degree", &settings.network.mixing_by_degree,
            "true: mixtures of angular moments of their own for each l");
  model.key("full_spectrum", &settings.network.full_spectrum,
            "false: products of a channel with itself only, as in NEP");
  model.key("four_body", &settings.network.four_body, "number of four-body terms; 0: none").at_least(0);
  model.key("hidden", &settings.hidden, "widths of the two layers, which must be equal").at_least(1).check([&settings] {
    return settings.hidden.size() == 2 && settings.hidden[0] == settings.hidden[1]
               ? ""
               : "two equal widths are needed, such as [48, 48]";
  });
  Section& attention = schema.section("model.attention", "between channels");
  attention.key("layers", &settings.network.attention_layers, "0: none").at_least(0);
  attention.key("heads", &settings.network.attention_heads, "").at_least(1);

  mlp::LossOptions& loss_options = settings.train_options.loss;
  Section& loss = schema.section("loss", "weights of errors in units of their scales");
  loss.key("energy", &loss_options.energy, "").at_least(0);
  loss.key("force", &loss_options.force, "").at_least(0);
  loss.key("stress", &loss_options.stress, "").at_least(0);
  loss.quantity("energy_scale", &loss_options.energy_scale, "meV", "per atom; 0: a tenth of the spread, 2 to 10 meV")
      .at_least(0);
  loss.quantity("force_scale", &loss_options.force_scale, "eV/angstrom", "0: a tenth of the rms force").at_least(0);
  loss.quantity("stress_scale", &loss_options.stress_scale, "GPa", "0: 0.3 of the spread").at_least(0);

  mlp::TrainOptions& options = settings.train_options;
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
  train.key("ridge", &settings.ridge,
            "last layer by least squares at the end, where cross-validation says that it helps");
  train.key("start", &settings.start, "a model to go on from, perhaps on more data").paths();
}

mlp::Model first_model(const Settings& settings, const mlp::TrainingData& data,
                       const std::vector<std::size_t>& training) {
  if (settings.start.empty()) {
    return mlp::start_model(data, training, settings.descriptor, settings.network,
                            {settings.seeds.begin(), settings.seeds.end()});
  }
  mlp::Model model = mlp::read_model(settings.start);
  model.card.clear();
  return model;
}

/// Species and descriptor must be known before the data are read.
void take_over(const std::string& start, Settings& settings) {
  const mlp::Model model = mlp::read_model(start);
  settings.species = model.species;
  settings.descriptor = model.descriptor;
  settings.network = model.network;
}

std::string split_text(const std::vector<mlp::Part>& split) {
  const auto count = [&](mlp::Part part) { return mlp::members_of(split, part).size(); };
  const std::size_t left_out = count(mlp::Part::left_out);
  return fmt::format("{} for training, {} for validation, {} for the test{}", count(mlp::Part::training),
                     count(mlp::Part::validation), count(mlp::Part::test),
                     left_out > 0 ? fmt::format(", {} left out", left_out) : "");
}

/// Goes on until the trainer is finished: bar, lines, learning curve and checkpoints.
void run_training(mlp::Trainer& trainer, const Settings& settings, const RunFolder& folder, Console& console) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds between_lines{10}, between_checkpoints{20};
  const std::string checkpoint = folder.file("checkpoint.h5");
  constexpr std::int64_t ticks = 1000;
  Progress bar(console, "training", ticks, "permille");
  std::int64_t shown = 0;
  Clock::time_point line = Clock::now() - between_lines, saved = Clock::now();
  console.say("{:>6} {:>8} {:>10} {:>10}   validation: {:>10} {:>10} {:>10}", "epoch", "done", "rate", "loss",
              "meV/atom", "meV/A", "GPa");
  const auto tick = [&](double progress) {
    const std::int64_t now = static_cast<std::int64_t>(progress * static_cast<double>(ticks));
    if (now > shown) bar.advance(now - shown);
    shown = std::max(shown, now);
    stop_if_interrupted();
  };
  const auto save = [&] {
    trainer.save(checkpoint);
    folder.write("learning_curve.dat", learning_curve(trainer.history()).text());
    saved = Clock::now();
  };
  while (!trainer.finished()) {
    // When it is interrupted, the epochs since the last checkpoint are done again: the bits stay the same.
    const mlp::EpochReport report = trainer.run_epoch(tick);
    const bool last = trainer.finished();
    if (std::isfinite(report.force) && (last || Clock::now() - line > between_lines)) {
      console.say("{:>6} {:>7.1f}% {:>10.2e} {:>10.3e}               {:>10.3f} {:>10.2f} {:>10.4f}", report.epoch,
                  100 * report.progress, report.learning_rate, report.loss, 1e3 * report.energy, 1e3 * report.force,
                  units::gpa_per_ev_angstrom3 * report.stress);
      line = Clock::now();
    }
    if (last || trainer.history().size() == 1 || Clock::now() - saved > between_checkpoints) save();
  }
  console.detail("{} epochs of batches of {}", trainer.history().size(), settings.train_options.batch_size);
}

void write_split(Hdf5File& file, const mlp::TrainingData& data, const std::vector<mlp::Part>& split) {
  std::vector<std::string> sources;
  Eigen::VectorXd parts(static_cast<Eigen::Index>(data.size())), groups(parts.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    sources.push_back(data.structure(i).source);
    parts[static_cast<Eigen::Index>(i)] = static_cast<int>(split[i]);
    groups[static_cast<Eigen::Index>(i)] = static_cast<double>(data.groups().of[i]);
  }
  file.write("split/source", sources, "structure");
  file.write("split/part", parts, "0 training, 1 validation, 2 test, 3 left out", "structure");
  file.write("split/group", groups, "1", "structure");
}

/// All predictions once: errors of every part and set, and what parity plots show.
struct Judgement {
  std::vector<std::pair<std::string, mlp::Errors>> rows;  ///< "training", "test: file"
  std::vector<mlp::Errors> of_part = std::vector<mlp::Errors>(3);
  nlohmann::json entries = nlohmann::json::array();
  Parity parity;
  mlp::PressureBalance balance;  ///< of the training
};

Judgement judge(const mlp::Model& model, const mlp::TrainingData& data, const std::vector<mlp::Part>& split,
                Console& console) {
  static const std::vector<std::string> names{"training", "validation", "test"};
  const mlp::Predictor predict(model);
  Judgement result;
  std::vector<std::vector<mlp::Errors>> errors(
      3, std::vector<mlp::Errors>(data.set_names().size(), mlp::Errors{data.species().size()}));
  std::vector<std::size_t> judged;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (split[i] != mlp::Part::left_out) judged.push_back(i);
  }
  Progress bar(console, "predicting", static_cast<std::int64_t>(judged.size()), "structures");
  constexpr std::size_t at_once = 64;
  for (std::size_t begin = 0; begin < judged.size(); begin += at_once) {
    const std::size_t end = std::min(begin + at_once, judged.size());
    std::vector<std::shared_ptr<const mlp::Geometry>> kept;
    std::vector<const mlp::Geometry*> geometries;
    for (std::size_t k = begin; k < end; ++k) geometries.push_back(kept.emplace_back(data.geometry(judged[k])).get());
    const std::vector<mlp::Prediction> predictions = predict(geometries);
    for (std::size_t k = begin; k < end; ++k) {
      const std::size_t i = judged[k];
      errors[static_cast<int>(split[i])][data.set_of(i)].add(predictions[k - begin], data.structure(i),
                                                             data.species_of(i));
      result.parity.add(data.structure(i), predictions[k - begin], split[i]);
      if (split[i] == mlp::Part::training) result.balance.add(predictions[k - begin], data.structure(i));
    }
    bar.advance(static_cast<std::int64_t>(end - begin));
    stop_if_interrupted();
  }
  for (std::size_t part = 0; part < 3; ++part) {
    result.of_part[part] = mlp::total(errors[part]);
    if (result.of_part[part].n_structures == 0) continue;
    result.rows.emplace_back(names[part], result.of_part[part]);
    result.entries.push_back(errors_json(names[part], "all", result.of_part[part], data.species()));
    for (std::size_t set = 0; data.set_names().size() > 1 && set < data.set_names().size(); ++set) {
      if (errors[part][set].n_structures == 0) continue;
      result.rows.emplace_back(fmt::format("  {}", fs::path{data.set_names()[set]}.filename().string()),
                               errors[part][set]);
      result.entries.push_back(errors_json(names[part], data.set_names()[set], errors[part][set], data.species()));
    }
  }
  return result;
}

/// Labels whose energies and stresses contradict each other keep a potential from fitting either.
void show_balance(const mlp::PressureBalance& balance, double pulay_pressure, Console& console) {
  constexpr double enough = 0.05, errors = 5;  // GPa
  const std::optional<Estimate> lacking = balance.lacking();
  if (!lacking) return;
  const double value = units::gpa_per_ev_angstrom3 * lacking->value,
               error = units::gpa_per_ev_angstrom3 * lacking->standard_error;
  if (std::abs(value) < std::max(enough, errors * error)) return;
  console.warn(
      "the energies of cells of different volume ask for pressures that are {:.2f} +- {:.2f} GPa above those of the "
      "labels (Pulay stress of plane "
      "waves?): data.pulay_pressure = \"{:.2f} GPa\" would add it",
      value, error, units::gpa_per_ev_angstrom3 * pulay_pressure + value);
}

std::string seeds_text(const mlp::Model& model) {
  std::vector<std::uint64_t> seeds;
  for (const mlp::Member& member : model.members) seeds.push_back(member.seed);
  return fmt::format("{}", fmt::join(seeds, ", "));
}

void write_card(mlp::Model& model, const mlp::TrainingData& data, const std::vector<mlp::Part>& split,
                const Judgement& judgement, const mlp::Trainer& trainer, double pulay_pressure) {
  const mlp::NodeNetwork network = model.node_network();
  model.card = {
      {"species", fmt::format("{}", fmt::join(model.species, ", "))},
      {"cutoffs", fmt::format("{:g} angstrom radial, {:g} angstrom angular", model.descriptor.radial_cutoff,
                              model.descriptor.angular_cutoff)},
      {"network",
       fmt::format("{} weights, {} invariants, channels mixed {}, {} hidden, {} attention layers, {} four-body terms",
                   network.n_parameters(), network.n_invariants(),
                   model.network.mixing_by_degree ? "for each l" : "alike for all l", model.network.hidden,
                   model.network.attention_layers, model.network.four_body)},
      {"members", fmt::format("{}, seeds {}", model.members.size(), seeds_text(model))},
      {"data",
       fmt::format("{} structures of {}, hash {}", data.size(), fmt::join(data.set_names(), ", "), data.hash())},
      {"split", split_text(split)},
      {"training", fmt::format("{} epochs in {}, ended because {}", trainer.history().size(),
                               format_duration(trainer.history().back().seconds), trainer.stop_reason())}};
  if (pulay_pressure != 0) {
    model.card.emplace_back("stresses", fmt::format("pressures of the labels raised by {:g} GPa",
                                                    units::gpa_per_ev_angstrom3 * pulay_pressure));
  }
  for (std::size_t part = 0; part < 3; ++part) {
    static constexpr std::array names{"training errors", "validation errors", "test errors"};
    if (judgement.of_part[part].n_structures > 0)
      model.card.emplace_back(names[part], errors_text(judgement.of_part[part]));
  }
}

/// Last layers by least squares, and the covariances that uncertainties need.
void polish(mlp::Model& model, const mlp::TrainingData& data, const std::vector<std::size_t>& training,
            const mlp::LossOptions& loss, bool change, Console& console) {
  for (std::size_t k = 0; k < model.members.size(); ++k) {
    const mlp::LastLayerReport report = mlp::solve_last_layer(model, k, data, training, loss, {.change = change});
    stop_if_interrupted();
    if (report.changed) {
      console.field("last layer",
                    "solved by least squares, ridge {:.0e}: squared error in cross-validation falls by {:.1f} %",
                    report.strength, 100 * (1 - report.after / report.before));
    } else if (change) {
      console.field("last layer", "as it was: least squares does not lower the error in cross-validation");
    }
  }
}

int run(const Settings& given, Run& context) {
  Console& console = context.console;
  Settings settings = given;
  settings.train_options.device = context.device();  // before any tensor
  settings.network.hidden = settings.hidden[0];
  settings.train_options.seed = static_cast<std::uint64_t>(context.shared.seed);
  read_stop(settings.stop, settings.train_options);
  if (!settings.start.empty()) take_over(settings.start, settings);
  mlp::check(settings.descriptor);
  mlp::check(settings.network);

  std::vector<mlp::LabelledSet> sets =
      read_sets(settings.train, "data.train", settings.reading, context.shared.units(), console);
  std::size_t n_train = 0;
  for (const auto& set : sets) n_train += set.structures.size();
  if (!settings.test.empty()) {
    std::ranges::move(read_sets(settings.test, "data.test", settings.reading, context.shared.units(), console),
                      std::back_inserter(sets));
  }
  const mlp::TrainingData data(std::move(sets), settings.descriptor.radial_cutoff, settings.species);
  mlp::Groups groups = data.groups();
  // Files of the test stay the test: what they share with others is told, not moved.
  groups.of.resize(n_train);
  settings.split.n_training = static_cast<std::size_t>(settings.n_training);
  std::vector<mlp::Part> split =
      mlp::draw_split(groups, settings.split, static_cast<std::uint64_t>(context.shared.seed));
  split.resize(data.size(), mlp::Part::test);
  const auto training = mlp::members_of(split, mlp::Part::training),
             validation = mlp::members_of(split, mlp::Part::validation);
  console.field("pairs", "{} antithetic, {} duplicates", data.groups().n_pairs, data.groups().n_duplicates);
  if (data.groups().n_duplicates > 0)
    console.warn("{} structures are there twice: they count twice", data.groups().n_duplicates);
  console.field("split", "{}", split_text(split));
  mlp::Model start = first_model(settings, data, training);
  const mlp::NodeNetwork network = start.node_network();
  console.field("network", "{} weights, {} invariants of an atom, {} member{}", network.n_parameters(),
                network.n_invariants(), start.members.size(), start.members.size() > 1 ? "s" : "");
  std::string energies;
  for (std::size_t z = 0; z < start.species.size(); ++z)
    energies += fmt::format("{}{} {:.4f} eV", z > 0 ? ", " : "", start.species[z], start.reference_energies[z]);
  console.field("atoms", "{}", energies);
  console.field("rms force", "{:.1f} meV/A", 1e3 * mlp::rms_force(data, training));
  if (!data.all_in_memory())
    console.detail("pairs of atoms do not fit into memory: they are found again in every epoch");

  mlp::Trainer trainer(data, training, validation, start, settings.train_options);
  if (!context.folder) {
    const auto begin = std::chrono::steady_clock::now();
    trainer.run_epoch([&](double) { stop_if_interrupted(); });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    console.field(
        "time", "{} per epoch, measured; {}", format_duration(seconds),
        settings.train_options.epochs > 0
            ? "about " + format_duration(seconds * static_cast<double>(settings.train_options.epochs)) + " in all"
            : fmt::format("about {:.0f} epochs", settings.train_options.seconds / seconds));
    console.field("memory", "{:.0f} MB so far", peak_memory_mb());
    return exit_code::done;
  }
  const RunFolder& folder = *context.folder;
  if (folder.resumes() && fs::exists(folder.file("checkpoint.h5"))) {
    trainer.restore(folder.file("checkpoint.h5"));
    console.say("{} holds an interrupted training of these settings: it goes on after epoch {}", folder.path(),
                trainer.history().size());
  }
  console.say("");
  run_training(trainer, settings, folder, console);
  console.field("stopped", "{}", trainer.stop_reason());
  mlp::Model model = trainer.model();
  polish(model, data, training, trainer.loss_options(), settings.ridge, console);

  const Judgement judgement = judge(model, data, split, console);
  write_card(model, data, split, judgement, trainer, settings.reading.pulay_pressure);
  mlp::write_model(model, folder.file("model.h5"), context.settings);
  {
    Hdf5File model_file = Hdf5File::modify(folder.file("model.h5"));
    write_split(model_file, data, split);
    model_file.close();
  }
  Hdf5File file =
      Hdf5File::create(folder.file("result.h5"),
                       {.filetype = "zeropoint train", .configuration = context.settings, .seed = context.shared.seed});
  write_history(file, trainer.history());
  write_parity(file, judgement.parity);
  write_split(file, data, split);
  file.close();
  if (context.shared.figures)
    figures::draw(figures_of_model(folder.file("result.h5")), folder.file("figures"), console);

  console.say("");
  show_errors(judgement.rows, console);
  const std::size_t judged = judgement.of_part[2].n_structures > 0 ? 2 : judgement.of_part[1].n_structures > 0 ? 1 : 0;
  show_species(judgement.of_part[judged], data.species(), console);
  show_balance(judgement.balance, settings.reading.pulay_pressure, console);
  Summary summary;
  add_errors(summary, judgement.of_part[judged]);
  if (model.members.size() > 1) {
    conclude_members(mlp::errors_of_members(model, data, mlp::members_of(split, static_cast<mlp::Part>(judged))),
                     console, summary);
  }
  summary.add("errors_of", nlohmann::json(judged == 2 ? "test" : judged == 1 ? "validation" : "training"));
  summary.add("errors", judgement.entries);
  summary.add("n_epochs", static_cast<double>(trainer.history().size()));
  summary.add("training_seconds", trainer.history().back().seconds, "s");
  summary.add("n_weights", static_cast<double>(network.n_parameters()));
  summary.add("stop_reason", nlohmann::json(trainer.stop_reason()));
  console.field("model", "{}", folder.file("model.h5"));
  console.print_json(folder.finish(summary));
  return exit_code::done;
}

}  // namespace

Command train_command() {
  return {
      .name = "train",
      .summary = "fit the potential to energies, forces and stresses",
      .arguments = "RUN.toml",
      .description =
          "Reads labelled structures of any compositions and cells (outputs of pw.x and VASP, extxyz, xsf, mlearn's "
          "JSON,\n"
          "DeePMD folders, SSCHA ensembles) and trains a network of moments, or a committee of several. Bad structures "
          "are\n"
          "refused with the reason. An interrupted training goes on from DIR/checkpoint.h5 with the same command.\n"
          "Leaves model.h5, learning_curve.dat, parity plots and the errors of each set and species.",
      .example =
          "  zeropoint train train.toml\n"
          "  zeropoint train train.toml --set 'train.stop=\"5 min\"' --set train.seeds=[1,2,3,4] --output committee",
      .options = {},
      .prepare = job<Settings>(declare_keys, run, "model"),
      .run = {},
      .goes_on = "behind the last checkpoint",
  };
}

}  // namespace zeropoint
