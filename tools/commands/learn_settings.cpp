#include "tools/commands/learn_settings.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "core/units.hpp"
#include "phonons/q_stars.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/matrix_set.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/shared_keys.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/commands/training_input.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

using active_learning::RunnerKind;

/// "1 %" into the relative tolerance, anything else into the absolute one (sqrt(eV/amu)/angstrom). @returns what is
/// wrong.
std::string read_tolerance(const std::string& text, const UnitSet& units, active_learning::Tolerances& tolerances) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end != text.c_str() && std::string_view(end).find_first_not_of(" ") != std::string_view::npos &&
      std::string_view(end).substr(std::string_view(end).find_first_not_of(" ")) == "%") {
    tolerances.relative_frequency = number / 100;
    return number > 0 ? "" : "a number above zero is needed";
  }
  try {
    tolerances.frequency = parse_quantity(text, find_unit("cm^-1")) / units.hbar;
  } catch (const InputError& error) {
    return fmt::format("{}; or write \"1 %\"", error.what());
  }
  return "";
}

void declare_start(Schema& schema, LearnSettings& settings) {
  Section& start = schema.section("start", "what is there already");
  start
      .key("structure", &settings.structure,
           "any file that holds one; its harmonic matrices come from DFT, or from the model")
      .example("\"POSCAR\"")
      .paths();
  start.key("supercell", &settings.supercell, "of a structure: cells along each vector, such as [2, 2, 2]").at_least(1);
  start.key("dyn", &settings.dyn, "or dynamical matrices (prefix), harmonic or of SSCHA").paths();
  start.key("model", &settings.model, "a model to go on from").paths();
  start.key("data", &settings.data, "labelled structures by the same DFT, in any readable format, with * and ?")
      .paths();
  declare_masses(start, settings.masses);
  schema.rule({"start.structure", "start.dyn"}, [&settings]() -> std::string {
    if (settings.dyn.empty() != settings.structure.empty()) return "";
    return fmt::format(
        "start.structure and start.dyn are both {}: write structure = \"POSCAR\" with supercell = [2, 2, 2], or dyn = "
        "\"harmonic/dyn\"",
        settings.dyn.empty() ? "missing" : "given");
  });
  schema.rule({"start.supercell", "start.structure"}, [&settings]() -> std::string {
    if (settings.structure.empty() || settings.supercell.size() == 3) return "";
    return fmt::format("start.supercell has {} numbers: a structure needs 3, such as [2, 2, 2]",
                       settings.supercell.size());
  });
}

void declare_dft(Schema& schema, LearnSettings& settings) {
  Section& dft = schema.section("dft", "what labels, and where it runs");
  dft.choice("kind", &settings.dft.kind, {"pwx", "vasp", "command"},
             "command: a program that reads and answers extended XYZ");
  dft.key("template", &settings.dft.template_path,
          "a complete input of the unit cell or supercell: scf.in, or a folder with INCAR, KPOINTS, POTCAR")
      .example("\"scf.in\"")
      .paths();
  schema.rule({"dft.template", "dft.kind"}, [&settings]() -> std::string {
    if (!settings.dft.template_path.empty() || settings.dft.kind == "command") return "";
    return "dft.template is missing: write template = \"scf.in\", a complete input that prints forces and stress";
  });
  dft.key("command", &settings.dft.command, "for a shell; {input}, {output} and {template} stand for file names")
      .example("\"mpirun -np 2 pw.x -in {input} > {output}\"")
      .free_on_resume();
  schema.rule({"dft.command", "dft.kind"}, [&settings]() -> std::string {
    return settings.dft.kind == "command" && settings.dft.command.empty()
               ? "dft.command is missing: write command = \"./label.py\""
               : "";
  });
  dft.choice("runner", settings.runner.kind,
             {{"none", RunnerKind::none}, {"local", RunnerKind::local}, {"slurm", RunnerKind::slurm}},
             "none: it writes the list and a script, and waits (exit 75)")
      .free_on_resume();
  dft.key("at_once", &settings.runner.at_once, "tasks side by side").at_least(1).free_on_resume();
  dft.key("per_job", &settings.runner.job.per_job, "tasks of one job of a Slurm array").at_least(1).free_on_resume();
  dft.quantity("time_limit", &settings.runner.job.time_limit, "h", "of a task").above(0).free_on_resume();
  dft.key("slurm", &settings.slurm, "further options, such as [\"--partition=short\", \"--ntasks=8\"]")
      .free_on_resume();
  dft.key("submit", &settings.runner.submit, "how a script is submitted").free_on_resume();
}

