#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "files/extxyz_frames.hpp"
#include "files/structure_file.hpp"
#include "mlp/judgement.hpp"
#include "mlp/split_file.hpp"
#include "tools/commands/deviation_table.hpp"
#include "tools/commands/model_report.hpp"
#include "tools/commands/training_input.hpp"
#include "tools/figures/result_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

struct Settings {
  std::string model;
  bool single_precision = true;
  std::vector<std::string> files;
  bool labels = true, test_only = false;
  TrainingSetOptions reading;
};

void declare_keys(Schema& schema, Settings& settings) {
  Section& potential = schema.section("potential", "");
  potential.key("model", &settings.model, "that train wrote").required("\"model/model.h5\"").paths();
  potential.choice("precision", settings.single_precision, {{"single", true}, {"double", false}},
                   "of the network; sums are double always");
  Section& data = schema.section("data", "what is predicted and compared");
  data.key("files", &settings.files, "names, with * and ?, in any readable format, mixed")
      .required("[\"test.extxyz\"]")
      .paths();
  data.key("labels", &settings.labels, "false: cells and atoms alone are read (POSCAR too), nothing is compared");
  data.choice("part", settings.test_only, {{"all", false}, {"test", true}},
              "test: those that were the test when the model was trained");
  declare(data, settings.reading);
}

/// Leaves those that the model's training called its test, known by their sources.
void keep_test(std::vector<LabelledSet>& sets, const std::string& model) {
  const std::set<std::string> tested = mlp::sources_of(model, mlp::Part::test);
  std::size_t n_left = 0;
  for (LabelledSet& set : sets) {
    std::erase_if(set.structures,
                  [&](const LabelledStructure& structure) { return !tested.contains(structure.source); });
    n_left += set.structures.size();
  }
  if (n_left == 0) {
    throw InputError{
        "data.part = \"test\": none of these structures is one of the {} of the model's test, which are known by their "
        "names, such as '{}'",
        tested.size(), tested.empty() ? "" : *tested.begin()};
  }
}

LabelledStructure predicted(const LabelledStructure& label, const mlp::Prediction& prediction) {
  LabelledStructure result = label;
  result.energy = prediction.energy;
  result.forces = prediction.forces;
  result.stress = prediction.stress;
  return result;
}

/// A bar, moved on by the number of structures done.
std::function<void(std::size_t)> moving(Progress& bar) {
  return [&bar, shown = std::size_t{0}](std::size_t done) mutable {
    bar.advance(static_cast<std::int64_t>(done - shown));
    shown = done;
    stop_if_interrupted();
  };
}

std::vector<LabelledStructure> read_unlabelled(const std::vector<std::string>& patterns, Console& console) {
  std::vector<LabelledStructure> all;
  for (const std::string& file : matching_files(patterns, "data.files")) {
    std::vector<Crystal> read = read_structures(file);
    console.field("data", "{}: {} structures", file, read.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
      LabelledStructure& structure = all.emplace_back();
      structure.cell = read[i].cell;
      structure.positions = read[i].positions;
      structure.species = std::move(read[i].species);
      structure.source = read.size() == 1 ? file : fmt::format("{}, frame {}", file, i + 1);
    }
  }
  return all;
}

/// Predictions alone.
int predict_only(const Settings& settings, const mlp::Model& model, Run& context) {
  Console& console = context.console;
  const std::vector<LabelledStructure> structures = read_unlabelled(settings.files, console);
  if (!context.folder) return exit_code::done;
  const mlp::Predictor predict(model, settings.single_precision ? at::kFloat : at::kDouble);
  std::vector<LabelledStructure> predictions;
  DeviationTable deviations(predict.n_members());
  StepTable table({"structure", "n_atoms", "energy[eV]", "longest_force[eV/A]", "pressure[GPa]"});
  const auto geometry = [&](std::size_t i) {
    const LabelledStructure& one = structures[i];
    try {
      return std::make_shared<const mlp::Geometry>(predict.geometry(one.cell, one.positions, one.species));
    } catch (const InputError& error) {
      throw InputError{"{}: {}", one.source, error.what()};
    }
  };
  const auto take = [&](std::size_t i, const mlp::Prediction& one) {
    predictions.push_back(predicted(structures[i], one));
    table.add({static_cast<double>(i + 1), static_cast<double>(structures[i].n_atoms()), one.energy,
               one.forces.rowwise().norm().maxCoeff(), -one.stress.trace() / 3 * units::gpa_per_ev_angstrom3});
    deviations.add(one);
  };
  {
    Progress bar(console, "predicting", static_cast<std::int64_t>(structures.size()), "structures");
    mlp::predict_each(predict, structures.size(), geometry, take, moving(bar));
  }
  const RunFolder& folder = *context.folder;
  write_labelled_structures(predictions, folder.file("predictions.extxyz"));
  folder.write("predictions.dat", table.text());
  Summary summary;
  summary.add("n_structures", static_cast<double>(structures.size()));
  deviations.conclude(folder, console, summary);
  console.field("results", "{}: {} structures predicted, none compared", folder.path(), structures.size());
  console.print_json(folder.finish(summary));
  return exit_code::done;
}

