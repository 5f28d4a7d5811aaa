#include "sscha/population_loop.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "files/structure_file.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/relaxation.hpp"
#include "potentials/table.hpp"
#include "sscha/loop_state_file.hpp"
#include "sscha/population_file.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/minimize_result.hpp"
#include "tools/commands/sscha_labels.hpp"
#include "tools/commands/sscha_result.hpp"
#include "tools/commands/sscha_start.hpp"
#include "tools/figures/solution_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using sscha::CellKind;

struct Settings {
  enum class Keep { none, last, all };
  PotentialSettings potential;
  SschaStart start;
  SymmetryOptions symmetry;
  std::vector<double> temperatures, pressures;
  CellKind cell = CellKind::fixed;
  std::vector<int> sizes{1000, 2000, 5000, 10000, 40000};
  int maximum = 20, final_size = 40000;
  sscha::SamplingMethod sampling = sscha::SamplingMethod::antithetic;
  Keep keep = Keep::last;
  sscha::MinimizeOptions minimize;
};

/// A pressure goes with a volume that moves, and the other way round.
std::string problem_of_pressure(const Settings& settings) {
  const bool volume_moves = settings.cell == CellKind::isotropic || settings.cell == CellKind::full;
  if (volume_moves && settings.pressures.empty()) {
    return "conditions.pressure is missing: the volume moves until the pressure is the one that you want, write "
           "pressure = \"0 GPa\"";
  }
  if (volume_moves || settings.pressures.empty()) return "";
  return fmt::format(
      "conditions.pressure is given, but conditions.cell = \"{}\" keeps the volume: write cell = \"isotropic\" or "
      "\"full\", or leave the pressure out",
      settings.cell == CellKind::fixed ? "fixed" : "shape");
}

void declare_keys(Schema& schema, Settings& settings) {
  declare(schema, settings.potential);
  declare(schema, settings.start);
  declare(schema, settings.symmetry);

  Section& conditions = schema.section(
      "conditions", "a value, a list, or { from = .., to = .., step = .. }: one run from each to the next");
  conditions.quantity("temperature", &settings.temperatures, "K", "0 K: zero-point motion alone")
      .required("\"300 K\"")
      .at_least(0);
  conditions.quantity("pressure", &settings.pressures, "GPa", "of the cell that moves; left out: the cell is fixed")
      .example("\"0 GPa\"");
  conditions.choice("cell", settings.cell,
                    {{"fixed", CellKind::fixed},
                     {"isotropic", CellKind::isotropic},
                     {"shape", CellKind::shape},
                     {"full", CellKind::full}},
                    "isotropic: the volume moves; shape: the shape, at this volume (no pressure then); full: both");
  schema.rule({"conditions.pressure", "conditions.cell"}, [&settings] { return problem_of_pressure(settings); });

  Section& populations = schema.section("populations", "drawn and labelled one after another");
  populations.key("sizes", &settings.sizes, "the last repeats").at_least(2);
  populations.key("maximum", &settings.maximum, "then it gives up (exit 3)").at_least(1);
  populations.key("final", &settings.final_size, "one last population for the numbers; 0: none").at_least(0);
  using sscha::SamplingMethod;
  populations.choice("sampling", settings.sampling,
                     {{"antithetic", SamplingMethod::antithetic},
                      {"random", SamplingMethod::random},
                      {"sobol", SamplingMethod::sobol}},
                     "pairs +u, -u; independent; or scrambled Sobol points");
  populations.choice("keep", settings.keep,
                     {{"none", Settings::Keep::none}, {"last", Settings::Keep::last}, {"all", Settings::Keep::all}},
                     "populations on disk, as population*.h5: `hessian` needs the last");

  Section& minimize = schema.section("minimize", "of each population");
  minimize.key("kong_liu_ratio", &settings.minimize.kong_liu_ratio, "stop when N_eff/N falls below")
      .at_least(0)
      .at_most(1);
  minimize
      .key("gradient_to_error", &settings.minimize.gradient_to_error,
           "converged when |gradient| < this x its standard error; 0: to rounding")
      .at_least(0);
  minimize.key("centroids", &settings.minimize.centroids, "move them, too");
  minimize.key("max_steps", &settings.minimize.max_steps, "").at_least(1);
}

