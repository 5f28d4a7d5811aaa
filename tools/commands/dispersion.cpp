#include <algorithm>
#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "core/standard_cell.hpp"
#include "files/structure_file.hpp"
#include "phonons/band_errors.hpp"
#include "phonons/group_velocity.hpp"
#include "phonons/matrix_file.hpp"
#include "phonons/q_stars.hpp"
#include "phonons/symmetrizer.hpp"
#include "tools/commands/dispersion_result.hpp"
#include "tools/commands/dispersion_settings.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/matrix_set.hpp"
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
  const phonons::Modes modes = phonons::diagonalise(matrices)[matrices.grid.gamma()];
  const Eigen::Vector3d values = modes.frequencies.head<3>().unaryExpr(&shown_inverse_cm);
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

/// Matrices on a grid in whole stars, averaged over the operations that keep the grid.
phonons::DynamicalMatrices symmetric_on_grid(const phonons::Interpolation& interpolation,
                                             const Eigen::Vector3i& divisions, const SpaceGroup& group,
                                             phonons::SumRule rule, Console& console) {
  const SpaceGroup kept = phonons::keeping_mesh(group, divisions);
  phonons::DynamicalMatrices result = interpolation.on_grid(phonons::grid_of_stars(divisions, kept));
  const std::vector<Eigen::MatrixXcd> before = result.blocks;
  phonons::Symmetrizer(kept, result.crystal, result.grid).matrices(result.blocks);
  // The symmetriser imposes the sum rule, too: where none is wanted D(0) stays as it is.
  const auto gamma = static_cast<std::size_t>(result.grid.gamma());
  if (rule == phonons::SumRule::none) result.blocks[gamma] = before[gamma];
  std::vector<Eigen::MatrixXcd> change = result.blocks;
  for (std::size_t iq = 0; iq < change.size(); ++iq) change[iq] -= before[iq];
  const double share = phonons::norm(change) / phonons::norm(before);
  console.field("fine grid", "{} x {} x {} in {} stars, symmetrised by {} operations", divisions[0], divisions[1],
                divisions[2], result.grid.stars().size(), kept.operations.size());
  if (share > large_asymmetry) {
    console.warn(
        "the matrices break the symmetry of the crystal by {:.2g} % of their norm, which is averaged out on the fine "
        "grid: are "
        "they of this structure?",
        100 * share);
  }
  return result;
}

/// Of set `number`, 0 that of dyn.path; empty: not given.
std::string label_of(const DispersionSettings& settings, std::size_t number) {
  return settings.labels.empty() ? "" : settings.labels.at(number);
}

