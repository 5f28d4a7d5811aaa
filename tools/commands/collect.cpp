#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "files/extxyz_frames.hpp"
#include "files/labelled_formats.hpp"
#include "files/training_set.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/harvest.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

struct Settings {
  std::string path, dyn;
  std::optional<double> temperature;
  int population = 1;
  std::vector<std::string> files;
  bool require_stress = true;
  LabelLimits limits;
};

void declare_keys(Schema& schema, Settings& settings) {
  Section& population =
      schema.section("population", "what was drawn; without any of it: a plain labelled set, for training");
  population.key("path", &settings.path, "folder that `sample` wrote, or its population.h5").paths();
  population.key("dyn", &settings.dyn, "matrices that generated configurations drawn elsewhere").paths();
  population.quantity("temperature", &settings.temperature, "K", "of their density").at_least(0);
  population.key("population", &settings.population, "number in the file names of python-sscha's text and npy folders")
      .at_least(0);

  Section& outputs = schema.section("outputs", "labels, in any order and in pieces");
  outputs
      .key("files", &settings.files,
           "names, with * and ?: pw.x output or XML, vasprun.xml, OUTCAR, extxyz, xsf; python-sscha folders")
      .required("[\"dft/*.out\"]")
      .paths();
  outputs.key("require_stress", &settings.require_stress, "false: accept outputs without stress");
  outputs
      .quantity("largest_force", &settings.limits.force, "eV/angstrom",
                "outputs with a longer force on an atom are refused")
      .above(0);
  schema.rule({"population.dyn", "population.temperature"}, [&settings] {
    const bool one_of_both = settings.path.empty() && settings.dyn.empty() == settings.temperature.has_value();
    return one_of_both ? "population.dyn and population.temperature belong together: the matrices and temperature that "
                         "generated the configurations"
                       : "";
  });
}

/// Reads all files, several at once. `reference`: needed for python-sscha folders.
LabelledStructures read_outputs(const Settings& settings, const Supercell* reference, const UnitSet& units,
                                Console& console) {
  const std::vector<std::string> names = matching_files(settings.files, "outputs.files");
  std::vector<LabelledStructures> pieces(names.size());
  const auto read = [&](const std::string& name) -> LabelledStructures {
    if (!fs::is_directory(name)) return read_labelled_structures(name, settings.limits);
    if (!reference) {
      return {{}, {{name, "a folder: python-sscha's files need population.path, or population.dyn and temperature"}}};
    }
    return structures_of(*open_ensemble({.path = name, .population = settings.population}, *reference, units),
                         *reference, name);
  };
  Progress bar(console, "reading", std::ssize(names), "outputs");
  constexpr std::size_t batch = 256;
  for (std::size_t begin = 0; begin < names.size(); begin += batch) {
    const std::size_t n = std::min(names.size() - begin, batch);
    parallel_for(static_cast<std::int64_t>(n), [&](std::int64_t i) { pieces[begin + i] = read(names[begin + i]); });
    bar.advance(static_cast<std::int64_t>(n));
    stop_if_interrupted();
  }
  LabelledStructures all;
  for (LabelledStructures& piece : pieces) {
    if (settings.require_stress) sscha::refuse_without_stress(piece, "set outputs.require_stress = false");
    std::move(piece.accepted.begin(), piece.accepted.end(), std::back_inserter(all.accepted));
    std::move(piece.refused.begin(), piece.refused.end(), std::back_inserter(all.refused));
  }
  return all;
}

/// "3-7, 9": numbers from 1 of what is true.
std::string numbers_where(const std::vector<bool>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    std::size_t last = i;
    while (last + 1 < values.size() && values[last + 1]) ++last;
    if (!text.empty()) text += ", ";
    text += last > i ? fmt::format("{}-{}", i + 1, last + 1) : fmt::format("{}", i + 1);
    i = last;
  }
  return text;
}

sscha::Harvest add_to_population(const Settings& settings, const UnitSet& units, bool apply, Console& console) {
  const std::string file = sscha::population_file_in(settings.path);
  if (file.empty()) {
    throw InputError{
        "population.path = {}: it is no folder with a population.h5, nor such a file. For configurations that "
        "another program drew give population.dyn and population.temperature instead",
        settings.path};
  }
  const sscha::TrialDensity density = sscha::read_generating(file, units);
  const Supercell reference = density.matrices().supercell();
  describe(density.matrices(), console);
  return sscha::harvest_labels(file, reference, read_outputs(settings, &reference, units, console), apply);
}

/// Configurations that another program drew: their displacements are what the outputs say.
sscha::Harvest new_population(const Settings& settings, const std::string& folder, const UnitSet& units, bool apply,
                              const std::string& run_file, Console& console) {
  const std::string file = (fs::path(folder) / "population.h5").string();
  if (apply && fs::exists(file))
    throw InputError{"{} is there already: give it as population.path to add to it, or choose another output.directory",
                     file};
  const sscha::TrialDensity density(phonons::read_qe_dyn(settings.dyn, units), *settings.temperature, units);
  const Supercell reference = density.matrices().supercell();
  describe(density.matrices(), console);
  return sscha::harvest_population(
      file, density, read_outputs(settings, &reference, units, console),
      {.population = settings.population, .sampling = "drawn elsewhere", .configuration = run_file}, apply);
}

