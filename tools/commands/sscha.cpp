#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/relaxation.hpp"
#include "potentials/table.hpp"
#include "sscha/condition_result.hpp"
#include "sscha/label_requests.hpp"
#include "sscha/loop_state_file.hpp"
#include "sscha/population_file.hpp"
#include "sscha/solution_file.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/loop_settings.hpp"
#include "tools/commands/sscha_result.hpp"
#include "tools/commands/sscha_start.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/figures/condition_figures.hpp"
#include "tools/figures/result_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"
#include "tools/program/progress_report.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using sscha::CellKind;
using sscha::Condition;

struct Settings : LoopSettings {
  enum class Keep { none, last, all };
  PotentialSettings potential;
  SschaStart start;
  SymmetryOptions symmetry;
  Keep keep = Keep::last;
};

void declare_keys(Schema& schema, Settings& settings) {
  declare(schema, settings.potential);
  declare(schema, settings.start);
  declare(schema, settings.symmetry);

  declare(schema, static_cast<LoopSettings&>(settings));
  schema.section("populations")
      .choice("keep", settings.keep,
              {{"none", Settings::Keep::none}, {"last", Settings::Keep::last}, {"all", Settings::Keep::all}},
              "populations on disk, as population*.h5: `hessian` needs the last");
}

sscha::LoopOptions loop_options(const Settings& settings, const Condition& condition, const Potential& potential,
                                at::Device device, std::int64_t seed) {
  return {.sizes = {settings.sizes.begin(), settings.sizes.end()},
          .maximum = settings.maximum,
          .final_size = potential.waits_for_labels() ? 0 : settings.final_size,
          .sampling = settings.sampling,
          .seed = static_cast<std::uint64_t>(seed),
          .minimize = settings.minimize,
          .cell = settings.cell,
          .pressure = condition.pressure.value_or(0),
          .uncertain = settings.potential.uncertain,
          .device = device};
}

/// The name of the file of a population, empty when it is not kept.
std::string file_of(const sscha::Drawing& drawn, const Settings& settings) {
  using Keep = Settings::Keep;
  if (settings.keep == Keep::none) return "";
  if (settings.keep == Keep::all && !drawn.is_final) return fmt::format("population{}.h5", drawn.number);
  const bool may_be_last = drawn.is_final || settings.final_size == 0 || drawn.number >= settings.maximum;
  return may_be_last ? "population.h5" : "";
}

sscha::PopulationFileInfo population_info(int number, const Run& context) {
  return {.population = number, .seed = context.shared.seed, .sampling = "", .configuration = context.settings};
}

/// A bar for each population, its file once it is labelled.
sscha::LoopWatch watch_of(const Settings& settings, const std::string& folder, Run& context) {
  sscha::LoopWatch watch;
  watch.labelling = ProgressReport(context.console, "labelling", "configurations");
  watch.labelled = [&settings, &context, folder](const sscha::Drawing& drawn, const Configurations& configurations) {
    const std::string file = file_of(drawn, settings);
    if (!file.empty())
      write_population(folder + "/" + file, drawn.density, configurations, population_info(drawn.number, context));
    stop_if_interrupted();
  };
  return watch;
}

void say_what_to_label(const sscha::LabelRequest& request, Console& console) {
  console.say(
      "population {} waits for labels (configuration {} of {} has no label among the {} that are stored). Compute the "
      "{} configurations of {}, gather the outputs with `zeropoint collect` (population.path = \"{}\"), and repeat "
      "this "
      "command",
      request.number, request.missing.configurations.front() + 1, request.size, request.missing.n_stored, request.size,
      request.frames, request.folder);
}

