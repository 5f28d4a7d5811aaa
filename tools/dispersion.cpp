#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "core/error.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/matrix_file.hpp"
#include "phonons/stars.hpp"
#include "tools/command.hpp"
#include "tools/dispersion_result.hpp"
#include "tools/exit_code.hpp"
#include "tools/input_settings.hpp"
#include "tools/interruption.hpp"

namespace zeropoint {
namespace {

constexpr double large_total_charge = 0.05;  // |e|: more than what k points usually leave

struct Settings {
  std::string dyn, coarse, fine;
  std::vector<std::string> compare;
  std::vector<int> grid{6, 6, 6};
  std::string path = "auto";
  std::vector<std::string> points;
  double spacing = 0.025;
  phonons::SumRule sum_rule = phonons::SumRule::crystal;
  SymmetryOptions symmetry;
  std::vector<int> mesh{30, 30, 30};
  double step = find_unit("cm-1").factor;
  std::vector<double> temperatures;
  bool skip_imaginary = false;
  std::vector<std::string> formats{"qe"};
};

/// An empty text or what is wrong with a grid.
std::string problem_of_grid(const std::vector<int>& grid) { return grid.size() == 3 ? "" : "three divisions are needed: [6, 6, 6]"; }

void declare_keys(Schema& schema, Settings& settings) {
  Section& dyn = schema.section("dyn", "the matrices");
  dyn.key("path", &settings.dyn, "prefix of dyn files, force constants of q2r.x, phonopy.yaml or its folder").required("\"harmonic/dyn\"").paths();
  dyn.key("compare", &settings.compare, "prefixes of others, drawn dashed").paths();
  Section& support = schema.section("dyn.support", "interpolate the difference to these matrices of the same crystal");
  support.key("coarse", &settings.coarse, "on the grid of dyn.path").paths();
  support.key("fine", &settings.fine, "on a finer grid").paths();

  Section& dispersion = schema.section("dispersion", "");
  dispersion.key("grid", &settings.grid, "matrices are written on this one").at_least(1).check([&settings] {
    return problem_of_grid(settings.grid);
  });
  dispersion.key("path", &settings.path, "or \"G-X-W-G | X-L\", labels after Hinuma et al. 2017 or of points");
  dispersion.key("points", &settings.points, "own points of the path, \"Q = 0.1 0.2 0.3\" (crystal coordinates)");
  dispersion.key("spacing", &settings.spacing, "1/angstrom, between points of the path").above(0);
  using phonons::SumRule;
  dispersion.choice("sum_rule", settings.sum_rule,
                    {{"crystal", SumRule::crystal}, {"simple", SumRule::simple}, {"none", SumRule::none}}, "acoustic");
  schema.section("symmetry", "").quantity("tolerance", &settings.symmetry.tolerance, "angstrom", "to find the zone").above(0);

  Section& dos = schema.section("dos", "density of states by tetrahedra, and thermodynamics");
  dos.key("grid", &settings.mesh, "through Gamma, where no direction is taken").at_least(1).check([&settings] {
    return problem_of_grid(settings.mesh);
  });
  dos.quantity("step", &settings.step, "cm-1", "between frequencies").above(0);

  for (int t = 0; t <= 1000; t += 50) settings.temperatures.push_back(t);
  Section& thermodynamics = schema.section("thermodynamics", "harmonic, from the same mesh");
  thermodynamics.quantity("temperature", &settings.temperatures, "K", "").at_least(0);
  thermodynamics.key("skip_imaginary", &settings.skip_imaginary, "go on without modes that have no positive frequency");

  schema.section("export", "").choice("formats", &settings.formats, phonons::matrix_formats(), "of the matrices on dispersion.grid");
}

phonons::DynamicalMatrices read(const std::string& path, const UnitSet& units, Console& console) {
  phonons::MatrixFile file = phonons::read_matrix_file(path, units);
  for (const std::string& warning : file.warnings) console.warn("{}", warning);
  return std::move(file.matrices);
}

std::map<std::string, Eigen::Vector3d> own_points(const std::vector<std::string>& texts) {
  std::map<std::string, Eigen::Vector3d> points;
  for (const std::string& text : texts) {
    const std::size_t equal = text.find('=');
    std::istringstream name(text.substr(0, equal)), numbers(equal == std::string::npos ? "" : text.substr(equal + 1));
    std::string label, more;
    Eigen::Vector3d q;
    if (!(name >> label) || !(numbers >> q[0] >> q[1] >> q[2]) || numbers >> more) {
      throw ConfigError{"dispersion.points: '{}' is no point: write it as \"Q = 0.1 0.2 0.3\"", text};
    }
    points[label] = q;
  }
  return points;
}

phonons::BandPath path_of(const Settings& settings, const Crystal& crystal) {
  const phonons::BandPath standard = phonons::standard_path(crystal, settings.symmetry.tolerance);
  if (settings.path == "auto") return standard;
  try {
    return phonons::path_of_text(settings.path, standard, own_points(settings.points));
  } catch (const InputError& error) {
    throw ConfigError{"dispersion.path: {}", error.what()};
  }
}

Eigen::Vector3i divisions_of(const std::vector<int>& grid) { return {grid[0], grid[1], grid[2]}; }

void describe(const phonons::DynamicalMatrices& matrices, const phonons::Interpolation& interpolation, Console& console) {
  if (!matrices.polar && interpolation.alpha() == 0) {
    console.field("dipoles", "none: the matrices have no Born charges");
  } else {
    const double total = matrices.polar ? phonons::total_charge(*matrices.polar).cwiseAbs().maxCoeff() : 0;
    console.field("dipoles", "{}, Ewald parameter {:.3f} 1/angstrom^2, sum of charges {:.4f} |e| taken out",
                  matrices.polar ? "Born charges of the matrices" : "Born charges of the support", interpolation.alpha(), total);
    if (total > large_total_charge) {
      console.warn("the Born charges sum to {:.3f} |e|: use more k points where they were computed", total);
    }
  }
  if (interpolation.n_near_ties() > 0) {
    console.warn("{} pairs of atoms are nearly, not exactly, as far from several images: symmetrise the structure",
                 interpolation.n_near_ties());
  }
}

phonons::Interpolation interpolation_of(const Settings& settings, const phonons::DynamicalMatrices& matrices, const UnitSet& units,
                                         Console& console) {
  const phonons::InterpolationOptions options{.sum_rule = settings.sum_rule};
  if (settings.coarse.empty() != settings.fine.empty()) {
    throw ConfigError{"dyn.support: {} is missing: the support is needed on both grids", settings.coarse.empty() ? "coarse" : "fine"};
  }
  if (settings.coarse.empty()) return phonons::Interpolation(matrices, options);
  return phonons::Interpolation(
      matrices, {read(settings.coarse, units, console), read(settings.fine, units, console)}, options);
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const phonons::DynamicalMatrices matrices = read(settings.dyn, units, console);
  describe(matrices, console);
  const phonons::Interpolation interpolation = interpolation_of(settings, matrices, units, console);
  describe(matrices, interpolation, console);

  const phonons::BandPath path = path_of(settings, matrices.crystal);
  const phonons::SampledPath sampled = phonons::sample(path, matrices.crystal, {.spacing = settings.spacing});
  const Eigen::Vector3i divisions = divisions_of(settings.mesh);
  std::string labels;
  for (const auto& tick : sampled.ticks) labels += (labels.empty() ? "" : " ") + tick.label;
  console.field("path", "{} in zone {}, {} points", labels, path.symbol, sampled.points.size());
  console.field("mesh", "{} x {} x {}", divisions[0], divisions[1], divisions[2]);
  if (!context.folder) {
    const double bytes = 16.0 * std::pow(matrices.n_modes(), 2) * divisions_of(settings.grid).prod() +
                         (8.0 + 4.0 * matrices.crystal.n_atoms()) * matrices.n_modes() * divisions.prod() / 2;
    console.field("memory", "{}", format_bytes(bytes));
    return exit_code::done;
  }

  DispersionResult result{.fine = interpolation.on_grid(phonons::grid_in_stars(matrices.crystal, divisions_of(settings.grid))),
                          .zone = path.symbol,
                          .path = sampled,
                          .mesh = divisions};
  stop_if_interrupted();
  result.bands = phonons::frequencies_at(interpolation, result.path.points, result.path.directions);
  for (const std::string& prefix : settings.compare) {
    const phonons::Interpolation other(read(prefix, units, console), {.sum_rule = settings.sum_rule});
    if (other.crystal().n_atoms() != matrices.crystal.n_atoms()) {
      throw InputError{"dyn.compare: {} has {} atoms, the matrices have {}: compare the same crystal", prefix,
                       other.crystal().n_atoms(), matrices.crystal.n_atoms()};
    }
    result.comparisons.push_back({prefix, phonons::frequencies_at(other, result.path.points, result.path.directions)});
  }
  stop_if_interrupted();
  const phonons::MeshModes mesh = phonons::modes_on_mesh(interpolation, result.mesh);
  stop_if_interrupted();
  const double step = settings.step / units.hbar;
  const double lowest = std::floor(std::min(0.0, mesh.frequencies.minCoeff()) / step) * step;
  const int n = static_cast<int>(std::ceil((mesh.frequencies.maxCoeff() - lowest) / step)) + 2;
  result.dos = phonons::density_of_states(mesh, lowest, lowest + step * (n - 1), n);
  result.imaginary = phonons::imaginary_modes(mesh);
  const bool stable = result.imaginary.n_modes == 0;
  if (!stable) {
    const phonons::ImaginaryModes& bad = result.imaginary;
    console.warn("{} modes of the mesh ({:.3f} %) are imaginary, the lowest {:.2f} cm^-1 at q = {}{}", bad.n_modes, 100 * bad.share,
                 units.inverse_cm(bad.lowest), q_text(bad.q),
                 settings.skip_imaginary ? "; the thermodynamics leave them out"
                                         : ": there are no thermodynamics (thermodynamics.skip_imaginary = true leaves them out)");
  }
  if (stable || settings.skip_imaginary) {
    for (const double t : settings.temperatures) {
      result.thermodynamics.push_back(phonons::thermodynamics(mesh, t, settings.skip_imaginary, units));
    }
  }

  const RunFolder& folder = *context.folder;
  for (const std::string& format : settings.formats) {
    const char* const name = format == "q2r" ? "force_constants.fc" : format == "phonopy" ? "phonopy" : format == "epw" ? "" : "dyn";
    phonons::write_matrix_file(result.fine, format, folder.file(name), units);
  }
  write_tables(folder, result);
  write_result(folder.file("result.h5"), result, context.settings, context.shared.seed);
  if (context.shared.figures) figures::draw(figures_of_dispersion(folder.file("result.h5")), folder.file("figures"), console);
  console.field("frequencies", "{:.2f} to {:.2f} cm^-1 along the path", shown_inverse_cm(result.bands.minCoeff()),
                shown_inverse_cm(result.bands.maxCoeff()));
  for (const phonons::Thermodynamics& at : result.thermodynamics) {
    if (at.temperature != result.thermodynamics.front().temperature && at.temperature != 300) continue;
    console.field("thermodynamics", "{:g} K: F {:.6f} eV, S {:.4f} kB, C {:.4f} kB per unit cell (harmonic)", at.temperature,
                  at.free_energy, at.entropy / units.kb_free_energy, at.heat_capacity / units.kb_free_energy);
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
          "grid for Quantum ESPRESSO, EPW or phonopy. Thermodynamics are harmonic: those of SSCHA matrices lack <V - V_harmonic>.",
      .example =
          "  zeropoint dispersion --template > dispersion.toml     then set path\n"
          "  zeropoint dispersion dispersion.toml --set 'dispersion.path=\"G-X | L-G\"'",
      .options = {},
      .prepare = job<Settings>(declare_keys, run, "dispersion"),
      .run = {},
  };
}

}  // namespace zeropoint
