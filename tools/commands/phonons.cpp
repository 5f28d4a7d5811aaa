#include "core/error.hpp"
#include "files/structure_file.hpp"
#include "phonons/modes.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "potentials/table.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/static_result.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

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

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const std::unique_ptr<Potential> potential =
      open_potential(settings.potential, {.units = units, .idle = stop_if_interrupted});
  const Crystal read = read_crystal(settings.structure, units);
  const SpaceGroup group = find_space_group(read, settings.symmetry);
  const Crystal crystal = symmetrized(read, group);
  const Eigen::Vector3i divisions(settings.supercell[0], settings.supercell[1], settings.supercell[2]);
  describe(crystal, group, console);
  warn_of_hidden_symmetry(read, group, settings.symmetry, console);
  console.field("supercell", "{} x {} x {}, {} atoms", divisions[0], divisions[1], divisions[2],
                divisions.prod() * crystal.n_atoms());
  if (!context.folder) return exit_code::done;

  phonons::DifferenceOptions options = settings.differences;
  std::optional<Progress> bar;
  std::int64_t shown = 0;
  options.progress = [&](std::int64_t done, std::int64_t total) {
    if (!bar) bar.emplace(console, "displacing", total, "supercells");
    bar->advance(done - shown);
    shown = done;
    stop_if_interrupted();
  };
  PhononsResult result{phonons::harmonic_matrices(*potential, crystal, divisions, group, options), group, {}};
  bar.reset();
  const phonons::DynamicalMatrices& matrices = result.harmonic.matrices;
  result.frequencies = phonons::frequencies_inverse_cm(phonons::diagonalise(matrices), units);
  console.field("displacements", "{} supercells, {} operations keep the supercell", result.harmonic.n_displacements,
                result.harmonic.n_operations);
  console.field("residual force", "{:.3g} eV/angstrom", result.harmonic.residual_force);
  if (result.harmonic.residual_force > large_force) {
    console.warn(
        "a force of {:.3g} eV/angstrom is left: these are not the phonons of a minimum, relax the structure first "
        "(`zeropoint relax`)",
        result.harmonic.residual_force);
  }
  if (result.harmonic.asymmetry > large_asymmetry) {
    console.warn(
        "{:.2g} % of the matrices break the symmetry or the acoustic sum rule and were averaged out: the potential is "
        "rough, or less "
        "symmetric than the crystal",
        100 * result.harmonic.asymmetry);
  }
  console.say("");
  show_frequencies(result, console);
  if (const int n = result.n_imaginary(); n > 0) {
    console.warn(
        "{} of {} modes are imaginary: this structure is no minimum; `sscha` begins from them with start.repair = "
        "\"absolute\"",
        n, matrices.grid.size() * matrices.n_modes());
  }

  const RunFolder& folder = *context.folder;
  phonons::write_qe_dyn(matrices, folder.file("dyn"), units);
  const std::string comment = fmt::format("space group {} ({})", group.symbol, group.number);
  for (const char* name : {"structure.cif", "structure.extxyz"}) write_structure(crystal, folder.file(name), comment);
  write_result(folder.file("result.h5"), result, context.settings);
  if (context.shared.figures)
    figures::draw(figures_of_phonons(folder.file("result.h5")), folder.file("figures"), console);
  console.field("results", "{}", folder.path());
  Summary summary = summary_of(result);
  console.print_json(folder.finish(summary));
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