/// One line a population on the terminal and in populations.dat.
class PopulationLog {
 public:
  PopulationLog(Console& console, std::string path, double n_cells)
      : console_(console), path_(std::move(path)), n_cells_(n_cells) {
    console_.say("{:>4} {:>8}  {:>24}  {:>15} {:>15}  {:>7}  {:>14}  {:>10}  {:>8}", "pop.", "size",
                 "free energy (eV/cell)", "gradient/error", "then", "N_eff/N", "pressure (GPa)", "V (A^3)", "lowest");
  }
  /// The last of all populations.
  void add(const std::vector<sscha::PopulationReport>& history) {
    const sscha::PopulationReport& report = history.back();
    const std::vector<double> row = population_row(report, n_cells_);
    const auto ratio = [](double value, double error) { return error > 0 ? value / error : 0.0; };
    console_.say(
        "{:>4} {:>8}  {:>24}  {:>15.2f} {:>15.2f}  {:>7.4f}  {:>14}  {:>10.4f}  {:>8.2f}{}",
        report.is_final ? "last" : std::to_string(report.number), report.size, format_estimate(row[2], row[3], ""),
        ratio(report.start.gradient, report.start.gradient_error),
        ratio(report.end.gradient, report.end.gradient_error), report.end.kong_liu_ratio,
        report.stress ? format_estimate(std::abs(row[10]) < 1e-9 ? 0 : row[10], row[11] < 1e-9 ? 0 : row[11], "") : "-",
        report.volume, row.back(), report.needs_no_step ? "  fresh: no step" : "");
    StepTable table = population_table();
    for (const sscha::PopulationReport& each : history) table.add(population_row(each, n_cells_));
    write_file(path_, table.text());
  }

 private:
  Console& console_;
  std::string path_;
  double n_cells_;
};

sscha::PopulationLoop loop_from(const Potential& potential, const sscha::TrialDensity& start, const SpaceGroup& group,
                                const sscha::LoopOptions& options, std::optional<sscha::LoopState> state) {
  try {
    return {potential, start, group, options, std::move(state)};
  } catch (phonons::MissingStress& error) {
    error.advise("write conditions.cell = \"fixed\"");
    throw;
  }
}

