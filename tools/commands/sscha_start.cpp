#include "tools/commands/sscha_start.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "phonons/displacements.hpp"
#include "phonons/finite_differences.hpp"
#include "phonons/modes.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/relaxation.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/program/console.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

constexpr double gpa = units::gpa_per_ev_angstrom3;
constexpr double acoustic = 1e-3;              // cm^-1: the translations, zero up to rounding
constexpr double largest_displacement = 0.25;  // root mean square of an atom, of the shortest distance
constexpr std::size_t most_shown = 6;

phonons::DynamicalMatrices matrices_of_structure(const SschaStart& settings, const Potential& potential,
                                                 const SymmetryOptions& symmetry, const StartCondition& condition,
                                                 const UnitSet& units, Console& console) {
  const std::unique_ptr<Potential> in_double = potential.in_double_precision();
  const Potential& precise = in_double ? *in_double : potential;
  Crystal crystal = read_crystal(settings.structure, units);
  set_masses(crystal, settings.masses, "start.masses");
  const SpaceGroup group = find_space_group(crystal, symmetry);
  warn_of_hidden_symmetry(crystal, group, symmetry, console);
  crystal = symmetrized(crystal, group);
  if (settings.relax) {
    const phonons::Relaxation found =
        phonons::relax(precise, crystal, group,
                       {.cell = condition.cell,
                        .pressure = condition.pressure.value_or(0),
                        .divisions = precise.bound_divisions().value_or(Eigen::Vector3i::Ones()),
                        .observe = [](const phonons::RelaxationStep&) { stop_if_interrupted(); }});
    console.field("relaxed", "{} steps, force {:.2g} eV/angstrom, volume {:.4f} to {:.4f} angstrom^3{}", found.end.step,
                  found.end.force, found.start.volume, found.end.volume,
                  condition.pressure ? fmt::format(" at {:g} GPa", *condition.pressure * gpa) : "");
    if (!found.converged)
      console.warn("{}: the static crystal is not relaxed: {}; the populations go on from there", settings.structure,
                   found.reason);
    crystal = found.crystal;
  }
  const Eigen::Vector3i divisions(settings.supercell[0], settings.supercell[1], settings.supercell[2]);
  phonons::HarmonicMatrices harmonic = phonons::harmonic_matrices(
      precise, crystal, divisions, group, {.progress = [](std::int64_t, std::int64_t) { stop_if_interrupted(); }});
  console.field("displacements", "{} supercells, residual force {:.2g} eV/angstrom", harmonic.n_displacements,
                harmonic.residual_force);
  return std::move(harmonic.matrices);
}

/// "q = 0 0 1/2: -40.1 -40.1; ...": the imaginary modes of one q of each star.
std::string imaginary_modes(const phonons::DynamicalMatrices& matrices, const UnitSet& units) {
  const auto frequencies = phonons::frequencies_inverse_cm(phonons::diagonalise(matrices), units);
  std::string text;
  std::size_t n_shown = 0;
  for (const int iq : matrices.grid.representatives()) {
    std::string here;
    for (const double value : frequencies[iq]) {
      if (value < -acoustic) here += fmt::format(" {:.1f}", value);
    }
    if (here.empty() || n_shown++ >= most_shown) continue;
    text += fmt::format("{}q = {}:{}", text.empty() ? "" : "; ", q_text(matrices.grid.points()[iq]), here);
  }
  return n_shown > most_shown ? text + "; ..." : text;
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
  start.quantity("masses", &settings.masses, "amu", "isotopes: { H = \"2.014 amu\", \"site 3\" = \"6.015 amu\" }")
      .above(0);
}

phonons::DynamicalMatrices start_of(const SschaStart& settings, const Potential& potential,
                                    const SymmetryOptions& symmetry, const StartCondition& condition,
                                    const UnitSet& units, Console& console) {
  const std::string& source = settings.dyn.empty() ? settings.structure : settings.dyn;
  phonons::DynamicalMatrices matrices =
      settings.dyn.empty() ? matrices_of_structure(settings, potential, symmetry, condition, units, console)
                           : phonons::read_qe_dyn(settings.dyn, units);
  if (!settings.dyn.empty()) set_masses(matrices.crystal, settings.masses, "start.masses");
  int n_turned = 0;
  phonons::DynamicalMatrices repaired = phonons::with_absolute_squares(matrices, n_turned);
  if (n_turned > 0) {
    const std::string which = imaginary_modes(matrices, units);
    if (!settings.absolute) {
      throw InputError{
          "{}: {} modes are imaginary ({}), nothing can be drawn from them: write start.repair = \"absolute\"", source,
          n_turned, which};
    }
    console.warn("{} modes of {} are imaginary ({} cm^-1): their omega^2 is turned to |omega^2| for the start",
                 n_turned, source, which);
    matrices = std::move(repaired);
  }
  // Soft modes would draw atoms past their neighbours, where no potential was trained.
  const double largest = largest_displacement * shortest_distance(matrices.crystal);
  if (const double lowest = phonons::lowest_frequency_for(matrices, condition.temperature, largest, units);
      lowest > 0) {
    console.warn(
        "with the matrices of {} atoms would move by more than {:.2f} angstrom, {:g} of the shortest distance: modes "
        "below {:.1f} cm^-1 "
        "are raised to that for the start",
        source, largest, largest_displacement, units.inverse_cm(lowest));
    matrices = phonons::with_lowest_frequency(matrices, lowest);
  }
  return matrices;
}

}  // namespace zeropoint
