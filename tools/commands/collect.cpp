#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/parallel.hpp"
#include "files/configuration_match.hpp"
#include "files/extxyz_frames.hpp"
#include "files/labelled_formats.hpp"
#include "files/site_match.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/labels_file.hpp"
#include "sscha/population_file.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/labelled_files.hpp"
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
}

/// Reads all files, several at once. `reference`: needed for python-sscha folders.
LabelledStructures read_outputs(const Settings& settings, const Supercell* reference, const UnitSet& units,
                                Console& console) {
  const std::vector<std::string> names = matching_files(settings.files, "outputs.files");
  std::vector<LabelledStructures> pieces(names.size());
  Progress bar(console, "reading", static_cast<std::int64_t>(names.size()), "outputs");
  constexpr std::size_t batch = 256;
  for (std::size_t begin = 0; begin < names.size(); begin += batch) {
    const std::size_t end = std::min(names.size(), begin + batch);
    parallel_for(static_cast<std::int64_t>(end - begin), [&](std::int64_t i) {
      const std::size_t at = begin + static_cast<std::size_t>(i);
      if (!fs::is_directory(names[at])) {
        pieces[at] = read_labelled_structures(names[at], settings.limits);
      } else if (reference) {
        pieces[at] =
            structures_of(*open_ensemble({.path = names[at], .population = settings.population}, *reference, units),
                          *reference, names[at]);
      } else {
        pieces[at].refused.push_back(
            {names[at], "a folder: python-sscha's files need population.path, or population.dyn and temperature"});
      }
    });
    bar.advance(static_cast<std::int64_t>(end - begin));
    stop_if_interrupted();
  }
  LabelledStructures all;
  for (LabelledStructures& piece : pieces) {
    for (LabelledStructure& structure : piece.accepted) {
      if (settings.require_stress && !structure.stress) {
        all.refused.push_back(
            {structure.source, "no stress: compute it (tstress, ISIF = 2), or set outputs.require_stress = false"});
      } else {
        all.accepted.push_back(std::move(structure));
      }
    }
    std::move(piece.refused.begin(), piece.refused.end(), std::back_inserter(all.refused));
  }
  return all;
}

/// "3-7, 9": numbers from 1 of what is true.
std::string numbers_where(const std::vector<bool>& values, bool wanted) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != wanted) continue;
    std::size_t last = i;
    while (last + 1 < values.size() && values[last + 1] == wanted) ++last;
    if (!text.empty()) text += ", ";
    text += last > i ? fmt::format("{}-{}", i + 1, last + 1) : fmt::format("{}", i + 1);
    i = last;
  }
  return text;
}

struct Report {
  std::size_t n_outputs = 0;
  sscha::LabelsAdded labels;
  std::vector<RefusedOutput> refused;
  std::vector<bool> alone;  // labelled, but the antithetic partner is not
};

Report add_to_population(const Settings& settings, const std::string& file, const UnitSet& units, bool apply,
                         Console& console) {
  const sscha::TrialDensity density = sscha::read_generating(file, units);
  const Supercell reference = density.matrices().supercell();
  describe(density.matrices(), console);
  LabelledStructures outputs = read_outputs(settings, &reference, units, console);
  const Hdf5File stored = Hdf5File::open(file);
  const ConfigurationIndex index(reference, stored.read("displacements").to(at::kDouble).contiguous());

  Report report;
  report.n_outputs = outputs.accepted.size() + outputs.refused.size();
  report.refused = std::move(outputs.refused);
  std::vector<Match> matches(outputs.accepted.size());
  parallel_for(static_cast<std::int64_t>(matches.size()),
               [&](std::int64_t i) { matches[i] = index.find(outputs.accepted[i]); });
  std::vector<sscha::Label> labels;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const LabelledStructure& structure = outputs.accepted[i];
    if (matches[i]) {
      labels.push_back({matches[i].configuration, structure.energy,
                        in_supercell_order(structure.forces, matches[i].order), structure.stress, structure.source});
    } else {
      report.refused.push_back({structure.source, matches[i].reason});
    }
  }
  report.labels = sscha::add_labels(file, labels, apply);
  if (stored.text_attribute("/", "sampling").value_or("") == "antithetic") {
    report.alone.assign(report.labels.labelled.size(), false);
    for (std::size_t c = 0; c < report.alone.size(); ++c) {
      const std::size_t partner = c ^ 1;
      report.alone[c] =
          report.labels.labelled[c] && (partner >= report.alone.size() || !report.labels.labelled[partner]);
    }
  }
  return report;
}