/// Populations until they are settled, from where an interrupted run stood; nothing when labels are waited for.
std::optional<sscha::LoopResult> run_loop(const Settings& settings, const sscha::LoopOptions& options,
                                          const Potential& potential, const sscha::TrialDensity& start,
                                          const SpaceGroup& group, const std::string& folder, Run& context) {
  Console& console = context.console;
  const std::string state_file = folder + "/state.h5";
  std::optional<sscha::LoopState> state;
  if (context.folder->resumes()) state = sscha::read_loop_state(state_file);
  if (state) console.say("goes on after population {}", state->history.size());
  show_head_of_populations(console);
  const double n_cells = start.matrices().grid.size();
  const sscha::LoopWatch watch = watch_of(settings, folder, context);
  sscha::PopulationLoop loop(potential, start, group, options, std::move(state));
  while (!loop.finished()) {
    const sscha::Drawing& drawn = loop.drawing();
    if (const auto request = request_labels(potential, drawn, folder, population_info(drawn.number, context))) {
      say_what_to_label(*request, console);
      return {};
    }
    show(loop.next(watch), n_cells, console);
    write_file(folder + "/populations.dat", table_of(loop.state().history, n_cells).text());
    if (!loop.finished()) sscha::write_loop_state(state_file, loop.state());
    stop_if_interrupted();
  }
  return std::move(loop).result();
}

/// The crystal without motion, relaxed from `found` at the pressure of the condition.
std::optional<Eigen::Matrix3d> cell_at_rest(const Settings& settings, const Potential& potential, const Crystal& found,
                                            const SpaceGroup& group, const Eigen::Vector3i& divisions, double pressure,
                                            Console& console) {
  const phonons::Relaxation at_rest =
      phonons::relax(potential, found, group,
                     {.cell = settings.cell,
                      .pressure = pressure,
                      .divisions = divisions,
                      .observe = [](const phonons::RelaxationStep&) { stop_if_interrupted(); }});
  if (!at_rest.converged) {
    console.warn("the crystal at rest is not found ({}): the quantum expansion is not told", at_rest.reason);
    return {};
  }
  const Crystal& crystal = at_rest.crystal;
  console.field("expansion", "{:+.3f} % of the volume, {:+.3f} % of the first vector, beyond the crystal at rest",
                100 * (found.volume() / crystal.volume() - 1),
                100 * (found.cell.row(0).norm() / crystal.cell.row(0).norm() - 1));
  return crystal.cell;
}

struct Finished {
  sscha::ConditionResult result;
  ordered_json entries;  ///< of its summary.json
};

/// One condition from `start`: leaves its files in `folder`. Nothing when labels are waited for.
std::optional<Finished> relax(const Settings& settings, const Condition& condition, const Potential& potential,
                              const phonons::DynamicalMatrices& start, const SpaceGroup& group,
                              const std::string& folder, at::Device device, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const phonons::Symmetrizer symmetrize(group, start.crystal, start.grid);
  const sscha::TrialDensity density = sscha::symmetrized({start, condition.temperature, units}, group, symmetrize);
  const sscha::LoopOptions options = loop_options(settings, condition, potential, device, context.shared.seed);
  std::optional<sscha::LoopResult> found = run_loop(settings, options, potential, density, group, folder, context);
  if (!found) return {};
  sscha::SolutionErrors errors = solution_errors(found->population, found->minimum, group, settings.minimize.centroids,
                                                 [&](int, int) { stop_if_interrupted(); });
  const sscha::Solution solution{density, std::move(found->minimum), std::move(errors), group,
                                 found->population.size()};
  const phonons::DynamicalMatrices& matrices = solution.matrices();
  phonons::write_qe_dyn(matrices, folder + "/dyn", units);
  write_structures(
      matrices.crystal, folder + "/structure",
      fmt::format("average structure, {}, space group {} ({})", condition.text(), group.symbol, group.number));
  const std::string file = folder + "/result.h5";
  sscha::write_solution(file, solution, context.settings, context.shared.seed);
  draw_result(folder, context);
  console.field("result", "{}", found->explain());
  sscha::ConditionResult result = result_at(condition, solution, *found);
  comment_on(solution, result, settings.potential.uncertain, console);
  if (condition.pressure) {
    result.cell_at_rest = cell_at_rest(settings, potential, matrices.crystal, group, start.grid.divisions(),
                                       *condition.pressure, console);
  }
  add_condition(file, result);
  ordered_json entries = entries_of(solution, result);
  return Finished{std::move(result), std::move(entries)};
}

