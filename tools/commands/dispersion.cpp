#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "files/structure_file.hpp"
#include "phonons/group_velocity.hpp"
#include "phonons/matrix_file.hpp"
#include "phonons/stability.hpp"
#include "phonons/symmetric_grid.hpp"
#include "tools/commands/dispersion_result.hpp"
#include "tools/commands/dispersion_settings.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/matrix_set.hpp"
#include "tools/figures/dispersion_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

constexpr double large_total_charge = 0.05;  // |e|: more than what k points usually leave
constexpr double large_translation = 20;     // cm^-1: linear response leaves 2 or 3
constexpr double large_asymmetry = 1e-3;     // of the norm of the matrices: more than what digits of files leave
constexpr int fine_mesh = 20;                // divisions from which mean-square displacements may be believed

Eigen::Vector3i divisions_of(const std::vector<int>& grid) { return {grid[0], grid[1], grid[2]}; }

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
  const Eigen::Vector3d values = phonons::translation_frequencies(matrices).unaryExpr(&shown_inverse_cm);
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
    return read_matrix_set(source, settings.symmetry.tolerance, units).matrices;
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

DispersionResult::Bands bands_of(const MatrixSet& set, const phonons::Interpolation& interpolation,
                                 const phonons::SampledPath& path, bool dashed, const std::string& label) {
  static const std::vector<std::vector<double>> unknown;
  return {phonons::bands_along(path, interpolation, set.matrices, dashed ? unknown : set.squared_errors),
          label.empty() ? set.label : label, dashed};
}

void add_others(const DispersionSettings& settings, const Crystal& crystal, const UnitSet& units,
                DispersionResult& result) {
  std::size_t number = 0;
  for (const bool dashed : {true, false}) {
    for (const std::string& source : dashed ? settings.compare : settings.overlay) {
      const MatrixSet set = read_matrix_set(source, settings.symmetry.tolerance, units);
      if (set.matrices.crystal.n_atoms() != crystal.n_atoms()) {
        throw InputError{"dyn.{}: {} has {} atoms, the matrices have {}: draw the same crystal",
                         dashed ? "compare" : "overlay", source, set.matrices.crystal.n_atoms(), crystal.n_atoms()};
      }
      const phonons::Interpolation other(set.matrices, {.sum_rule = settings.sum_rule});
      result.others.push_back(bands_of(set, other, result.path, dashed, label_of(settings, ++number)));
    }
  }
}