DispersionResult::Bands bands_of(const MatrixSet& set, const phonons::Interpolation& interpolation,
                                 const phonons::SampledPath& path, bool dashed, const std::string& label) {
  DispersionResult::Bands bands{label.empty() ? set.label : label,
                                phonons::frequencies_at(interpolation, path.points, path.directions),
                                {},
                                dashed};
  if (!set.squared_errors.empty() && !dashed) {
    bands.errors = phonons::BandErrors(set.matrices, set.squared_errors)(interpolation, path.points, path.directions);
  }
  return bands;
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

/// Irreducible representations at Gamma, and the limits along the directions in which the path leaves it.
void add_gamma(const phonons::Interpolation& interpolation, const SpaceGroup& group, double tolerance,
               DispersionResult& result) {
  const Crystal& crystal = interpolation.crystal();
  const Eigen::Vector3d gamma = Eigen::Vector3d::Zero();
  const Eigen::Matrix3d conventional = find_standard_cell(crystal, tolerance).transformation.inverse() * crystal.cell;
  result.gamma = phonons::gamma_modes(interpolation(gamma), crystal, group, conventional);
  if (interpolation.alpha() == 0) return;
  for (std::size_t i = 0; i < result.path.points.size(); ++i) {
    const Eigen::Vector3d& direction = result.path.directions[i];
    const bool known = std::any_of(result.longitudinal.begin(), result.longitudinal.end(),
                                   [&](const DispersionResult::Longitudinal& limit) {
                                     return std::abs(limit.direction.dot(direction)) > 1 - 1e-9;
                                   });
    if (!phonons::folded(result.path.points[i]).isZero(0) || known) continue;
    result.longitudinal.push_back({direction, phonons::modes_at(interpolation(gamma, direction), crystal).frequencies});
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
  for (const DispersionResult::Longitudinal& limit : result.longitudinal) {
    console.field("", "{:>10.2f} cm^-1  is the highest with the field of q -> 0 along ({:.3f}, {:.3f}, {:.3f})",
                  shown_inverse_cm(limit.frequencies.maxCoeff()), limit.direction[0] + 0.0, limit.direction[1] + 0.0,
                  limit.direction[2] + 0.0);
  }
}

bool near_gamma(const Eigen::Vector3d& q) { return phonons::folded(q).cwiseAbs().maxCoeff() < 0.25; }

/// No imaginary mode at the points of the grid, translations aside.
bool stable(const phonons::DynamicalMatrices& matrices) {
  for (const phonons::Modes& modes : phonons::diagonalise(matrices)) {
    for (Eigen::Index mu = 0; mu < modes.frequencies.size(); ++mu) {
      if (!modes.acoustic[mu] && modes.frequencies[mu] < 0) return false;
    }
  }
  return true;
}

/// Density of states, thermodynamics, displacements and, for an SSCHA result, its free energy, all on the mesh.
void add_mesh(const DispersionSettings& settings, const MatrixSet& set, const phonons::Interpolation& interpolation,
              const UnitSet& units, Console& console, DispersionResult& result) {
  std::vector<double> temperatures = settings.temperatures;
  temperatures.push_back(result.structure_temperature);
  // Imaginary modes are told of below, where the sum is thrown away unless they may be left out.
  phonons::MeshDisplacements displacements(set.matrices.crystal, result.mesh, set.group, temperatures, true, units);
  const phonons::MeshModes mesh =
      phonons::modes_on_mesh(interpolation, result.mesh, set.group, std::ref(displacements));
  stop_if_interrupted();
  const double step = settings.step / units.hbar;
  const double lowest = std::floor(std::min(0.0, mesh.frequencies.minCoeff()) / step) * step;
  const int n = static_cast<int>(std::ceil((mesh.frequencies.maxCoeff() - lowest) / step)) + 2;
  const double width = settings.smearing / units.hbar, highest = lowest + step * (n - 1);
  result.dos = width > 0 ? phonons::smeared_density_of_states(mesh, width, lowest, highest, n)
                         : phonons::density_of_states(mesh, lowest, highest, n);
  result.imaginary = phonons::imaginary_modes(mesh);
  if (result.imaginary.n_modes > 0) {
    const phonons::ImaginaryModes& bad = result.imaginary;
    console.warn("{} modes of the mesh ({:.3f} %) are imaginary, the lowest {:.2f} cm^-1 at q = {}{}", bad.n_modes,
                 100 * bad.share, units.inverse_cm(bad.lowest), q_text(bad.q),
                 settings.skip_imaginary
                     ? "; the thermodynamics leave them out"
                     : ": there are no thermodynamics (thermodynamics.skip_imaginary = true leaves them out)");
    if (near_gamma(bad.q) && stable(set.matrices)) {
      console.warn(
          "the matrices themselves are stable, and the imaginary modes lie near Gamma between the points of their "
          "grid: the supercell "
          "is too small or, in sheets and wires, rotations are not imposed. Compare dispersion.sum_rule = \"none\", "
          "\"crystal\" and "
          "\"all\"");
    }
    if (!settings.skip_imaginary) return;
  }
  for (const double t : settings.temperatures) {
    result.thermodynamics.push_back(phonons::thermodynamics(mesh, t, settings.skip_imaginary, units));
  }
  stop_if_interrupted();
  result.displacements = displacements.tensors();
  result.structure_displacements = std::move(result.displacements.back());
  result.displacements.pop_back();
  if (set.sscha) {
    const double t = set.sscha->temperature;
    result.free_energy =
        DispersionResult::FreeEnergy{t, set.sscha->free_energy, set.sscha->anharmonic(),
                                     phonons::thermodynamics(mesh, t, settings.skip_imaginary, units).free_energy};
  }
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
  const Eigen::Vector3i divisions = divisions_of(settings.mesh);
  std::string labels;
  for (const auto& tick : sampled.ticks) labels += (labels.empty() ? "" : " ") + tick.label;
  console.field("path", "{} in zone {}, {} points", labels, path.symbol, sampled.points.size());
  if (!path.neighbour.empty()) {
    console.warn(
        "the cell is within 1e-4 of a zone {}, where points have other labels: another relaxation may be drawn along "
        "another path. "
        "Give dispersion.path and points to compare them",
        path.neighbour);
  }
  console.field("mesh", "{} x {} x {}{}", divisions[0], divisions[1], divisions[2],
                interpolation.alpha() > 0 ? ", no direction of the field at Gamma" : "");
  if (!context.folder) {
    const double bytes = 16.0 * std::pow(matrices.n_modes(), 2) * divisions_of(settings.grid).prod() +
                         (8.0 + 4.0 * matrices.crystal.n_atoms()) * matrices.n_modes() * divisions.prod() / 2;
    console.field("memory", "{}", format_bytes(bytes));
    return exit_code::done;
  }

  DispersionResult result{
      .fine = symmetric_on_grid(interpolation, divisions_of(settings.grid), set.group, settings.sum_rule, console),
      .zone = path.symbol,
      .unit = settings.unit,
      .path = sampled,
      .mesh = divisions,
      .structure_temperature = settings.structure_temperature.value_or(set.sscha ? set.sscha->temperature : 300)};
  stop_if_interrupted();
  result.bands = bands_of(set, interpolation, result.path, false, label_of(settings, 0));
  result.velocities = phonons::group_velocities(interpolation, result.path.points, result.path.directions);
  add_others(settings, matrices.crystal, units, result);
  add_gamma(interpolation, set.group, settings.symmetry.tolerance, result);
  stop_if_interrupted();
  add_mesh(settings, set, interpolation, units, console, result);

  const RunFolder& folder = *context.folder;
  for (const std::string& format : settings.formats) {
    const char* const name = format.starts_with("q2r") ? "force_constants.fc"
                             : format == "phonopy"     ? "phonopy"
                             : format == "epw"         ? ""
                                                       : "dyn";
    phonons::write_matrix_file(result.fine, format, folder.file(name), units);
  }
  write_structures(set, result, folder, console);
  write_tables(folder, result);
  write_result(folder.file("result.h5"), result, context.settings, context.shared.seed);
  if (context.shared.figures)
    figures::draw(figures_of_dispersion(folder.file("result.h5")), folder.file("figures"), console);
  console.field("frequencies", "{:.2f} to {:.2f} cm^-1 along the path",
                shown_inverse_cm(result.bands.frequencies.minCoeff()),
                shown_inverse_cm(result.bands.frequencies.maxCoeff()));
  describe_gamma(result, console);
  for (const phonons::Thermodynamics& at : result.thermodynamics) {
    if (at.temperature != result.thermodynamics.front().temperature && at.temperature != 300) continue;
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
  Summary summary = summary_of(result);
  console.field("results", "{}", folder.path());
  console.print_json(folder.finish(summary));
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
