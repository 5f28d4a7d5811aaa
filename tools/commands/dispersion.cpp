#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "phonons/matrix_file.hpp"
#include "phonons/stability.hpp"
#include "tools/commands/dispersion_result.hpp"
#include "tools/commands/dispersion_settings.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/matrix_set.hpp"
#include "tools/commands/shared_keys.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/figures/result_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

constexpr double large_total_charge = 0.05;  // |e|: more than what k points usually leave
constexpr double large_translation = 20;     // cm^-1: linear response leaves 2 or 3
constexpr double large_asymmetry = 1e-3;     // of the norm of the matrices: more than what digits of files leave
constexpr int fine_mesh = 20;                // divisions from which mean-square displacements may be believed

void describe(const phonons::DynamicalMatrices& matrices, const phonons::Interpolation& interpolation,
              Console& console) {
  if (!matrices.polar && interpolation.alpha() == 0) {
    console.field("dipoles", "none: the matrices have no Born charges");
  } else {
    const double total = matrices.polar ? phonons::total_charge(*matrices.polar).cwiseAbs().maxCoeff() : 0;
    console.field("dipoles", "{}, Ewald parameter {:.3f} 1/angstrom^2, sum of charges {:.4f} |e| taken out",
                  matrices.polar ? "Born charges of the matrices" : "Born charges of the support",
                  interpolation.alpha(), total);
    if (total > large_total_charge) {
      console.warn("the Born charges sum to {:.3f} |e|: use more k points where they were computed", total);
    }
  }
  if (interpolation.n_near_ties() > 0) {
    console.warn("{} pairs of atoms are nearly, not exactly, as far from several images: symmetrise the structure",
                 interpolation.n_near_ties());
  }
}

/// Frequencies of uniform translations before the sum rule: small ones are what linear response leaves.
void describe_translations(const phonons::DynamicalMatrices& matrices, Console& console) {
  const Eigen::Vector3d values = phonons::translation_frequencies(matrices).unaryExpr(&phonons::shown_inverse_cm);
  console.field("sum rule", "before it, translations have {:.2f}, {:.2f}, {:.2f} cm^-1", values[0], values[1],
                values[2]);
  if (values.cwiseAbs().maxCoeff() > large_translation) {
    console.warn(
        "translations cost {:.1f} cm^-1 before the sum rule: converge tr2_ph, cutoff and k points, or see whether the "
        "matrices are "
        "of this structure",
        values.cwiseAbs().maxCoeff());
  }
}

phonons::Interpolation interpolation_of(const DispersionSettings& settings, const phonons::DynamicalMatrices& matrices,
                                        const UnitSet& units) {
  const phonons::InterpolationOptions options{
      .sum_rule = settings.sum_rule,
      .ewald = {.skip_unit_direction = settings.skip_unit_direction, .divisions = matrices.grid.divisions()}};
  if (settings.coarse.empty()) return phonons::Interpolation(matrices, options);
  const auto support = [&](const std::string& source) {
    return sscha::read_matrix_set(source, settings.symmetry.tolerance, units).matrices;
  };
  return phonons::Interpolation(matrices, {support(settings.coarse), support(settings.fine)}, options);
}

void describe(const phonons::SymmetricGrid& fine, Console& console) {
  const Eigen::Vector3i n = fine.matrices.grid.divisions();
  console.field("fine grid", "{} x {} x {} in {} stars, symmetrised by {} operations", n[0], n[1], n[2],
                fine.matrices.grid.stars().size(), fine.n_operations);
  if (fine.asymmetry > large_asymmetry) {
    console.warn(
        "the matrices break the symmetry of the crystal by {:.2g} % of their norm, which is averaged out on the fine "
        "grid: are they of this structure?",
        100 * fine.asymmetry);
  }
}

/// Of set `number`, 0 that of dyn.path; empty: not given.
std::string label_of(const DispersionSettings& settings, std::size_t number) {
  return settings.labels.empty() ? "" : settings.labels.at(number);
}

phonons::NamedBands named(phonons::Bands bands, const sscha::MatrixSet& set, const std::string& label, bool dashed) {
  return {std::move(bands), label.empty() ? set.label : label, dashed};
}

void add_others(const DispersionSettings& settings, const Crystal& crystal, const UnitSet& units,
                phonons::Dispersion& result) {
  std::size_t number = 0;
  for (const bool dashed : {true, false}) {
    for (const std::string& source : dashed ? settings.compare : settings.overlay) {
      const sscha::MatrixSet set = sscha::read_matrix_set(source, settings.symmetry.tolerance, units);
      if (set.matrices.crystal.n_atoms() != crystal.n_atoms()) {
        throw InputError{"dyn.{}: {} has {} atoms, the matrices have {}: draw the same crystal",
                         dashed ? "compare" : "overlay", source, set.matrices.crystal.n_atoms(), crystal.n_atoms()};
      }
      const phonons::Interpolation other(set.matrices, {.sum_rule = settings.sum_rule});
      const auto& errors = dashed ? decltype(set.squared_errors){} : set.squared_errors;
      result.others.push_back(named(phonons::bands_along(result.path, other, set.matrices, errors), set,
                                    label_of(settings, ++number), dashed));
    }
  }
}