/// No population at all: structures in the order of the files.
sscha::Harvest plain_set(const Settings& settings, const std::string& folder, const UnitSet& units, bool apply,
                         Console& console) {
  const LabelledStructures outputs = read_outputs(settings, nullptr, units, console);
  if (apply && !outputs.accepted.empty())
    write_labelled_structures(outputs.accepted, (fs::path(folder) / "labelled.extxyz").string());
  return sscha::harvest_set(outputs);
}

void say(const sscha::Harvest& harvest, Console& console) {
  const std::size_t n = harvest.labels.labelled.size(), n_labelled = harvest.n_labelled();
  console.field("outputs", "{}: {} new, {} known, {} refused, {} in conflict", harvest.n_outputs, harvest.labels.n_new,
                harvest.labels.n_known, harvest.refused.size(), harvest.labels.conflicts.size());
  console.field("labelled", "{} of {} configurations", n_labelled, n);
  if (n_labelled < n) console.field("missing", "{}", numbers_where(harvest.missing()));
  if (const std::string alone = numbers_where(harvest.alone); !alone.empty()) {
    console.field("without partner", "{} (they count as single configurations)", alone);
  }
  constexpr std::size_t shown = 20;
  for (std::size_t i = 0; i < std::min(shown, harvest.refused.size()); ++i) {
    console.warn("refused: {}: {}", harvest.refused[i].source, harvest.refused[i].reason);
  }
  if (harvest.refused.size() > shown) console.warn("and {} more, see refused.txt", harvest.refused.size() - shown);
  for (const std::string& conflict : harvest.labels.conflicts) console.warn("{}", conflict);
}

/// refused.txt, and what --json prints.
void write_report(const sscha::Harvest& harvest, Run& context) {
  std::string refused;
  nlohmann::json refused_json = nlohmann::json::array();
  for (const auto& [source, reason] : harvest.refused) {
    refused += fmt::format("{}: {}\n", source, reason);
    refused_json.push_back({{"source", source}, {"reason", reason}});
  }
  for (const std::string& conflict : harvest.labels.conflicts) refused += conflict + '\n';
  context.folder->write("refused.txt", refused);
  Summary summary;
  summary.add("n_outputs", nlohmann::json(harvest.n_outputs));
  summary.add("n_new", nlohmann::json(harvest.labels.n_new));
  summary.add("n_known", nlohmann::json(harvest.labels.n_known));
  summary.add("n_configurations", nlohmann::json(harvest.labels.labelled.size()));
  summary.add("n_labelled", nlohmann::json(harvest.n_labelled()));
  summary.add("missing", nlohmann::json(numbers_where(harvest.missing())));
  summary.add("without_partner", nlohmann::json(numbers_where(harvest.alone)));
  summary.add("refused", refused_json);
  summary.add("conflicts", nlohmann::json(harvest.labels.conflicts));
  context.console.field("report", "{}", context.folder->path());
  context.console.print_json(context.folder->finish(summary));
}

int run(const Settings& settings, Run& context) {
  const UnitSet& units = context.shared.units();
  const bool apply = context.folder != nullptr;
  const std::string folder = apply ? fs::path(context.folder->path()).parent_path().string() : context.shared.directory;
  sscha::Harvest harvest;
  if (!settings.path.empty()) {
    harvest = add_to_population(settings, units, apply, context.console);
  } else if (settings.temperature) {
    harvest = new_population(settings, folder, units, apply, context.settings, context.console);
  } else {
    harvest = plain_set(settings, folder, units, apply, context.console);
  }
  say(harvest, context.console);
  if (apply) write_report(harvest, context);
  return harvest.clean() ? exit_code::done : exit_code::not_converged;
}

/// The report lies beside the labels.
std::string report_folder(const Settings& settings, const SharedSettings& shared) {
  const std::string file = settings.path.empty() ? "" : sscha::population_file_in(settings.path);
  return ((file.empty() ? fs::path(shared.directory) : fs::path(file).parent_path()) / "collect").string();
}

}  // namespace

Command collect_command() {
  return {
      .name = "collect",
      .summary = "gather labelled outputs into an ensemble, refusing bad ones",
      .arguments = "RUN.toml",
      .description =
          "Reads outputs of DFT programs, finds by geometry which configuration each belongs to (atoms in any order, "
          "any\n"
          "periodic images), and adds energies, forces and stresses to population.h5. A label that is there is never\n"
          "replaced; collecting twice or in pieces changes nothing. Only complete, converged calculations with forces "
          "on\n"
          "all atoms are accepted: what is refused is listed with its reason, what is missing with its number. An\n"
          "incomplete population can be used. Exit code 3: something was refused.",
      .example =
          "  zeropoint collect --template > collect.toml      then set path and files\n"
          "  zeropoint collect collect.toml --check           only says what would be taken\n"
          "  zeropoint collect collect.toml",
      .options = {},
      .prepare = job<Settings>(declare_keys, run, "population1", report_folder),
      .run = {},
  };
}

}  // namespace zeropoint
