#include "core/error.hpp"
#include "phonons/harmonic_file.hpp"
#include "phonons/modes.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "potentials/table.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/shared_keys.hpp"
#include "tools/commands/static_result.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/figures/result_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"
#include "tools/program/progress_report.hpp"

namespace zeropoint {
namespace {

constexpr double large_force = 1e-3;      // eV/angstrom: the structure is not relaxed
constexpr double large_asymmetry = 1e-3;  // of the norm of the matrices

struct Settings {
  Settings() { potential.single_precision = false; }
  PotentialSettings potential;
  StructureSettings structure;
  SymmetryOptions symmetry;
  std::vector<int> supercell;
  phonons::DifferenceOptions differences;
};

void declare_keys(Schema& schema, Settings& settings) {
  declare(schema, settings.potential);
  declare(schema, settings.structure);
  declare(schema, settings.symmetry);
  Section& phonons = schema.section("phonons", "finite displacements");
  phonons.key("supercell", &settings.supercell, "cells along each vector: the grid of q points")
      .required("[2, 2, 2]")
      .at_least(1)
      .check([&settings]() -> std::string {
        return settings.supercell.size() == 3
                   ? ""
                   : fmt::format("{} numbers, 3 are needed, one for each cell vector", settings.supercell.size());
      });
  phonons.quantity("displacement", &settings.differences.displacement, "angstrom", "of one atom, forth and back")
      .above(0);
  phonons.key("order", &settings.differences.order, "2 or 4: the error goes with this power of the displacement")
      .check([&settings]() -> std::string {
        return settings.differences.order == 2 || settings.differences.order == 4
                   ? ""
                   : "there are differences of order 2 and 4";
      });
}

/// What the matrices say about their own quality, and their frequencies.
void describe(const PhononsResult& result, Console& console) {
  const phonons::HarmonicMatrices& harmonic = result.harmonic;
  console.field("displacements", "{} supercells, {} operations keep the supercell", harmonic.n_displacements,
                harmonic.n_operations);
  console.field("residual force", "{:.3g} eV/angstrom", harmonic.residual_force);
  if (harmonic.residual_force > large_force) {
    console.warn(
        "a force of {:.3g} eV/angstrom is left: these are not the phonons of a minimum, relax the structure first "
        "(`zeropoint relax`)",
        harmonic.residual_force);
  }
  if (harmonic.asymmetry > large_asymmetry) {
    console.warn(
        "{:.2g} % of the matrices break the symmetry or the acoustic sum rule and were averaged out: the potential is "
        "rough, or less "
        "symmetric than the crystal",
        100 * harmonic.asymmetry);
  }
  show_frequencies(harmonic.matrices.grid, result.frequencies, console);
  if (const int n = result.n_imaginary(); n > 0) {
    console.warn(
        "{} of {} modes are imaginary: this structure is no minimum; `sscha` begins from them with start.repair = "
        "\"absolute\"",
        n, harmonic.matrices.grid.size() * harmonic.matrices.n_modes());
  }
}

void write(const PhononsResult& result, Run& context) {
  const phonons::DynamicalMatrices& matrices = result.harmonic.matrices;
  const RunFolder& folder = *context.folder;
  phonons::write_qe_dyn(matrices, folder.file("dyn"), context.shared.units());
  write_structures(matrices.crystal, folder.file("structure"),
                   fmt::format("space group {} ({})", result.group.symbol, result.group.number));
  phonons::write_harmonic(folder.file("result.h5"), matrices, result.frequencies, context.settings);
  draw_result(folder.path(), context);
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const std::unique_ptr<Potential> potential =
      open_potential(settings.potential, {.units = units, .idle = stop_if_interrupted});
  const auto [crystal, group] = read_symmetric(settings.structure, settings.symmetry, units, console);
  const Eigen::Vector3i divisions = divisions_of(settings.supercell);
  console.field("supercell", "{} x {} x {}, {} atoms", divisions[0], divisions[1], divisions[2],
                divisions.prod() * crystal.n_atoms());
  if (!context.folder) return exit_code::done;

  phonons::DifferenceOptions options = settings.differences;
  options.progress = ProgressReport(console, "displacing", "supercells");
  PhononsResult result{phonons::harmonic_matrices(*potential, crystal, divisions, group, options), group, {}};
  result.frequencies = phonons::frequencies_inverse_cm(phonons::diagonalise(result.harmonic.matrices), units);
  describe(result, console);
  write(result, context);
  console.field("results", "{}", context.folder->path());
  Summary summary = summary_of(result);
  console.print_json(context.folder->finish(summary));
  return exit_code::done;
}

}  // namespace

Command phonons_command() {
  return {
      .name = "phonons",
      .summary = "harmonic matrices of a potential by finite displacements",
      .arguments = "RUN.toml",
      .description =
          "Displaces one atom of each kind along as few directions as symmetry needs and takes differences of forces. "
          "Leaves dyn\n"
          "files that `sscha` and `dispersion` begin from (`dispersion` takes the folder, too).",
      .example =
          "  zeropoint phonons --template > phonons.toml     then set model, path and supercell\n"
          "  zeropoint phonons phonons.toml --set 'phonons.supercell=[3, 3, 3]'",
      .options = {},
      .prepare = on_cpu("phonons", job<Settings>(declare_keys, run, "phonons")),
      .run = {},
  };
}

}  // namespace zeropoint