void describe_gamma(const phonons::Dispersion& result, Console& console) {
  if (!result.gamma) {
    console.field("modes at Gamma", "not labelled: the cell is not primitive");
    return;
  }
  const phonons::GammaModes& gamma = *result.gamma;
  console.field("modes at Gamma", "{} ({}): {} optical, {} acoustic", gamma.group.international,
                gamma.group.schoenflies, gamma.optical.empty() ? "none" : phonons::decomposition(gamma),
                gamma.acoustic);
  if (!gamma.group.convention.empty()) console.field("", "where {}", gamma.group.convention);
  for (const phonons::GammaSet& set : gamma.optical) {
    console.field("", "{:>10.2f} cm^-1  {:<8} {}", phonons::shown_inverse_cm(set.frequency), set.label,
                  set.infrared ? (set.raman ? "infrared, Raman" : "infrared") : (set.raman ? "Raman" : "silent"));
  }
  for (const phonons::GammaLimit& limit : result.longitudinal) {
    console.field("", "{:>10.2f} cm^-1  is the highest with the field of q -> 0 along ({:.3f}, {:.3f}, {:.3f})",
                  phonons::shown_inverse_cm(limit.frequencies.maxCoeff()), limit.direction[0] + 0.0,
                  limit.direction[1] + 0.0, limit.direction[2] + 0.0);
  }
}

void warn_of_imaginary_modes(const DispersionSettings& settings, const phonons::ImaginaryModes& bad,
                             const phonons::DynamicalMatrices& matrices, const UnitSet& units, Console& console) {
  if (bad.n_modes == 0) return;
  console.warn("{} modes of the mesh ({:.3f} %) are imaginary, the lowest {:.2f} cm^-1 at q = {}{}", bad.n_modes,
               100 * bad.share, units.inverse_cm(bad.lowest), q_text(bad.q),
               settings.skip_imaginary
                   ? "; the thermodynamics leave them out"
                   : ": there are no thermodynamics (thermodynamics.skip_imaginary = true leaves them out)");
  if (phonons::imaginary_between_grid_points(bad, matrices)) {
    console.warn(
        "the matrices themselves are stable, and the imaginary modes lie near Gamma between the points of their grid: "
        "the supercell is too small or, in sheets and wires, rotations are not imposed. Compare dispersion.sum_rule = "
        "\"none\", \"crystal\" and \"all\"");
  }
}

/// structure.cif and structure.extxyz, with U_ij where all modes are positive.
void write_structures(const sscha::MatrixSet& set, const phonons::Dispersion& result, const RunFolder& folder,
                      Console& console) {
  const phonons::SiteTensors& displacements = result.structure_displacements;
  const double t = result.structure_temperature;
  std::string comment = fmt::format("space group {} ({})", set.group.symbol, set.group.number);
  if (!displacements.empty()) {
    comment +=
        fmt::format(", U_ij at {:g} K on a mesh of {} x {} x {}", t, result.mesh[0], result.mesh[1], result.mesh[2]);
    std::string list;
    for (std::size_t s = 0; s < std::min<std::size_t>(displacements.size(), 6); ++s) {
      list +=
          fmt::format("{}{} {:.5f}", s > 0 ? ", " : "", set.matrices.crystal.species[s], displacements[s].trace() / 3);
    }
    console.field("displacements", "{:g} K: U_eq {}{} angstrom^2", t, list, displacements.size() > 6 ? ", ..." : "");
    if (t > 0 && result.mesh.minCoeff() < fine_mesh) {
      console.warn(
          "mean-square displacements converge slowly with the mesh above 0 K: take dos.grid of {0} x {0} x {0} at "
          "least",
          fine_mesh);
    }
  }
  write_structures(set.matrices.crystal, folder.file("structure"), comment, displacements);
}

void describe(const phonons::BandPath& path, const phonons::SampledPath& sampled, Console& console) {
  std::string labels;
  for (const auto& tick : sampled.ticks) labels += (labels.empty() ? "" : " ") + tick.label;
  console.field("path", "{} in zone {}, {} points", labels, path.symbol, sampled.points.size());
  if (!path.neighbour.empty()) {
    console.warn(
        "the cell is within 1e-4 of a zone {}, where points have other labels: another relaxation may be drawn along "
        "another path. Give dispersion.path and points to compare them",
        path.neighbour);
  }
}

phonons::DispersionOptions options_of(const DispersionSettings& settings, const sscha::MatrixSet& set) {
  phonons::DispersionOptions options{
      .grid = divisions_of(settings.grid),
      .sum_rule = settings.sum_rule,
      .mesh = {.divisions = divisions_of(settings.mesh),
               .step = settings.step,
               .smearing = settings.smearing,
               .temperatures = settings.temperatures,
               .skip_imaginary = settings.skip_imaginary,
               .pause = stop_if_interrupted},
      .structure_temperature = settings.structure_temperature.value_or(set.sscha ? set.sscha->temperature : 300),
      .tolerance = settings.symmetry.tolerance};
  if (set.sscha) options.free_energy = {set.sscha->temperature, set.sscha->free_energy, set.sscha->anharmonic(), 0};
  return options;
}

