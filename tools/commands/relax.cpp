#include "core/error.hpp"
#include "files/poscar.hpp"
#include "phonons/relaxation_file.hpp"
#include "potentials/table.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/shared_keys.hpp"
#include "tools/commands/static_result.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/figures/result_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

constexpr double gpa = units::gpa_per_ev_angstrom3;
constexpr double large_share = 10;  // a forbidden force this many times the threshold is told

struct Settings {
  Settings() { potential.single_precision = false; }
  PotentialSettings potential;
  StructureSettings structure;
  SymmetryOptions symmetry;
  double pressure = 0;
  CellKind cell = CellKind::full;
  double force = 1e-4, stress = 1e-3 / gpa;
  int max_steps = 300;
};

void declare_keys(Schema& schema, Settings& settings) {
  declare(schema, settings.potential);
  declare(schema, settings.structure);
  declare(schema, settings.symmetry);
  Section& conditions = schema.section("conditions", "what the crystal is relaxed to");
  conditions.quantity("pressure", &settings.pressure, "GPa", "of a cell whose volume moves");
  declare_cell(conditions, settings.cell,
               "isotropic: the volume moves; shape: the shape, at this volume; full: both; fixed: atoms alone");
  schema.rule({"conditions.pressure", "conditions.cell"},
              [&settings] { return problem_of_pressure(settings.cell, settings.pressure != 0); });
  Section& relax = schema.section("relax", "when it ends");
  relax.quantity("force", &settings.force, "eV/angstrom", "no longer force on an atom").above(0);
  relax.quantity("stress", &settings.stress, "GPa", "no component of the stress further from the target").above(0);
  relax.key("max_steps", &settings.max_steps, "then it gives up (exit 3)").at_least(0);
}

RelaxResult relaxed(const Settings& settings, const Potential& potential, const Crystal& start, const SpaceGroup& group,
                    Console& console) {
  RelaxResult result{start, group, {}, settings.pressure, settings.cell != CellKind::fixed, {}, {}};
  console.say("");
  console.say("{:>5} {:>20} {:>14} {:>14} {:>14}", "step", "enthalpy (eV)", "force (eV/A)", "stress (GPa)", "V (A^3)");
  phonons::RelaxationOptions options{.cell = settings.cell,
                                     .pressure = settings.pressure,
                                     .force = settings.force,
                                     .stress = settings.stress,
                                     .max_steps = settings.max_steps,
                                     .divisions = potential.bound_divisions().value_or(Eigen::Vector3i::Ones())};
  options.observe = [&](const phonons::RelaxationStep& step) {
    console.say("{:>5} {:>20.8f} {:>14.3e} {:>14.3e} {:>14.5f}", step.step, step.enthalpy, step.force,
                step.stress * gpa, step.volume);
    result.steps.push_back(step);
    stop_if_interrupted();
  };
  try {
    result.relaxation = phonons::relax(potential, start, group, options);
  } catch (phonons::MissingStress& error) {
    error.advise("write conditions.cell = \"fixed\"");
    throw;
  }
  result.group_after = find_space_group(result.relaxation.crystal, {.tolerance = settings.symmetry.tolerance});
  return result;
}

void describe(const RelaxResult& result, double threshold, Console& console) {
  const phonons::Relaxation& end = result.relaxation;
  console.say("");
  console.field("result", "{}, {} steps, {} evaluations", end.reason, end.end.step, end.n_evaluations);
  console.field("energy", "{:.8f} eV per unit cell", end.energy);
  if (end.stress) console.field("pressure", "{:.5f} GPa", -end.stress->trace() / 3 * gpa + 0.0);
  describe(end.crystal, result.group_after, console);
  if (end.forbidden_force > large_share * threshold) {
    console.warn(
        "a force of {:.3g} eV/angstrom breaks the symmetry and was averaged out: the potential has less symmetry than "
        "the crystal",
        end.forbidden_force);
  }
  if (!end.converged) console.warn("the structure is not relaxed: {}", end.reason);
}

void write(const RelaxResult& result, const Run& context) {
  const phonons::Relaxation& end = result.relaxation;
  const RunFolder& folder = *context.folder;
  const std::string comment =
      fmt::format("relaxed at {:g} GPa, space group {} ({}){}", result.pressure * gpa, result.group_after.symbol,
                  result.group_after.number, end.converged ? "" : ", not converged");
  write_structures(end.crystal, folder.file("structure"), comment);
  folder.write("POSCAR", poscar_text(end.crystal, comment));
  folder.write("steps.dat", step_table(result.steps).text());
  phonons::write_relaxation(folder.file("result.h5"), result.start, end.crystal, result.steps, context.settings);
  draw_result(folder.path(), context);
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const std::unique_ptr<Potential> potential =
      open_potential(settings.potential, {.units = units, .idle = stop_if_interrupted});
  const auto [start, group] = read_symmetric(settings.structure, settings.symmetry, units, console);
  if (!context.folder) return exit_code::done;

  const RelaxResult result = relaxed(settings, *potential, start, group, console);
  describe(result, settings.force, console);
  write(result, context);
  console.field("results", "{}", context.folder->path());
  Summary summary = summary_of(result);
  console.print_json(context.folder->finish(summary));
  return result.relaxation.converged ? exit_code::done : exit_code::not_converged;
}

}  // namespace

Command relax_command() {
  return {
      .name = "relax",
      .summary = "relax atoms and cell with a potential, at a pressure, with the symmetry kept",
      .arguments = "RUN.toml",
      .description =
          "Moves atoms and cell to the minimum of the enthalpy. The space group that is found (or the subgroup asked "
          "for) is kept.\n"
          "Leaves the structure as extxyz, CIF and POSCAR. A run that does not converge is written and exits with 3.",
      .example =
          "  zeropoint relax --template > relax.toml     then set model and path\n"
          "  zeropoint relax relax.toml --set 'conditions.pressure=\"20 GPa\"'",
      .options = {},
      .prepare = on_cpu("relax", job<Settings>(declare_keys, run, "relax")),
      .run = {},
  };
}

}  // namespace zeropoint