/// What an earlier, interrupted run left of a condition of a ladder.
std::optional<Finished> read_finished(const std::string& folder, const Condition& condition) {
  const std::string summary = folder + "/summary.json";
  if (!fs::exists(summary)) return {};
  ordered_json entries = ordered_json::parse(read_file(summary), nullptr, false);
  std::optional<sscha::ConditionResult> result = sscha::read_condition(folder + "/result.h5", condition);
  if (entries.is_discarded() || !result) return {};
  return Finished{std::move(*result), std::move(entries)};
}

int run_ladder(const Settings& settings, const std::vector<Condition>& ladder, const Potential& potential,
               const phonons::DynamicalMatrices& start, const SpaceGroup& group, at::Device device, Run& context) {
  Console& console = context.console;
  const RunFolder& folder = *context.folder;
  std::vector<sscha::ConditionResult> results;
  std::vector<ordered_json> entries;
  std::vector<Condition> done;
  for (const Condition& condition : ladder) {
    const bool alone = ladder.size() == 1;
    const std::string where = alone ? folder.path() : folder.file(condition.name());
    fs::create_directories(where);
    std::optional<Finished> finished;
    if (!alone && folder.resumes()) finished = read_finished(where, condition);
    if (finished) {
      console.say("{}: done before", condition.text());
    } else {
      console.say("");
      console.say("{}", condition.text());
      const std::optional<std::size_t> neighbour = nearest(done, condition);
      finished = relax(settings, condition, potential, neighbour ? results[*neighbour].matrices : start, group, where,
                       device, context);
      if (!finished) return exit_code::waiting;
      if (!alone) write_file(where + "/summary.json", finished->entries.dump(2) + "\n");
    }
    fs::remove(where + "/state.h5");
    done.push_back(condition);
    results.push_back(std::move(finished->result));
    entries.push_back(std::move(finished->entries));
  }
  add_derivatives(results);
  Summary summary = summary_of(results, std::move(entries));
  if (results.size() > 1) {
    folder.write("conditions.dat", table_of(results).text());
    if (context.shared.figures) figures::draw(figures_of_conditions(results), folder.file("figures"), console);
  }
  console.say("");
  show(results, console);
  console.field("results", "{}", folder.path());
  console.print_json(folder.finish(summary));
  return std::ranges::all_of(results, &sscha::ConditionResult::settled) ? exit_code::done : exit_code::not_converged;
}

int run(const Settings& settings, Run& context) try {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const at::Device device = context.device();  // before any tensor
  PotentialOpening opening{.units = units, .idle = stop_if_interrupted};
  if (context.folder) opening.populations = sscha::requested_populations(context.folder->path());
  const std::unique_ptr<Potential> potential = open_potential(settings.potential, opening);
  const std::vector<Condition> ladder = sscha::ladder_of(settings.temperatures, settings.pressures);
  const phonons::DynamicalMatrices start =
      start_of(settings.start, *potential, settings.symmetry, ladder.front(), settings.cell, units, console);
  const SpaceGroup group = phonons::keeping_grid(find_space_group(start.crystal, settings.symmetry), start.grid);
  describe(start, console);
  describe(group, console);
  console.field("conditions", "{}", ladder.size());
  if (context.folder) return run_ladder(settings, ladder, *potential, start, group, device, context);
  const int largest = std::max(settings.final_size, *std::ranges::max_element(settings.sizes));
  console.field("memory", "{} for the largest population",
                format_bytes(4.0 * 3 * 8 * largest * start.supercell().n_atoms()));
  return exit_code::done;
} catch (phonons::MissingStress& error) {
  error.advise("write conditions.cell = \"fixed\"");
  throw;
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