/// The table for people, and summary.json.
void conclude(const mlp::Judgement& judgement, Console& console, Summary& summary) {
  const mlp::Errors& all = judgement.errors(mlp::Part::test);
  const std::vector<mlp::Errors>& errors = judgement.of_sets[static_cast<int>(mlp::Part::test)];
  std::vector<std::pair<std::string, mlp::Errors>> rows;
  nlohmann::json entries = nlohmann::json::array();
  for (std::size_t set = 0; set < errors.size(); ++set) {
    const std::string& name = judgement.set_names[set];
    if (errors.size() > 1) rows.emplace_back(std::filesystem::path{name}.filename().string(), errors[set]);
    entries.push_back(errors_json("evaluate", name, errors[set], judgement.species));
  }
  rows.emplace_back("all", all);
  console.say("");
  show_errors(rows, console);
  show_species(all, judgement.species, console);
  add_errors(summary, all);
  summary.add("n_structures", static_cast<double>(all.n_structures));
  summary.add("errors", entries);
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  if (context.shared.device != "cpu")
    throw ConfigError{"compute.device = \"{}\": this potential runs on the CPU", context.shared.device};
  const mlp::Model model = mlp::read_model(settings.model);
  for (const auto& [name, value] : model.card) console.field(name, "{}", value);
  if (!settings.labels) return predict_only(settings, model, context);
  std::vector<LabelledSet> sets =
      read_sets(settings.files, "data.files", settings.reading, context.shared.units(), console,
                ". Structures without labels are predicted with data.labels = false");
  if (settings.test_only) keep_test(sets, settings.model);
  const mlp::TrainingData data(std::move(sets), model.descriptor.radial_cutoff, model.species);
  if (!context.folder) return exit_code::done;

  const mlp::Predictor predict(model, settings.single_precision ? at::kFloat : at::kDouble);
  const std::vector<mlp::Part> all(data.size(), mlp::Part::test);
  std::vector<LabelledStructure> predictions;
  DeviationTable deviations(predict.n_members());
  const auto take = [&](std::size_t i, const mlp::Prediction& one) {
    predictions.push_back(predicted(data.structure(i), one));
    deviations.add(one);
  };
  std::optional<Progress> bar(std::in_place, console, "predicting", static_cast<std::int64_t>(data.size()),
                              "structures");
  const mlp::Judgement judgement =
      mlp::judge(predict, data, all, {.refuse_holes = true, .take = take, .observe = moving(*bar)});
  bar.reset();
  const RunFolder& folder = *context.folder;
  write_labelled_structures(predictions, folder.file("predictions.extxyz"));
  Hdf5File file =
      Hdf5File::create(folder.file("result.h5"), {.filetype = "zeropoint evaluate", .configuration = context.settings});
  write_parity(file, judgement.parity);
  file.close();
  draw_result(folder.path(), context);

  Summary summary;
  conclude(judgement, console, summary);
  if (model.members.size() > 1)
    conclude_members(mlp::errors_of_members(model, data, mlp::members_of(all, mlp::Part::test)), console, summary);
  deviations.conclude(folder, console, summary);
  console.field("results", "{}", folder.path());
  console.print_json(folder.finish(summary));
  return exit_code::done;
}

}  // namespace

Command evaluate_command() {
  return {
      .name = "evaluate",
      .summary = "predict structures with a potential and compare with their labels",
      .arguments = "RUN.toml",
      .description =
          "Errors of energies, forces and stresses for each set and species, parity plots, and predictions.extxyz. Of "
          "a\n"
          "committee also deviations.dat: how much its networks disagree on the forces of each structure. Structures "
          "without\n"
          "labels: data.labels = false.",
      .example =
          "  zeropoint evaluate - --set 'potential.model=\"model/model.h5\"' --set 'data.files=[\"test.extxyz\"]' < "
          "/dev/null",
      .options = {},
      .prepare = job<Settings>(declare_keys, run, "evaluate"),
      .run = {},
  };
}

}  // namespace zeropoint
