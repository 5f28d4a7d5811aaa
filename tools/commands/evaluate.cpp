#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "files/extxyz_frames.hpp"
#include "files/structure_file.hpp"
#include "mlp/errors.hpp"
#include "tools/commands/model_report.hpp"
#include "tools/commands/training_input.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

struct Settings {
  std::string model;
  bool single_precision = true;
  std::vector<std::string> files;
  bool labels = true, test_only = false;
  DataSettings reading;
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

/// Leaves those that the stored split of the model calls its test, known by their sources.
void keep_test(std::vector<mlp::LabelledSet>& sets, const std::string& model) {
  const Hdf5File file = Hdf5File::open(model, mlp::model_filetype);
  if (!file.has("split/source")) throw InputError{"{} holds no split: its training had no test", model};
  const std::vector<std::string> sources = file.read_strings("split/source");
  const Eigen::VectorXd parts = file.read_vector("split/part");
  std::set<std::string> tested;
  for (std::size_t i = 0; i < sources.size() && static_cast<Eigen::Index>(i) < parts.size(); ++i) {
    if (parts[static_cast<Eigen::Index>(i)] == static_cast<int>(mlp::Part::test)) tested.insert(sources[i]);
  }
  std::size_t n_left = 0;
  for (mlp::LabelledSet& set : sets) {
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

/// Deviations within a committee, structure by structure: with K - 1, and with K as dp model-devi divides.
class DeviationTable {
 public:
  explicit DeviationTable(int n_members)
      : divided_by_k_(std::sqrt((n_members - 1.0) / n_members)),
        table_({"structure", "max_force[eV/A]", "mean_force[eV/A]", "min_force[eV/A]", "max_force_K[eV/A]",
                "mean_force_K[eV/A]", "min_force_K[eV/A]", "energy[meV/atom]", "max_stress[GPa]"}) {}

  void add(const mlp::Prediction& prediction) {
    const Eigen::VectorXd& f = prediction.force_deviations;
    table_.add({++n_, f.maxCoeff(), f.mean(), f.minCoeff(), divided_by_k_ * f.maxCoeff(), divided_by_k_ * f.mean(),
                divided_by_k_ * f.minCoeff(), 1e3 * prediction.energy_deviation,
                units::gpa_per_ev_angstrom3 * prediction.stress_deviation.maxCoeff()});
    largest_ = std::max(largest_, f.maxCoeff());
    sum_ += f.mean();
  }
  std::string text() const { return table_.text(); }
  double largest() const { return largest_; }
  double mean() const { return sum_ / std::max(n_, 1.0); }

 private:
  double divided_by_k_;
  StepTable table_;
  double n_ = 0, largest_ = 0, sum_ = 0;
};

LabelledStructure predicted(const LabelledStructure& label, const mlp::Prediction& prediction) {
  LabelledStructure result = label;
  result.energy = prediction.energy;
  result.forces = prediction.forces;
  result.stress = prediction.stress;
  return result;
}

/// Calls take(i, prediction) for the structures 0 <= i < n in their order.
template <class Structure, class Take>
void predict_all(const mlp::Predictor& predict, std::size_t n, Structure&& structure, Take&& take, Console& console) {
  Progress bar(console, "predicting", static_cast<std::int64_t>(n), "structures");
  constexpr std::size_t at_once = 64;
  for (std::size_t begin = 0; begin < n; begin += at_once) {
    const std::size_t end = std::min(begin + at_once, n);
    std::vector<mlp::Geometry> kept;
    kept.reserve(end - begin);
    std::vector<const mlp::Geometry*> geometries;
    for (std::size_t i = begin; i < end; ++i) {
      const LabelledStructure& one = structure(i);
      try {
        geometries.push_back(&kept.emplace_back(predict.geometry(one.cell, one.positions, one.species)));
      } catch (const Error& error) {
        throw InputError{"{}: {}", one.source, error.what()};
      }
    }
    const std::vector<mlp::Prediction> results = predict(geometries);
    for (std::size_t i = begin; i < end; ++i) take(i, results[i - begin]);
    bar.advance(static_cast<std::int64_t>(end - begin));
    stop_if_interrupted();
  }
}

/// What a committee says about itself.
void conclude_deviations(const DeviationTable& deviations, int n_members, const RunFolder& folder, Console& console,
                         Summary& summary) {
  if (n_members < 2) return;
  folder.write("deviations.dat", deviations.text());
  console.field("deviation", "of forces among {} networks: {:.1f} meV/A on average, {:.1f} at most", n_members,
                1e3 * deviations.mean(), 1e3 * deviations.largest());
  summary.add("force_deviation_mean", 1e3 * deviations.mean(), "meV/angstrom");
  summary.add("force_deviation_max", 1e3 * deviations.largest(), "meV/angstrom");
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
  predict_all(
      predict, structures.size(), [&](std::size_t i) -> const LabelledStructure& { return structures[i]; },
      [&](std::size_t i, const mlp::Prediction& one) {
        predictions.push_back(predicted(structures[i], one));
        table.add({static_cast<double>(i + 1), static_cast<double>(structures[i].n_atoms()), one.energy,
                   one.forces.rowwise().norm().maxCoeff(), -one.stress.trace() / 3 * units::gpa_per_ev_angstrom3});
        if (predict.n_members() > 1) deviations.add(one);
      },
      console);
  const RunFolder& folder = *context.folder;
  write_labelled_structures(predictions, folder.file("predictions.extxyz"));
  folder.write("predictions.dat", table.text());
  Summary summary;
  summary.add("n_structures", static_cast<double>(structures.size()));
  conclude_deviations(deviations, predict.n_members(), folder, console, summary);
  console.field("results", "{}: {} structures predicted, none compared", folder.path(), structures.size());
  console.print_json(folder.finish(summary));
  return exit_code::done;
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  if (context.shared.device != "cpu")
    throw ConfigError{"compute.device = \"{}\": this potential runs on the CPU", context.shared.device};
  const mlp::Model model = mlp::read_model(settings.model);
  for (const auto& [name, value] : model.card) console.field(name, "{}", value);
  if (!settings.labels) return predict_only(settings, model, context);
  std::vector<mlp::LabelledSet> sets =
      read_sets(settings.files, "data.files", settings.reading, context.shared.units(), console,
                ". Structures without labels are predicted with data.labels = false");
  if (settings.test_only) keep_test(sets, settings.model);
  const mlp::TrainingData data(std::move(sets), model.descriptor.radial_cutoff, model.species);
  if (!context.folder) return exit_code::done;

  const mlp::Predictor predict(model, settings.single_precision ? at::kFloat : at::kDouble);
  std::vector<mlp::Errors> errors(data.set_names().size(), mlp::Errors{data.species().size()});
  std::vector<LabelledStructure> predictions;
  Parity parity;
  DeviationTable deviations(predict.n_members());
  predict_all(
      predict, data.size(), [&](std::size_t i) -> const LabelledStructure& { return data.structure(i); },
      [&](std::size_t i, const mlp::Prediction& one) {
        errors[data.set_of(i)].add(one, data.structure(i), data.species_of(i));
        parity.add(data.structure(i), one, mlp::Part::test);
        predictions.push_back(predicted(data.structure(i), one));
        if (predict.n_members() > 1) deviations.add(one);
      },
      console);
  const RunFolder& folder = *context.folder;
  write_labelled_structures(predictions, folder.file("predictions.extxyz"));
  Hdf5File file =
      Hdf5File::create(folder.file("result.h5"), {.filetype = "zeropoint evaluate", .configuration = context.settings});
  write_parity(file, parity);
  file.close();
  if (context.shared.figures)
    figures::draw(figures_of_model(folder.file("result.h5")), folder.file("figures"), console);

  const mlp::Errors all = mlp::total(errors);
  std::vector<std::pair<std::string, mlp::Errors>> rows;
  nlohmann::json entries = nlohmann::json::array();
  for (std::size_t set = 0; set < errors.size(); ++set) {
    if (errors.size() > 1) rows.emplace_back(fs::path{data.set_names()[set]}.filename().string(), errors[set]);
    entries.push_back(errors_json("evaluate", data.set_names()[set], errors[set], data.species()));
  }
  rows.emplace_back("all", all);
  console.say("");
  show_errors(rows, console);
  show_species(all, data.species(), console);
  Summary summary;
  add_errors(summary, all);
  if (model.members.size() > 1) {
    std::vector<std::size_t> every(data.size());
    std::iota(every.begin(), every.end(), std::size_t{0});
    conclude_members(mlp::errors_of_members(model, data, every), console, summary);
  }
  summary.add("n_structures", static_cast<double>(data.size()));
  summary.add("errors", entries);
  conclude_deviations(deviations, predict.n_members(), folder, console, summary);
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
