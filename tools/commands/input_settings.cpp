#include "tools/commands/input_settings.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/symmetrizer.hpp"
#include "sscha/population_file.hpp"
#include "sscha/result_folder.hpp"
#include "sscha/solution_file.hpp"
#include "tools/commands/shared_keys.hpp"
#include "tools/program/console.hpp"
#include "tools/program/progress_report.hpp"

namespace zeropoint {

void declare(Schema& schema, EnsembleSettings& settings, std::string* result) {
  Section& section = schema.section("ensemble", "labelled configurations");
  Key& path =
      section.key("path", &settings.path,
                  "python-sscha folder (npy or text), folder made by `sample`, .h5 or .extxyz file; a list is merged");
  path.paths().usually_one();
  if (result) {
    path.example("\"population1\"");
    section
        .key("result", result,
             "of a finished `minimize` or `sscha` instead: its ensemble, at the matrices where it ended")
        .paths();
    schema.rule({"ensemble.path", "ensemble.result"}, [&settings, result]() -> std::string {
      if (settings.path.empty() != result->empty()) return "";
      return result->empty() ? "ensemble.path is missing: write path = \"population1\", or result = "
                               "\"minimize/result.h5\" of a finished run"
                             : "ensemble.path and ensemble.result are both given: a finished run has its own ensemble, "
                               "leave one of them out";
    });
  } else {
    path.required("\"population1\"");
  }
  section.key("population", &settings.population, "number in the file names").usually_one().at_least(0);
  section.key("dyn", &settings.dyn, "the matrices that generated it (prefix); a population made by `sample` holds them")
      .example("\"harmonic/dyn\"")
      .paths()
      .usually_one();
  section.quantity("temperature", &settings.temperature, "K", "of the generating density; an .h5 file holds its own")
      .example("\"300 K\"")
      .usually_one()
      .at_least(0);
  const auto one_each = [&](const auto& values, const std::string& key) {
    schema.rule({"ensemble." + key, "ensemble.path"}, [&settings, &values, key]() -> std::string {
      if (values.size() <= 1 || values.size() == settings.path.size() || settings.path.empty()) return "";
      return fmt::format(
          "ensemble.{} has {} values, but ensemble.path names {} populations: give one value, or one for each", key,
          values.size(), settings.path.size());
    });
  };
  one_each(settings.population, "population");
  one_each(settings.dyn, "dyn");
  one_each(settings.temperature, "temperature");
  section.key("n_configurations", &settings.n_configurations, "0: all; else the first so many").at_least(0);
  section.quantity("reference_energy", &settings.reference_energy, "eV", "subtracted, per supercell");
  section.key("check_generator", &settings.check_generator,
              "false: do not compare the sample with the matrices that should have generated it");
}

void declare(Schema& schema, SymmetryOptions& options) {
  Section& section = schema.section("symmetry", "imposed on matrices, centroids and stress");
  section.quantity("tolerance", &options.tolerance, "angstrom", "spglib's symprec").above(0);
  section.key("enabled", &options.enabled, "false: the identity alone");
  section.key("space_group", &options.space_group, "number or symbol: a subgroup to keep instead of all that is found");
  section.key("operations", &options.operations_file, "file with an explicit list").paths();
}

void declare(Schema& schema, StartSettings& settings) {
  Section& section = schema.section("start", "where the minimisation begins");
  section.key("dyn", &settings.dyn, "other matrices than the generating ones").paths();
  section.quantity("temperature", &settings.temperature, "K", "another one than the generating: reweighted")
      .at_least(0);
  declare_masses(section, settings.masses);
}

void take_finished_run(const std::string& result, EnsembleSettings& ensemble, SymmetryOptions& symmetry,
                       StartSettings& start) {
  namespace fs = std::filesystem;
  const sscha::ResultFolder found = sscha::find_result(result);
  require_one_condition(found);
  if (!found.has_result()) {
    throw InputError{"ensemble.result = {}: there is no {}. Name the folder that `minimize` left, or its result.h5",
                     result, found.result()};
  }
  Hdf5File::open(found.result(), sscha::solution_filetype);
  if (found.state != sscha::ResultFolder::State::finished) {
    throw InputError{
        "ensemble.result = {}: the run has not finished (it has no summary.json). Type its command again, it goes on",
        result};
  }
  const fs::path folder = found.folder;
  SymmetryOptions symmetry_of_run;
  StartSettings start_of_run;
  Schema schema;
  std::string unused;
  declare(schema, ensemble, &unused);
  declare(schema, symmetry_of_run);
  declare(schema, start_of_run);
  schema.read_stored(found.settings);
  // Of populations on a potential the last one, which drew itself.
  if (const fs::path drawn = folder / "population.h5"; ensemble.path.empty() && fs::exists(drawn))
    ensemble.path = {drawn.string()};
  if (symmetry == SymmetryOptions{}) symmetry = symmetry_of_run;
  if (start.dyn.empty()) start.dyn = (folder / "dyn").string();
  if (!start.temperature) start.temperature = start_of_run.temperature;
}

std::vector<int> sites_named(const std::string& name, const Crystal& crystal, const std::string& key) {
  std::vector<int> sites;
  for (int site = 0; site < crystal.n_atoms(); ++site) {
    if (crystal.species[site] == name || fmt::format("site {}", site + 1) == name) sites.push_back(site);
  }
  if (sites.empty()) {
    throw InputError{"{} names '{}', but {} has no such species; name a species or \"site N\", N = 1 to {}", key, name,
                     crystal.formula(), crystal.n_atoms()};
  }
  return sites;
}

void set_masses(Crystal& crystal, const std::map<std::string, double>& masses, const std::string& key) {
  for (const auto& [name, mass] : masses) {
    for (const int site : sites_named(name, crystal, key)) crystal.masses[site] = mass;
  }
}

namespace {

/// The value of one of several populations: a list has one for each, a single value holds for all; nothing when it is
/// not given.
template <class Value>
std::optional<Value> of_population(const std::vector<Value>& values, std::size_t which) {
  if (values.empty()) return {};
  return values.size() == 1 ? values[0] : values.at(which);
}

}  // namespace

sscha::OpenedEnsemble open(const EnsembleSettings& settings, const UnitSet& units) {
  std::vector<sscha::StoredEnsemble> stored;
  for (std::size_t k = 0; k < settings.path.size(); ++k) {
    stored.push_back({.source = {.path = settings.path[k],
                                 .population = of_population(settings.population, k).value_or(1),
                                 .n_configurations = settings.n_configurations,
                                 .reference_energy = settings.reference_energy},
                      .dyn = of_population(settings.dyn, k),
                      .temperature = of_population(settings.temperature, k)});
  }
  try {
    return sscha::open(stored, settings.check_generator, units);
  } catch (const sscha::UnknownDensity& unknown) {
    const bool matrices = unknown.part == sscha::UnknownDensity::Part::matrices;
    throw ConfigError{"ensemble.{} is missing: {}, write {}", matrices ? "dyn" : "temperature", unknown.problem(),
                      matrices ? "dyn = \"harmonic/dyn\"" : "temperature = \"300 K\""};
  } catch (sscha::LockedModes& error) {
    error.advise("ensemble.check_generator = false uses it nevertheless");
    throw;
  }
}

double temperature_of(const StartSettings& settings, const sscha::OpenedEnsemble& input) {
  if (settings.temperature) return *settings.temperature;
  if (const std::optional<double> common = input.temperature()) return *common;
  const double first = input.generating[0].temperature();
  const auto other =
      std::ranges::find_if(input.generating, [&](const auto& density) { return density.temperature() != first; });
  throw ConfigError{
      "start.temperature is missing: populations were drawn at {:g} K and at {:g} K, say at which temperature the "
      "result is wanted, temperature = \"{:g} K\"",
      first, other->temperature(), first};
}

phonons::DynamicalMatrices start_matrices(const StartSettings& settings, const phonons::DynamicalMatrices& generating,
                                          const UnitSet& units) {
  phonons::DynamicalMatrices start = settings.dyn.empty() ? generating : phonons::read_qe_dyn(settings.dyn, units);
  if (start.crystal.species != generating.crystal.species || start.grid.divisions() != generating.grid.divisions()) {
    throw InputError{
        "start.dyn = {}: {} on a {}x{}x{} grid, but the ensemble has {} on a {}x{}x{} grid. Give matrices of the "
        "same crystal and grid, atoms in the same order.",
        settings.dyn,
        start.crystal.formula(),
        start.grid.divisions()[0],
        start.grid.divisions()[1],
        start.grid.divisions()[2],
        generating.crystal.formula(),
        generating.grid.divisions()[0],
        generating.grid.divisions()[1],
        generating.grid.divisions()[2]};
  }
  set_masses(start.crystal, settings.masses, "start.masses");
  return start;
}

DensityInput open_at_start(const EnsembleSettings& ensemble, const SymmetryOptions& symmetry,
                           const StartSettings& start, const UnitSet& units, Console& console) {
  sscha::OpenedEnsemble input = open(ensemble, units);
  phonons::DynamicalMatrices matrices = start_matrices(start, input.generating[0].matrices(), units);
  SpaceGroup group = phonons::keeping_grid(find_space_group(matrices.crystal, symmetry), matrices.grid);
  const double temperature = temperature_of(start, input);
  describe(matrices, console);
  describe(group, console);
  describe(input, console);
  const phonons::Symmetrizer symmetrize(group, matrices.crystal, matrices.grid);
  sscha::TrialDensity density = sscha::symmetrized({std::move(matrices), temperature, units}, group, symmetrize);
  return {std::move(input), std::move(group), std::move(density)};
}

sscha::Population read_population(const sscha::OpenedEnsemble& input, const EnsembleSettings& settings,
                                  at::Device device, Console& console) try {
  return sscha::Population(input.parts(), {.device = device,
                                           .check_generator = settings.check_generator,
                                           .progress = ProgressReport(console, "reading", "configurations")});
} catch (sscha::GeneratorMismatch& error) {
  error.advise("they are ensemble.dyn and ensemble.temperature; ensemble.check_generator = false goes on all the same");
  throw;
}

void describe_crystal(const Crystal& crystal, Console& console) {
  const Eigen::Vector3d lengths = crystal.cell.rowwise().norm();
  console.field("crystal", "{}, {} atoms, {:.4f} x {:.4f} x {:.4f} angstrom, {:.3f} angstrom^3", crystal.formula(),
                crystal.n_atoms(), lengths[0], lengths[1], lengths[2], crystal.volume());
}

void describe(const phonons::DynamicalMatrices& matrices, Console& console) {
  const Crystal& crystal = matrices.crystal;
  describe_crystal(crystal, console);
  const Eigen::Vector3i n = matrices.grid.divisions();
  console.field("grid", "{} x {} x {}: {} q points in {} stars, supercell of {} atoms", n[0], n[1], n[2],
                matrices.grid.size(), matrices.grid.stars().size(), n.prod() * crystal.n_atoms());
}

void describe(const sscha::OpenedEnsemble& input, Console& console) {
  for (std::size_t k = 0; k < input.ensembles.size(); ++k) {
    console.field("ensemble", "{}: {} configurations at {:g} K", input.ensembles[k]->description(),
                  input.ensembles[k]->size(), input.generating[k].temperature());
  }
}

void describe(const SpaceGroup& group, Console& console) {
  console.field("space group", "{} ({}), {} operations, tolerance {:g} angstrom", group.symbol, group.number,
                group.operations.size(), group.tolerance);
}

void show_frequencies(const phonons::QGrid& grid, const std::vector<std::vector<double>>& frequencies,
                      Console& console) {
  constexpr std::size_t per_line = 10;
  console.say("");
  console.say("frequencies (cm^-1, imaginary as negative)");
  for (const int first : grid.representatives()) {
    const std::vector<double>& at_q = frequencies[static_cast<std::size_t>(first)];
    for (std::size_t begin = 0; begin < at_q.size(); begin += per_line) {
      std::string line;
      for (std::size_t i = begin; i < std::min(begin + per_line, at_q.size()); ++i)
        line += fmt::format("{:>9.2f}", std::abs(at_q[i]) < 5e-3 ? 0.0 : at_q[i]);
      console.say("  {:<20} {}", begin == 0 ? "q = " + q_text(grid.points()[first]) : "", line);
    }
  }
}

std::string q_text(const Eigen::Vector3d& q) {
  std::string text;
  for (const double value : q) {
    if (!text.empty()) text += ' ';
    std::string piece = fmt::format("{:.4f}", value);
    for (int denominator = 1; denominator <= 12; ++denominator) {
      const double numerator = std::round(value * denominator);
      if (std::abs(value * denominator - numerator) > 1e-4) continue;
      piece =
          denominator == 1 ? fmt::format("{:.0f}", numerator + 0.0) : fmt::format("{:.0f}/{}", numerator, denominator);
      break;
    }
    text += piece == "-0" ? "0" : piece;
  }
  return text;
}

}  // namespace zeropoint