/// One condition from `start`: leaves its files in `folder`.
ConditionResult relax(const Settings& settings, const Condition& condition, const Potential& potential,
                      const phonons::DynamicalMatrices& start, const SpaceGroup& group, const std::string& folder,
                      at::Device device, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const phonons::Symmetrizer symmetrize(group, start.crystal, start.grid);
  const sscha::TrialDensity density = sscha::symmetrized({start, condition.temperature, units}, group, symmetrize);
  sscha::LoopOptions options{.sizes = {settings.sizes.begin(), settings.sizes.end()},
                             .maximum = settings.maximum,
                             .final_size = potential.waits_for_labels() ? 0 : settings.final_size,
                             .sampling = settings.sampling,
                             .seed = static_cast<std::uint64_t>(context.shared.seed),
                             .minimize = settings.minimize,
                             .cell = settings.cell,
                             .pressure = condition.pressure.value_or(0),
                             .uncertain = settings.potential.uncertain,
                             .device = device};
  const std::string state_file = folder + "/state.h5";
  std::optional<sscha::LoopState> state;
  if (context.folder->resumes()) state = sscha::read_loop_state(state_file);
  if (state) console.say("goes on after population {}", state->history.size());
  PopulationLog log(console, folder + "/populations.dat", start.grid.size());
  std::optional<Progress> bar;
  std::int64_t shown = 0;
  sscha::LoopWatch watch;
  watch.labelling = [&](std::int64_t done, std::int64_t total) {
    if (!bar || done < shown) {
      bar.emplace(console, "labelling", total, "configurations");
      shown = 0;
    }
    bar->advance(done - shown);
    shown = done;
    if (done == total) bar.reset();
    stop_if_interrupted();
  };
  watch.labelled = [&](const sscha::Drawing& drawn, const Configurations& configurations) {
    if (settings.keep == Settings::Keep::none) return;
    if (settings.keep == Settings::Keep::last && settings.final_size > 0 && !drawn.is_final &&
        drawn.number < settings.maximum)
      return;
    const std::string name = settings.keep == Settings::Keep::all && !drawn.is_final
                                 ? fmt::format("population{}.h5", drawn.number)
                                 : "population.h5";
    write_population(
        folder + "/" + name, drawn.density, configurations,
        {.population = drawn.number, .seed = context.shared.seed, .sampling = "", .configuration = context.settings});
    stop_if_interrupted();
  };
  sscha::PopulationLoop loop = loop_from(potential, density, group, options, std::move(state));
  while (!loop.finished()) {
    const sscha::Drawing& drawn = loop.drawing();
    require_labels(potential, drawn.density, drawn.sampler, drawn.number, drawn.size, folder, context.shared.seed,
                   context.settings);
    loop.next(watch);
    log.add(loop.state().history);
    if (!loop.finished()) sscha::write_loop_state(state_file, loop.state());
    stop_if_interrupted();
  }
  sscha::LoopResult found = std::move(loop).result();
  sscha::SolutionErrors errors = solution_errors(found.population, found.minimum, group, settings.minimize.centroids,
                                                 [&](int, int) { stop_if_interrupted(); });
  const sscha::Solution result{density, std::move(found.minimum), std::move(errors), group, found.population.size()};
  const phonons::DynamicalMatrices& matrices = result.matrices();
  phonons::write_qe_dyn(matrices, folder + "/dyn", units);
  for (const char* name : {"structure.cif", "structure.extxyz"}) {
    write_structure(
        matrices.crystal, folder + "/" + name,
        fmt::format("average structure, {}, space group {} ({})", condition.text(), group.symbol, group.number));
  }
  sscha::write_solution(folder + "/result.h5", result, context.settings, context.shared.seed);
  if (context.shared.figures) figures::draw(figures_of_minimize(folder + "/result.h5"), folder + "/figures", console);
  console.field("result", "{}", found.explain());
  comment_on(result, found, settings.potential.uncertain, console);
  ConditionResult left{condition, entries_of(result, found, condition), matrices, found.settled};
  if (condition.pressure) {
    const phonons::Relaxation at_rest =
        phonons::relax(potential, matrices.crystal, group,
                       {.cell = settings.cell,
                        .pressure = *condition.pressure,
                        .divisions = start.grid.divisions(),
                        .observe = [](const phonons::RelaxationStep&) { stop_if_interrupted(); }});
    if (at_rest.converged) {
      add_static_crystal(at_rest.crystal, left.entries);
      console.field("expansion", "{:+.3f} % of the volume, {:+.3f} % of the first vector, beyond the crystal at rest",
                    100 * (matrices.crystal.volume() / at_rest.crystal.volume() - 1),
                    100 * (matrices.crystal.cell.row(0).norm() / at_rest.crystal.cell.row(0).norm() - 1));
    } else {
      console.warn("the crystal at rest is not found ({}): the quantum expansion is not told", at_rest.reason);
    }
  }
  fs::remove(state_file);
  return left;
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const at::Device device = context.device();  // before any tensor
  PotentialOpening opening{.units = units, .idle = stop_if_interrupted};
  if (context.folder) opening.populations = populations_to_label(context.folder->path());
  const std::unique_ptr<Potential> potential = open_potential(settings.potential, opening);
  const phonons::DynamicalMatrices start =
      start_of(settings.start, *potential, settings.symmetry,
               {settings.temperatures.front(), settings.cell,
                settings.pressures.empty() ? std::nullopt : std::optional(settings.pressures.front())},
               units, console);
  const SpaceGroup group = phonons::keeping_grid(find_space_group(start.crystal, settings.symmetry), start.grid);
  describe(start, console);
  describe(group, console);
  const std::vector<Condition> conditions = conditions_of(settings.temperatures, settings.pressures);
  console.field("conditions", "{}", conditions.size());
  const std::int64_t largest =
      std::max<std::int64_t>(settings.final_size, *std::max_element(settings.sizes.begin(), settings.sizes.end()));
  if (!context.folder) {
    console.field("memory", "{} for the largest population",
                  format_bytes(4.0 * 3 * 8 * static_cast<double>(largest) * start.supercell().n_atoms()));
    return exit_code::done;
  }
  const RunFolder& folder = *context.folder;
  std::vector<ConditionResult> results;
  for (const Condition& condition : conditions) {
    const bool alone = conditions.size() == 1;
    const std::string where = alone ? folder.path() : folder.file(condition.name());
    fs::create_directories(where);
    if (!alone && folder.resumes()) {
      if (std::optional<ConditionResult> done = read_condition(where, condition)) {
        console.say("{}: done before", condition.text());
        results.push_back(std::move(*done));
        continue;
      }
    }
    console.say("");
    console.say("{}", condition.text());
    const ConditionResult* neighbour = nearest(results, condition);
    try {
      results.push_back(relax(settings, condition, *potential, neighbour ? neighbour->matrices : start, group, where,
                              device, context));
    } catch (const WaitingForLabels& waiting) {
      console.say("{}", waiting.what());
      return exit_code::waiting;
    }
    if (!alone) write_file(where + "/summary.json", results.back().entries.dump(2) + "\n");
  }
  add_derivatives(results);
  Summary summary = summary_of(results);
  if (results.size() > 1) {
    folder.write("conditions.dat", table_of(results).text());
    if (context.shared.figures) figures::draw(figures_of_conditions(results), folder.file("figures"), console);
  }
  console.say("");
  show(results, console);
  console.field("results", "{}", folder.path());
  console.print_json(folder.finish(summary));
  return std::all_of(results.begin(), results.end(), [](const ConditionResult& result) { return result.settled; })
             ? exit_code::done
             : exit_code::not_converged;
}

}  // namespace

Command sscha_command() {
  return {
      .name = "sscha",
      .summary = "populations on a potential to convergence, at any temperature and pressure",
      .arguments = "RUN.toml",
      .description =
          "Draws populations, labels them with a potential, minimises, draws the next from what was found, until a "
          "fresh one\n"
          "needs no step. With a pressure the cell moves, too. Several temperatures or pressures: each begins from "
          "its\n"
          "neighbour, and what was done before an interruption is not done again.",
      .example =
          "  zeropoint sscha --template > sscha.toml     then set the potential, dyn and temperature\n"
          "  zeropoint sscha sscha.toml --set 'conditions.temperature={from=\"0 K\", to=\"300 K\", step=\"50 K\"}'",
      .options = {},
      .prepare = job<Settings>(declare_keys, run, "sscha"),
      .run = {},
      .goes_on = "behind the last population",
  };
}

}  // namespace zeropoint
