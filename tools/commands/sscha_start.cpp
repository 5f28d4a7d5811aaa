#include "tools/commands/sscha_start.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/first_density.hpp"
#include "sscha/matrix_set.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/shared_keys.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/program/console.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

constexpr double gpa = units::gpa_per_ev_angstrom3;
constexpr std::size_t most_shown = 6;

phonons::DynamicalMatrices matrices_of_structure(const SschaStart& settings, const Potential& potential,
                                                 const SymmetryOptions& symmetry, const sscha::Condition& condition,
                                                 CellKind cell, const UnitSet& units, Console& console) {
  Crystal crystal = sscha::read_crystal(settings.structure, units);
  set_masses(crystal, settings.masses, "start.masses");
  const SpaceGroup group = find_space_group(crystal, symmetry);
  warn_of_hidden_symmetry(crystal, group, symmetry, console);
  const auto tell = [&](const phonons::Relaxation& found) {
    console.field("relaxed", "{} steps, force {:.2g} eV/angstrom, volume {:.4f} to {:.4f} angstrom^3{}", found.end.step,
                  found.end.force, found.start.volume, found.end.volume,
                  condition.pressure ? fmt::format(" at {:g} GPa", *condition.pressure * gpa) : "");
    if (!found.converged)
      console.warn("{}: the static crystal is not relaxed: {}; the populations go on from there", settings.structure,
                   found.reason);
  };
  phonons::HarmonicMatrices harmonic = sscha::matrices_of_structure(potential, crystal, group,
                                                                    {.divisions = divisions_of(settings.supercell),
                                                                     .relax = settings.relax,
                                                                     .cell = cell,
                                                                     .pressure = condition.pressure.value_or(0),
                                                                     .relaxed = tell,
                                                                     .idle = stop_if_interrupted});
  console.field("displacements", "{} supercells, residual force {:.2g} eV/angstrom", harmonic.n_displacements,
                harmonic.residual_force);
  return std::move(harmonic.matrices);
}

/// "q = 0 0 1/2: -40.1 -40.1; ..."
std::string text_of(const std::vector<sscha::ImaginaryModes>& all) {
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), most_shown); ++i) {
    text += fmt::format("{}q = {}:", i > 0 ? "; " : "", q_text(all[i].q));
    for (const double value : all[i].frequencies) text += fmt::format(" {:.1f}", value);
  }
  return all.size() > most_shown ? text + "; ..." : text;
}

}  // namespace

void declare(Schema& schema, SschaStart& settings) {
  Section& start = schema.section("start", "where it begins");
  start.key("dyn", &settings.dyn, "dynamical matrices (prefix): crystal, grid, first density")
      .example("\"harmonic/dyn\"")
      .paths();
  start
      .key("structure", &settings.structure,
           "instead of dyn: a structure, whose matrices come from the potential; any file that `relax` reads")
      .paths();
  start.key("supercell", &settings.supercell, "of a structure: cells along each vector, such as [2, 2, 2]").at_least(1);
  schema.rule({"start.dyn", "start.structure"}, [&settings]() -> std::string {
    if (settings.dyn.empty() != settings.structure.empty()) return "";
    return fmt::format(
        "start.dyn and start.structure are both {}: write dyn = \"harmonic/dyn\", or structure = \"POSCAR\" with "
        "supercell = [2, 2, 2]",
        settings.dyn.empty() ? "missing" : "given");
  });
  schema.rule({"start.supercell", "start.structure"}, [&settings]() -> std::string {
    if (settings.dyn.empty() == settings.structure.empty()) return "";
    if (!settings.structure.empty() && settings.supercell.size() != 3) {
      return fmt::format("start.supercell has {} numbers: a structure needs 3, such as [2, 2, 2]",
                         settings.supercell.size());
    }
    if (settings.structure.empty() && !settings.supercell.empty()) {
      return fmt::format("start.supercell goes with start.structure: the grid of start.dyn = {} is its own",
                         settings.dyn);
    }
    return "";
  });
  start.key("relax", &settings.relax, "a structure first, to conditions.cell and the first pressure");
  start.choice("repair", settings.absolute, {{"none", false}, {"absolute", true}},
               "absolute: imaginary modes get omega^2 -> |omega^2|");
  declare_masses(start, settings.masses);
}

phonons::DynamicalMatrices start_of(const SschaStart& settings, const Potential& potential,
                                    const SymmetryOptions& symmetry, const sscha::Condition& condition, CellKind cell,
                                    const UnitSet& units, Console& console) {
  const std::string& source = settings.dyn.empty() ? settings.structure : settings.dyn;
  phonons::DynamicalMatrices matrices =
      settings.dyn.empty() ? matrices_of_structure(settings, potential, symmetry, condition, cell, units, console)
                           : phonons::read_qe_dyn(settings.dyn, units);
  if (!settings.dyn.empty()) set_masses(matrices.crystal, settings.masses, "start.masses");
  const sscha::FirstDensity first = sscha::first_density(std::move(matrices), condition.temperature, units);
  if (first.n_turned > 0 && !settings.absolute) {
    throw advised(InputError{"{}: {} modes are imaginary ({}), nothing can be drawn from them", source, first.n_turned,
                             text_of(first.imaginary)},
                  "write start.repair = \"absolute\"");
  }
  if (first.n_turned > 0) {
    console.warn("{} modes of {} are imaginary ({} cm^-1): their omega^2 is turned to |omega^2| for the start",
                 first.n_turned, source, text_of(first.imaginary));
  }
  if (first.raised_to > 0) {
    console.warn(
        "with the matrices of {} atoms would move by more than {:.2f} angstrom, {:g} of the shortest distance: modes "
        "below {:.1f} cm^-1 are raised to that for the start",
        source, first.largest_displacement, sscha::largest_share, units.inverse_cm(first.raised_to));
  }
  return first.matrices;
}

}  // namespace zeropoint