void write(const DispersionSettings& settings, const sscha::MatrixSet& set, const phonons::Dispersion& result,
           Run& context) {
  const RunFolder& folder = *context.folder;
  for (const phonons::MatrixFormat& format : phonons::matrix_formats()) {
    if (std::ranges::find(settings.formats, format.name) == settings.formats.end()) continue;
    format.write(result.fine.matrices, folder.file(format.usual_name), context.shared.units());
  }
  write_structures(set, result, folder, context.console);
  write_tables(folder, result);
  phonons::write_dispersion(folder.file("result.h5"), result, settings.unit, context.settings, context.shared.seed);
  draw_result(folder.path(), context);
}

void conclude(const phonons::Dispersion& result, const UnitSet& units, Console& console) {
  console.field("frequencies", "{:.2f} to {:.2f} cm^-1 along the path",
                phonons::shown_inverse_cm(result.bands.frequencies.minCoeff()),
                phonons::shown_inverse_cm(result.bands.frequencies.maxCoeff()));
  describe_gamma(result, console);
  for (const phonons::Thermodynamics& at : result.on_mesh.thermodynamics) {
    if (at.temperature != result.on_mesh.thermodynamics.front().temperature && at.temperature != 300) continue;
    console.field("thermodynamics", "{:g} K: F {:.6f} eV, S {:.4f} kB, C {:.4f} kB per unit cell (harmonic)",
                  at.temperature, at.free_energy, at.entropy / units.kb_free_energy,
                  at.heat_capacity / units.kb_free_energy);
  }
  if (result.free_energy) {
    const phonons::CarriedFreeEnergy& energy = *result.free_energy;
    console.field("free energy", "{} per unit cell at {:g} K on this mesh ({} on the grid of the run)",
                  format_estimate(energy.fine().value, energy.fine().standard_error, "eV"), energy.temperature,
                  format_estimate(energy.coarse.value, energy.coarse.standard_error, "eV"));
  }
}

int run(const DispersionSettings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const sscha::MatrixSet set = sscha::read_matrix_set(settings.dyn, settings.symmetry.tolerance, units);
  const phonons::DynamicalMatrices& matrices = set.matrices;
  describe(set, console);
  const phonons::Interpolation interpolation = interpolation_of(settings, matrices, units);
  describe(matrices, interpolation, console);
  if (settings.sum_rule != phonons::SumRule::none) describe_translations(matrices, console);
  const phonons::BandPath path = path_of(settings, matrices.crystal);
  const phonons::SampledPath sampled = phonons::sample(path, matrices.crystal, {.spacing = settings.spacing});
  describe(path, sampled, console);
  const Eigen::Vector3i mesh = divisions_of(settings.mesh);
  console.field("mesh", "{} x {} x {}{}", mesh[0], mesh[1], mesh[2],
                interpolation.alpha() > 0 ? ", no direction of the field at Gamma" : "");
  if (!context.folder) {
    const double bytes = 16.0 * std::pow(matrices.n_modes(), 2) * divisions_of(settings.grid).prod() +
                         (8.0 + 4.0 * matrices.crystal.n_atoms()) * matrices.n_modes() * mesh.prod() / 2;
    console.field("memory", "{}", format_bytes(bytes));
    return exit_code::done;
  }
  phonons::Dispersion result = phonons::dispersion(interpolation, matrices, set.group, path, sampled,
                                                   set.squared_errors, options_of(settings, set), units);
  result.bands = named(std::move(result.bands), set, label_of(settings, 0), false);
  add_others(settings, matrices.crystal, units, result);
  describe(result.fine, console);
  warn_of_imaginary_modes(settings, result.on_mesh.imaginary, matrices, units, console);
  write(settings, set, result, context);
  conclude(result, units, console);
  Summary summary = summary_of(result);
  console.field("results", "{}", context.folder->path());
  console.print_json(context.folder->finish(summary));
  return exit_code::done;
}

}  // namespace

Command dispersion_command() {
  return {
      .name = "dispersion",
      .summary = "bands, density of states and thermodynamics from dynamical matrices",
      .arguments = "RUN.toml",
      .description =
          "Interpolates dynamical matrices to any q: Born charges in the files are treated by Ewald sums, with the\n"
          "splitting of longitudinal modes at Gamma by the direction of each segment. Writes the matrices on a finer\n"
          "grid for Quantum ESPRESSO (a file a star), EPW or phonopy. Thermodynamics are harmonic; where the matrices "
          "are the result "
          "of\n"
          "`minimize`, its free energy is carried over to the mesh, too, and bands have their standard errors.",
      .example =
          "  zeropoint dispersion --template > dispersion.toml     then set path\n"
          "  zeropoint dispersion dispersion.toml --set 'dispersion.path=\"G-X | L-G\"'",
      .options = {},
      .prepare = job<DispersionSettings>(declare, run, "dispersion"),
      .run = {},
  };
}

}  // namespace zeropoint