void declare_learning(Schema& schema, LearnSettings& settings) {
  Section& learn = schema.section("learn", "");
  learn.key("batch", &settings.batch, "labels of a round").at_least(4).free_on_resume();
  learn.key("first", &settings.first, "of the first round; 0: as batch").at_least(0).free_on_resume();
  learn.key("maximum_labels", &settings.maximum_labels, "then it gives up (exit 3)").at_least(4).free_on_resume();
  learn.key("enough", &settings.enough, "share of a round's labels with which it goes on; a local runner waits for all")
      .above(0)
      .at_most(1)
      .free_on_resume();
  learn.key("pool", &settings.pool, "configurations of each condition that are scored").at_least(50);
  learn.key("heads", &settings.heads, "samples of the last layer, for uncertainties").at_least(2);
  learn.key("frequency_tolerance", &settings.frequency_tolerance, "relative and absolute, whichever is larger")
      .check([&settings] {
        active_learning::Tolerances tolerances;
        for (const std::string& text : settings.frequency_tolerance) {
          if (std::string problem = read_tolerance(text, units::codata2022, tolerances); !problem.empty())
            return problem;
        }
        return std::string{};
      });
  learn.quantity("free_energy_tolerance", &settings.free_energy_tolerance, "meV", "per atom").above(0).free_on_resume();
  learn.quantity("pressure_tolerance", &settings.pressure_tolerance, "GPa", "").above(0).free_on_resume();
  learn.key("from_last_model", &settings.from_last_model, "false: every round trains anew");
}

}  // namespace

LearnSettings::LearnSettings() : pressure_tolerance(0.3 / units::gpa_per_ev_angstrom3) {
  sizes = {500, 1000, 2000, 4000};
  maximum = 10;
  final_size = 4000;
  stop = "400 epochs";
  fit.split.validation = 0.1;
}

void declare(Schema& schema, LearnSettings& settings) {
  declare_start(schema, settings);
  declare(schema, static_cast<LoopSettings&>(settings));
  declare_dft(schema, settings);
  declare_learning(schema, settings);
  declare(schema, settings.symmetry);
  declare(schema, static_cast<TrainingSettings&>(settings));
}

LearnStart read_start(const LearnSettings& settings, const UnitSet& units, Console& console) {
  LearnStart start;
  if (!settings.dyn.empty()) {
    start.matrices = phonons::read_qe_dyn(settings.dyn, units);
    set_masses(start.matrices->crystal, settings.masses, "start.masses");
    start.crystal = start.matrices->crystal;
    start.divisions = start.matrices->grid.divisions();
    describe(*start.matrices, console);
  } else {
    start.crystal = sscha::read_crystal(settings.structure, units);
    set_masses(start.crystal, settings.masses, "start.masses");
    start.divisions = divisions_of(settings.supercell);
  }
  start.group = find_space_group(start.crystal, settings.symmetry);
  warn_of_hidden_symmetry(start.crystal, start.group, settings.symmetry, console);
  if (!start.matrices) {
    start.crystal = symmetrized(start.crystal, start.group);
    describe(start.crystal, start.group, console);
  } else {
    start.group = phonons::keeping_grid(start.group, start.matrices->grid);
    describe(start.group, console);
  }
  if (!start.matrices) start.group = phonons::keeping_mesh(start.group, start.divisions);
  if (!settings.data.empty()) start.data = read_sets(settings.data, "start.data", settings.reading, units, console);
  return start;
}

active_learning::LearnOptions learn_options(const LearnSettings& settings, LearnStart start, const std::string& folder,
                                            const Run& context) {
  active_learning::Tolerances tolerances;
  const UnitSet& units = context.shared.units();
  for (const std::string& text : settings.frequency_tolerance) read_tolerance(text, units, tolerances);
  const int n_atoms = start.crystal.n_atoms();
  tolerances.free_energy = settings.free_energy_tolerance * n_atoms;
  tolerances.pressure = settings.pressure_tolerance;
  mlp::FitOptions fit = fit_options(settings, context);
  mlp::check(fit.descriptor);
  mlp::check(fit.network);
  if (fit.species.empty()) fit.species = start.crystal.species_order();
  active_learning::RunnerOptions runner = settings.runner;
  runner.job.slurm = settings.slurm;
  const auto seed = static_cast<std::uint64_t>(context.shared.seed);
  const bool stress = settings.volume_moves() || settings.dft.kind != "command";
  if (!stress) fit.training.loss.stress = 0;
  active_learning::LearnOptions options{.folder = folder,
                                        .crystal = start.crystal,
                                        .divisions = start.divisions,
                                        .group = start.group,
                                        .matrices = std::move(start.matrices),
                                        .data = std::move(start.data),
                                        .conditions = sscha::ladder_of(settings.temperatures, settings.pressures),
                                        .runner = runner,
                                        .enough = settings.enough,
                                        .first = settings.first,
                                        .batch = settings.batch,
                                        .maximum_labels = settings.maximum_labels,
                                        .pool = settings.pool,
                                        .tolerances = tolerances,
                                        .uncertainty = {.n_heads = settings.heads, .seed = seed},
                                        .fit = std::move(fit),
                                        .stress = stress,
                                        .from_last_model = settings.from_last_model,
                                        .loop = {.sizes = {settings.sizes.begin(), settings.sizes.end()},
                                                 .maximum = settings.maximum,
                                                 .final_size = settings.final_size,
                                                 .sampling = settings.sampling,
                                                 .seed = seed,
                                                 .minimize = settings.minimize,
                                                 .cell = settings.cell},
                                        .seed = seed,
                                        .units = units};
  if (!settings.model.empty()) options.model = mlp::read_model(settings.model);
  return options;
}

}  // namespace zeropoint