void describe_gamma(const DispersionResult& result, Console& console) {
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
    console.field("", "{:>10.2f} cm^-1  {:<8} {}", shown_inverse_cm(set.frequency), set.label,
                  set.infrared ? (set.raman ? "infrared, Raman" : "infrared") : (set.raman ? "Raman" : "silent"));
  }
  for (const phonons::GammaLimit& limit : result.longitudinal) {
    console.field("", "{:>10.2f} cm^-1  is the highest with the field of q -> 0 along ({:.3f}, {:.3f}, {:.3f})",
                  shown_inverse_cm(limit.frequencies.maxCoeff()), limit.direction[0] + 0.0, limit.direction[1] + 0.0,
                  limit.direction[2] + 0.0);
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

/// Density of states, thermodynamics, displacements and, for an SSCHA result, its free energy, all on the mesh.
void add_mesh(const DispersionSettings& settings, const MatrixSet& set, const phonons::Interpolation& interpolation,
              const UnitSet& units, DispersionResult& result) {
  phonons::MeshOptions options{.divisions = result.mesh,
                               .step = settings.step,
                               .smearing = settings.smearing,
                               .temperatures = settings.temperatures,
                               .skip_imaginary = settings.skip_imaginary,
                               .pause = stop_if_interrupted};
  // Behind those of the table: that of the structure, and that of an SSCHA run.
  options.temperatures.push_back(result.structure_temperature);
  if (set.sscha) options.temperatures.push_back(set.sscha->temperature);
  result.on_mesh = phonons::mesh_properties(interpolation, set.group, options, units);
  auto& [dos, imaginary, thermodynamics, displacements] = result.on_mesh;
  if (thermodynamics.empty()) return;
  if (set.sscha) {
    result.free_energy = DispersionResult::FreeEnergy{set.sscha->temperature, set.sscha->free_energy,
                                                      set.sscha->anharmonic(), thermodynamics.back().free_energy};
  }
  const std::size_t n = settings.temperatures.size();
  result.structure_displacements = displacements[n];
  thermodynamics.resize(n);
  displacements.resize(n);
}

/// structure.cif and structure.extxyz, with U_ij where all modes are positive.
void write_structures(const MatrixSet& set, const DispersionResult& result, const RunFolder& folder, Console& console) {
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
  for (const char* name : {"structure.cif", "structure.extxyz"})
    write_structure(set.matrices.crystal, folder.file(name), comment, displacements);
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

DispersionResult compute(const DispersionSettings& settings, const MatrixSet& set,
                         const phonons::Interpolation& interpolation, const phonons::BandPath& path,
                         const phonons::SampledPath& sampled, Run& context) {
  const UnitSet& units = context.shared.units();
  phonons::SymmetricGrid fine =
      phonons::symmetric_on_grid(interpolation, divisions_of(settings.grid), set.group, settings.sum_rule);
  describe(fine, context.console);
  DispersionResult result{
      .fine = std::move(fine.matrices),
      .zone = path.symbol,
      .unit = settings.unit,
      .path = sampled,
      .mesh = divisions_of(settings.mesh),
      .structure_temperature = settings.structure_temperature.value_or(set.sscha ? set.sscha->temperature : 300)};
  stop_if_interrupted();
  result.bands = bands_of(set, interpolation, result.path, false, label_of(settings, 0));
  result.velocities = phonons::group_velocities(interpolation, result.path.points, result.path.directions);
  add_others(settings, set.matrices.crystal, units, result);
  result.gamma = phonons::gamma_modes(interpolation, set.group, settings.symmetry.tolerance);
  result.longitudinal = phonons::gamma_limits(result.path, interpolation);
  stop_if_interrupted();
  add_mesh(settings, set, interpolation, units, result);
  warn_of_imaginary_modes(settings, result.on_mesh.imaginary, set.matrices, units, context.console);
  return result;
}

void write(const DispersionSettings& settings, const MatrixSet& set, const DispersionResult& result, Run& context) {
  const RunFolder& folder = *context.folder;
  for (const phonons::MatrixFormat& format : phonons::matrix_formats()) {
    if (std::ranges::find(settings.formats, format.name) == settings.formats.end()) continue;
    format.write(result.fine, folder.file(format.usual_name), context.shared.units());
  }
  write_structures(set, result, folder, context.console);
  write_tables(folder, result);
  write_result(folder.file("result.h5"), result, context.settings, context.shared.seed);
  if (context.shared.figures)
    figures::draw(figures_of_dispersion(folder.file("result.h5")), folder.file("figures"), context.console);
}

void conclude(const DispersionResult& result, const UnitSet& units, Console& console) {
  console.field("frequencies", "{:.2f} to {:.2f} cm^-1 along the path",
                shown_inverse_cm(result.bands.frequencies.minCoeff()),
                shown_inverse_cm(result.bands.frequencies.maxCoeff()));
  describe_gamma(result, console);
  for (const phonons::Thermodynamics& at : result.on_mesh.thermodynamics) {
    if (at.temperature != result.on_mesh.thermodynamics.front().temperature && at.temperature != 300) continue;
    console.field("thermodynamics", "{:g} K: F {:.6f} eV, S {:.4f} kB, C {:.4f} kB per unit cell (harmonic)",
                  at.temperature, at.free_energy, at.entropy / units.kb_free_energy,
                  at.heat_capacity / units.kb_free_energy);
  }
  if (result.free_energy) {
    const DispersionResult::FreeEnergy& energy = *result.free_energy;
    console.field("free energy", "{} per unit cell at {:g} K on this mesh ({} on the grid of the run)",
                  format_estimate(energy.fine().value, energy.fine().standard_error, "eV"), energy.temperature,
                  format_estimate(energy.coarse.value, energy.coarse.standard_error, "eV"));
  }
}

int run(const DispersionSettings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const MatrixSet set = read_matrix_set(settings.dyn, settings.symmetry.tolerance, units);
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
  const DispersionResult result = compute(settings, set, interpolation, path, sampled, context);
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