/// Configurations that another program drew: their displacements are what the outputs say.
Report new_population(const Settings& settings, const std::string& folder, const UnitSet& units, bool apply,
                      const std::string& run_file, Console& console) {
  if (settings.dyn.empty() || !settings.temperature) {
    throw ConfigError{
        "population.dyn and population.temperature belong together: the matrices and temperature that generated the "
        "configurations"};
  }
  const sscha::TrialDensity density(phonons::read_qe_dyn(settings.dyn, units), *settings.temperature, units);
  const Supercell reference = density.matrices().supercell();
  describe(density.matrices(), console);
  LabelledStructures outputs = read_outputs(settings, &reference, units, console);
  Report report;
  report.n_outputs = outputs.accepted.size() + outputs.refused.size();
  report.refused = std::move(outputs.refused);
  std::vector<Vectors> displacements;
  std::vector<sscha::Label> labels;
  for (const LabelledStructure& structure : outputs.accepted) {
    const SiteMatch match = match_to_sites(structure, reference);
    if (!match.reason.empty()) {
      report.refused.push_back({structure.source, match.reason});
      continue;
    }
    displacements.push_back(match.displacements);
    labels.push_back({static_cast<std::int64_t>(labels.size()), structure.energy,
                      in_supercell_order(structure.forces, match.order), structure.stress, structure.source});
  }
  report.labels.n_new = static_cast<std::int64_t>(labels.size());
  report.labels.labelled.assign(labels.size(), true);
  if (!apply || labels.empty()) return report;
  const std::string file = (fs::path(folder) / "population.h5").string();
  if (fs::exists(file))
    throw InputError{"{} is there already: give it as population.path to add to it, or choose another output.directory",
                     file};
  sscha::write_population(
      file, density, displacements,
      {.population = settings.population, .sampling = "drawn elsewhere", .configuration = run_file});
  sscha::add_labels(file, labels);
  return report;
}

/// No population at all: structures in the order of the files.
Report plain_set(const Settings& settings, const std::string& folder, const UnitSet& units, bool apply,
                 Console& console) {
  LabelledStructures outputs = read_outputs(settings, nullptr, units, console);
  Report report;
  report.n_outputs = outputs.accepted.size() + outputs.refused.size();
  report.refused = std::move(outputs.refused);
  report.labels.n_new = static_cast<std::int64_t>(outputs.accepted.size());
  report.labels.labelled.assign(outputs.accepted.size(), true);
  if (apply && !outputs.accepted.empty())
    write_labelled_structures(outputs.accepted, (fs::path(folder) / "labelled.extxyz").string());
  return report;
}

void say(const Report& report, Console& console) {
  const std::size_t n = report.labels.labelled.size();
  const auto n_labelled =
      static_cast<std::size_t>(std::count(report.labels.labelled.begin(), report.labels.labelled.end(), true));
  console.field("outputs", "{}: {} new, {} known, {} refused, {} in conflict", report.n_outputs, report.labels.n_new,
                report.labels.n_known, report.refused.size(), report.labels.conflicts.size());
  console.field("labelled", "{} of {} configurations", n_labelled, n);
  if (n_labelled < n) console.field("missing", "{}", numbers_where(report.labels.labelled, false));
  if (const std::string alone = numbers_where(report.alone, true); !alone.empty()) {
    console.field("without partner", "{} (they count as single configurations)", alone);
  }
  constexpr std::size_t shown = 20;
  for (std::size_t i = 0; i < std::min(shown, report.refused.size()); ++i) {
    console.warn("refused: {}: {}", report.refused[i].source, report.refused[i].reason);
  }
  if (report.refused.size() > shown) console.warn("and {} more, see refused.txt", report.refused.size() - shown);
  for (const std::string& conflict : report.labels.conflicts) console.warn("{}", conflict);
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const bool apply = context.folder != nullptr;
  const std::string folder = apply ? fs::path(context.folder->path()).parent_path().string() : context.shared.directory;
  Report report;
  if (!settings.path.empty()) {
    const std::string file = sscha::population_file_in(settings.path);
    if (file.empty()) {
      throw InputError{
          "population.path = {}: it is no folder with a population.h5, nor such a file. For configurations that "
          "another "
          "program drew give population.dyn and population.temperature instead",
          settings.path};
    }
    report = add_to_population(settings, file, units, apply, console);
  } else if (!settings.dyn.empty() || settings.temperature) {
    report = new_population(settings, folder, units, apply, context.settings, console);
  } else {
    report = plain_set(settings, folder, units, apply, console);
  }
  say(report, console);
  const bool clean = report.refused.empty() && report.labels.conflicts.empty();
  if (!apply) return clean ? exit_code::done : exit_code::not_converged;

  std::string refused;
  nlohmann::json refused_json = nlohmann::json::array();
  for (const auto& [source, reason] : report.refused) {
    refused += fmt::format("{}: {}\n", source, reason);
    refused_json.push_back({{"source", source}, {"reason", reason}});
  }
  for (const std::string& conflict : report.labels.conflicts) refused += conflict + '\n';
  context.folder->write("refused.txt", refused);
  Summary summary;
  summary.add("n_outputs", nlohmann::json(report.n_outputs));
  summary.add("n_new", nlohmann::json(report.labels.n_new));
  summary.add("n_known", nlohmann::json(report.labels.n_known));
  summary.add("n_configurations", nlohmann::json(report.labels.labelled.size()));
  summary.add("n_labelled",
              nlohmann::json(std::count(report.labels.labelled.begin(), report.labels.labelled.end(), true)));
  summary.add("missing", nlohmann::json(numbers_where(report.labels.labelled, false)));
  summary.add("without_partner", nlohmann::json(numbers_where(report.alone, true)));
  summary.add("refused", refused_json);
  summary.add("conflicts", nlohmann::json(report.labels.conflicts));
  console.field("report", "{}", context.folder->path());
  console.print_json(context.folder->finish(summary));
  return clean ? exit_code::done : exit_code::not_converged;
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
