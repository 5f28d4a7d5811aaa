#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "mlp/fit.hpp"
#include "mlp/model_start.hpp"
#include "mlp/split_file.hpp"
#include "tools/commands/model_report.hpp"
#include "tools/commands/training_input.hpp"
#include "tools/commands/training_report.hpp"
#include "tools/commands/training_settings.hpp"
#include "tools/figures/result_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

struct Settings : TrainingSettings {
  TrainingSetOptions reading;
  std::vector<std::string> train, test;
  int n_training = 0;
  std::string start;
};

void declare_keys(Schema& schema, Settings& settings) {
  Section& data = schema.section("data", "what is learned");
  data.key("train", &settings.train, "names, with * and ?, in any readable format, mixed")
      .required("[\"dft/*.out\", \"old.extxyz\"]")
      .paths();
  data.key("validation", &settings.fit.split.validation,
           "fraction: whole antithetic pairs, drawn with the seed and stored with the model")
      .at_least(0)
      .at_most(0.9);
  data.key("test", &settings.test, "files that are only predicted, at the end").paths();
  data.key("test_fraction", &settings.fit.split.test, "or a fraction of the structures of train")
      .at_least(0)
      .at_most(0.9);
  data.key("fold", &settings.fit.split.fold, "for cross-validation: which part, 0, 1 ..., test_fraction takes out")
      .at_least(0);
  data.key("n_training", &settings.n_training,
           "structures to train on, drawn with the seed, others are left out; 0: all that remain")
      .at_least(0);
  declare(data, settings.reading);

  declare(schema, static_cast<TrainingSettings&>(settings));
  schema.section("train").key("start", &settings.start, "a model to go on from, perhaps on more data").paths();
}

mlp::FitOptions options_of(const Settings& settings, const Run& context) {
  mlp::FitOptions options = fit_options(settings, context);
  options.split.n_training = static_cast<std::size_t>(settings.n_training);
  if (!settings.start.empty()) options.go_on_from(mlp::read_model(settings.start));
  if (settings.reading.pulay_pressure != 0) {
    options.notes.emplace_back("stresses", fmt::format("pressures of the labels raised by {:g} GPa",
                                                       units::gpa_per_ev_angstrom3 * settings.reading.pulay_pressure));
  }
  mlp::check(options.descriptor);
  mlp::check(options.network);
  return options;
}

mlp::FitData read_data(const Settings& settings, const mlp::FitOptions& options, const UnitSet& units,
                       Console& console) {
  std::vector<LabelledSet> sets = read_sets(settings.train, "data.train", settings.reading, units, console), tests;
  if (!settings.test.empty()) tests = read_sets(settings.test, "data.test", settings.reading, units, console);
  mlp::FitData data = mlp::split_data(std::move(sets), std::move(tests), options);
  const mlp::Groups& groups = data.structures.groups();
  console.field("pairs", "{} antithetic, {} duplicates", groups.n_pairs, groups.n_duplicates);
  if (groups.n_duplicates > 0) console.warn("{} structures are there twice: they count twice", groups.n_duplicates);
  console.field("split", "{}", mlp::split_text(data.split));
  if (options.training.patience > 0 && data.members(mlp::Part::validation).empty()) {
    throw InputError{"patience = {} needs structures for validation: set data.validation, or patience = 0",
                     options.training.patience};
  }
  return data;
}

void describe(const mlp::Model& start, const mlp::FitData& data, Console& console) {
  const mlp::NodeNetwork network = start.node_network();
  console.field("network", "{} weights, {} invariants of an atom, {} member{}", network.n_parameters(),
                network.n_invariants(), start.members.size(), start.members.size() > 1 ? "s" : "");
  std::string energies;
  for (std::size_t z = 0; z < start.species.size(); ++z)
    energies += fmt::format("{}{} {:.4f} eV", z > 0 ? ", " : "", start.species[z], start.reference_energies[z]);
  console.field("atoms", "{}", energies);
  console.field("rms force", "{:.1f} meV/A", 1e3 * mlp::rms_force(data.structures, data.members(mlp::Part::training)));
  if (!data.structures.all_in_memory())
    console.detail("pairs of atoms do not fit into memory: they are found again in every epoch");
}

void show_time(const mlp::FitData& data, const mlp::Model& start, const mlp::FitOptions& options, Console& console) {
  const double seconds = mlp::seconds_per_epoch(data, start, options, stop_if_interrupted);
  const mlp::TrainOptions& training = options.training;
  console.field("time", "{} per epoch, measured; {}", format_duration(seconds),
                training.epochs > 0
                    ? "about " + format_duration(seconds * static_cast<double>(training.epochs)) + " in all"
                    : fmt::format("about {:.0f} epochs", training.seconds / seconds));
  console.field("memory", "{:.0f} MB so far", peak_memory_mb());
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const mlp::FitOptions options = options_of(settings, context);
  const mlp::FitData data = read_data(settings, options, context.shared.units(), console);
  const mlp::Model start = mlp::first_model(data, options);
  describe(start, data, console);
  if (!context.folder) {
    show_time(data, start, options, console);
    return exit_code::done;
  }
  const RunFolder& folder = *context.folder;
  TrainingReport report(folder, options, console);
  const mlp::Fit fit = mlp::fit(data, start, options, report.observer(), folder.file("checkpoint.h5"));

  mlp::write_fit(fit, data, folder.file("model.h5"), context.settings);
  Hdf5File file =
      Hdf5File::create(folder.file("result.h5"),
                       {.filetype = "zeropoint train", .configuration = context.settings, .seed = context.shared.seed});
  write_history(file, fit.history);
  write_parity(file, fit.judgement.parity);
  mlp::write_split(file, data.structures, data.split);
  file.close();
  draw_result(folder.path(), context);

  Summary summary;
  conclude(fit, data, settings.reading.pulay_pressure, console, summary);
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
