#include <algorithm>
#include <cmath>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "phonons/interpolation.hpp"
#include "phonons/spectrum.hpp"
#include "sscha/matrix_set.hpp"
#include "superconductivity/coupling_files.hpp"
#include "superconductivity/exports.hpp"
#include "superconductivity/spectral_file.hpp"
#include "superconductivity/spectral_function.hpp"
#include "tools/commands/a2f_result.hpp"
#include "tools/commands/a2f_settings.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/matrix_set.hpp"
#include "tools/figures/a2f_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

namespace sc = superconductivity;
using sc::CoupledModes;

constexpr double isotope_step = 0.01;   // of the mass
constexpr double same_smearing = 1e-6;  // Ry
constexpr double large_asymmetry = 0.02;

/// Phonons on the grid of the coupling: as they are, or the difference to a support interpolated to it.
phonons::DynamicalMatrices on_grid_of(const sc::CouplingFiles& files, const sscha::MatrixSet& set,
                                      const A2fSettings& settings, const UnitSet& units) {
  if (settings.coarse.empty()) return set.matrices;
  const auto support = [&](const std::string& source) {
    return sscha::read_matrix_set(source, settings.symmetry.tolerance, units).matrices;
  };
  const phonons::Interpolation interpolation(set.matrices, {support(settings.coarse), support(settings.fine)},
                                             {.sum_rule = settings.sum_rule});
  return interpolation.on_grid(files.grid);
}

sc::Coupling coupling_on(const sc::CouplingFiles& files, const phonons::DynamicalMatrices& matrices,
                         const SpaceGroup& group) {
  try {
    return sc::complete(files, matrices, group);
  } catch (Error& error) {
    if (matrices.grid.divisions() != files.grid.divisions())
      error.advise("give dyn.support, harmonic matrices on both grids");
    throw;
  }
}

/// Only the smearings that were asked for, in Ry.
void select_smearings(const std::vector<double>& wanted, const UnitSet& units, sc::CouplingFiles& files) {
  if (wanted.empty()) return;
  std::vector<std::size_t> kept;
  for (const double width : wanted) {
    const auto found = std::find_if(files.smearings.begin(), files.smearings.end(), [&](const sc::Smearing& smearing) {
      return std::abs(smearing.width / units.rydberg - width) < same_smearing;
    });
    if (found == files.smearings.end()) {
      std::string all;
      for (const sc::Smearing& smearing : files.smearings) all += fmt::format(" {:g}", smearing.width / units.rydberg);
      throw InputError{"a2f.smearings: there is none of {:g} Ry; the files hold{}", width, all};
    }
    kept.push_back(static_cast<std::size_t>(found - files.smearings.begin()));
  }
  const auto pick = [&](auto& list) {
    std::remove_reference_t<decltype(list)> picked;
    for (const std::size_t i : kept) picked.push_back(list[i]);
    list = picked;
  };
  pick(files.smearings);
  for (sc::CouplingPoint& point : files.points) pick(point.gamma);
}

/// Everything on phonons and coupling that the parts of the result are made of.
struct Inputs {
  sscha::MatrixSet set;
  phonons::DynamicalMatrices matrices;  // on the grid of the coupling
  sc::Coupling coupling;
  sc::ModePolicies policies;
};

CoupledModes coupled(const Inputs& in, const UnitSet& units) {
  try {
    return sc::couple(in.matrices, in.coupling, in.policies, units);
  } catch (InputError& error) {
    error.advise(
        "take anharmonic matrices (of `sscha` or `hessian`), or write a2f.imaginary = \"skip\" or \"abs\" and mistrust "
        "the result");
    throw;
  }
}

sc::MeshCoupling on_mesh(const Inputs& in, const A2fSettings& settings, const UnitSet& units) {
  const phonons::InterpolationOptions options{.sum_rule = settings.sum_rule};
  const phonons::Interpolation matrices(in.matrices, options);
  std::vector<phonons::Interpolation> gamma;
  for (int i = 0; i < static_cast<int>(in.coupling.smearings.size()); ++i)
    gamma.emplace_back(in.coupling.as_matrices(i), options);
  return sc::couple_on_mesh(matrices, gamma, in.coupling.smearings,
                            {settings.grid[0], settings.grid[1], settings.grid[2]}, in.set.group, in.policies, units);
}

void add_curves(const A2fSettings& settings, const sc::MeshCoupling* mesh, A2fResult& result) {
  const CoupledModes& modes = result.modes;
  const std::size_t n_atoms = modes.characters.size();
  const auto n_modes = static_cast<std::size_t>(modes.n_modes());
  std::vector<Eigen::MatrixXd> weights;
  for (std::size_t i = 0; i < modes.lambda.size(); ++i) {
    const Eigen::MatrixXd all = sc::alpha2f_weights(modes, modes.lambda[i]);
    weights.push_back(all);
    for (std::size_t a = 0; a < n_atoms; ++a) weights.push_back(sc::alpha2f_weights(modes, modes.atoms[i][a]));
    for (std::size_t a = 0; a < n_atoms; ++a) weights.push_back(all.cwiseProduct(modes.characters[a]));
    for (std::size_t mode = 0; mode < n_modes; ++mode) {
      weights.push_back(Eigen::MatrixXd::Zero(all.rows(), all.cols()));
      weights.back().col(static_cast<Eigen::Index>(mode)) = all.col(static_cast<Eigen::Index>(mode));
    }
  }
  weights.push_back(Eigen::MatrixXd::Ones(modes.energies.rows(), modes.energies.cols()));
  const double highest = modes.energies.maxCoeff() + (settings.tetrahedra ? 1 : 8) * settings.broadening;
  const auto n = static_cast<Eigen::Index>(std::ceil(highest / settings.step));
  result.energies = Eigen::VectorXd::LinSpaced(n, settings.step, settings.step * static_cast<double>(n));
  const Eigen::MatrixXd curves = settings.tetrahedra
                                     ? sc::by_tetrahedra(*mesh, weights, result.energies, result.crystal)
                                     : sc::by_gaussians(modes, weights, result.energies, settings.broadening);
  const auto block = static_cast<Eigen::Index>(1 + 2 * n_atoms + n_modes), atoms = static_cast<Eigen::Index>(n_atoms);
  result.alpha2f.resize(n, modes.n_smearings());
  for (Eigen::Index i = 0; i < modes.n_smearings(); ++i) {
    result.alpha2f.col(i) = curves.col(i * block);
    result.atoms.emplace_back(curves.middleCols(i * block + 1, atoms));
    result.characters.emplace_back(curves.middleCols(i * block + 1 + atoms, atoms));
    result.branches.emplace_back(curves.middleCols(i * block + 1 + 2 * atoms, modes.n_modes()));
  }
  result.density_of_states = curves.col(curves.cols() - 1);
}

void add_errors(const Inputs& in, const CoupledModes& on_grid, const UnitSet& units, A2fResult& result) {
  if (in.set.squared_errors.empty() || in.set.matrices.grid.size() != in.matrices.grid.size()) return;
  const std::vector<sc::Level> levels =
      sc::levels(on_grid, in.set.squared_errors, in.matrices.grid, in.set.group, units);
  for (int i = 0; i < on_grid.n_smearings(); ++i) {
    const auto error = [&](double sc::Moments::* value) {
      return sc::propagated(on_grid, levels, [&](const CoupledModes& moved) { return sc::moments(moved, i).*value; });
    };
    result.errors.push_back({error(&sc::Moments::lambda), error(&sc::Moments::logarithmic), error(&sc::Moments::first),
                             error(&sc::Moments::second)});
  }
  if (result.modes.energies.rows() == on_grid.energies.rows()) result.levels = levels;
}

/// The same Phi and Gamma with other masses.
void add_isotopes(const Inputs& in, const UnitSet& units, A2fResult& result) {
  for (const std::string& species : in.matrices.crystal.species_order()) {
    const auto with = [&](double factor) {
      Inputs other = in;
      for (int s = 0; s < other.matrices.crystal.n_atoms(); ++s) {
        if (other.matrices.crystal.species[s] == species) other.matrices.crystal.masses[s] *= factor;
      }
      return coupled(other, units);
    };
    result.isotopes.push_back({species, with(1 + isotope_step), with(1 - isotope_step)});
  }
}

void add_bands(const Inputs& in, const A2fSettings& settings, const UnitSet& units, A2fResult& result) {
  const phonons::BandPath path = phonons::standard_path(in.matrices.crystal, settings.symmetry.tolerance);
  result.path = phonons::sample(path, in.matrices.crystal, {.spacing = settings.spacing});
  const phonons::InterpolationOptions options{.sum_rule = settings.sum_rule};
  const phonons::Interpolation matrices(in.matrices, options), gamma(in.coupling.as_matrices(result.shown), options);
  const auto n = static_cast<Eigen::Index>(result.path.points.size());
  result.bands.resize(n, in.matrices.n_modes());
  result.band_lambda = Eigen::MatrixXd::Zero(n, in.matrices.n_modes());
  const double states = in.coupling.smearings[static_cast<std::size_t>(result.shown)].density_of_states;
  constexpr double lowest = 1e-3;  // eV: nearer to Gamma lambda of acoustic modes is noise over noise
  for (Eigen::Index i = 0; i < n; ++i) {
    const Eigen::Vector3d& q = result.path.points[static_cast<std::size_t>(i)];
    const phonons::Modes modes = phonons::modes_at(matrices(q), in.matrices.crystal);
    const Eigen::MatrixXcd z = phonons::displacement_patterns(modes, in.matrices.crystal), g = gamma(q);
    result.bands.row(i) = units.hbar * modes.frequencies.transpose();
    for (Eigen::Index mode = 0; mode < z.cols(); ++mode) {
      if (result.bands(i, mode) < lowest) continue;
      const double width = z.col(mode).dot(g * z.col(mode)).real();
      result.band_lambda(i, mode) = std::max(0.0, width / (2 * states * std::pow(modes.frequencies[mode], 2)));
    }
  }
  for (const std::string& source : settings.compare) {
    const sscha::MatrixSet set = sscha::read_matrix_set(source, settings.symmetry.tolerance, units);
    if (set.matrices.crystal.n_atoms() != in.matrices.crystal.n_atoms())
      throw InputError{"dyn.compare: {} has {} atoms, the matrices have {}", source, set.matrices.crystal.n_atoms(),
                       in.matrices.crystal.n_atoms()};
    const phonons::Interpolation other(set.matrices, options);
    result.compared.emplace_back(
        set.label, units.hbar * phonons::frequencies_at(other, result.path.points, result.path.directions));
  }
}

void describe(const Inputs& in, const sc::CouplingFiles& files, const UnitSet& units, Console& console) {
  const Eigen::Vector3i n = files.grid.divisions();
  console.field("coupling", "{} at {} q points, {} broadenings from {:g} to {:g} Ry", files.kind, files.points.size(),
                files.smearings.size(), files.smearings.front().width / units.rydberg,
                files.smearings.back().width / units.rydberg);
  console.field("grid", "{} x {} x {}, matched by q modulo G, completed by {} operations and time reversal", n[0], n[1],
                n[2], in.coupling.n_operations);
  if (in.coupling.asymmetry > large_asymmetry) {
    console.warn(
        "points of the coupling that symmetry makes one differ by {:.2g} % of the largest element: are its files "
        "of this structure?",
        100 * in.coupling.asymmetry);
  }
}

void describe_policies(const A2fSettings& settings, const A2fResult& result, Console& console) {
  const char* gamma = settings.gamma == sc::GammaPolicy::skip ? "left out, sums divided by N_q - 1"
                      : settings.gamma == sc::GammaPolicy::qe
                          ? "no coupling below 20 cm^-1, sums divided by N_q, as lambda.x and matdyn.x"
                          : "the three acoustic modes left out, sums divided by N_q";
  console.field("Gamma", "{}: {}", result.gamma, gamma);
  const CoupledModes& modes = result.modes;
  if (modes.n_imaginary == 0) {
    console.field("imaginary modes", "none");
  } else {
    console.warn("{} imaginary modes, {}: {:.1f} % of lambda at {:g} Ry. It means little", modes.n_imaginary,
                 settings.imaginary == sc::ImaginaryPolicy::skip ? "left out" : "taken with |omega^2|",
                 100 * modes.imaginary_share[result.shown], result.width(result.shown));
  }
  console.field("identity", "sum of lambda = Tr[Phi^-1 Gamma]/(2 N_F) to {:.1e} at every q", modes.residual);
}

std::string with_error(double value, double error, int decimals) {
  return error > 0 ? fmt::format("{:.{}f} +- {:.{}f}", value, decimals, error, decimals)
                   : fmt::format("{:.{}f}", value, decimals);
}

void describe_table(const A2fResult& result, Console& console) {
  console.say("");
  console.say("{:>10} {:>9} {:>22} {:>12} {:>22} {:>10} {:>10}", "smearing", "N_F", "lambda",
              result.gamma == "skip" ? "(by N_q)" : "(by N_q - 1)", "omega_log", "omega_1", "omega_2");
  console.say("{:>10} {:>9} {:>22} {:>12} {:>22} {:>10} {:>10}", "Ry", "1/spin/Ry", "", "", "meV", "meV", "meV");
  for (int i = 0; i < result.n_smearings(); ++i) {
    const sc::Moments& m = result.moments[i];
    const A2fResult::Errors e = result.errors.empty() ? A2fResult::Errors{} : result.errors[i];
    console.say("{:>10.4f} {:>9.5f} {:>22} {:>12.6f} {:>22} {:>10.4f} {:>10.4f}", result.width(i),
                result.modes.smearings[i].density_of_states * units::codata2022.rydberg,
                with_error(m.lambda, e.lambda, 6), result.modes.totals_elsewise[i],
                with_error(1e3 * m.logarithmic, 1e3 * e.logarithmic, 4), 1e3 * m.first, 1e3 * m.second);
  }
  console.say("");
}

void write_exports(const A2fSettings& settings, const Inputs& in, const CoupledModes& on_grid, const A2fResult& result,
                   const std::string& lambda_dyn_folder, const RunFolder& folder, const UnitSet& units) {
  const auto wants = [&](const char* name) {
    return std::find(settings.formats.begin(), settings.formats.end(), name) != settings.formats.end();
  };
  const double alat = in.matrices.alat > 0 ? in.matrices.alat : in.matrices.crystal.cell.row(0).norm();
  if (wants("lambda")) {
    sc::write_lambda_input(on_grid, in.matrices.grid, in.matrices.crystal, alat, settings.mu_star, lambda_dyn_folder,
                           units);
  }
  if (wants("matdyn")) sc::write_matdyn_input(in.matrices, in.coupling, folder.file("matdyn"), units);
  for (int i = 0; i < result.n_smearings(); ++i) {
    if (wants("a2F.dos")) {
      write_file(folder.file(fmt::format("a2F.dos{}", i + 1)),
                 sc::qe_spectral_text(result.curve(i), result.branches[static_cast<std::size_t>(i)],
                                      result.moments[static_cast<std::size_t>(i)].lambda, units));
    }
    if (wants("epw"))
      write_file(folder.file(fmt::format("epw.a2f.{:02d}", i + 1)), sc::epw_spectral_text(result.curve(i)));
  }
}

int run(const A2fSettings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  Inputs in{sscha::read_matrix_set(settings.dyn, settings.symmetry.tolerance, units),
            {{}, phonons::QGrid(Eigen::Vector3i::Ones()), {}, {}, 0, ""},
            {{}, phonons::QGrid(Eigen::Vector3i::Ones()), {}, {}, 0, 0},
            {settings.gamma, settings.imaginary}};
  describe(in.set, console);
  sc::CouplingFiles files = sc::read_coupling(settings.elph, settings.elph_dyn, units);
  select_smearings(settings.smearings, units, files);
  in.matrices = on_grid_of(files, in.set, settings, units);
  in.coupling = coupling_on(files, in.matrices, in.set.group);
  describe(in, files, units, console);
  const CoupledModes on_grid = coupled(in, units);
  stop_if_interrupted();
  std::optional<sc::MeshCoupling> mesh;
  if (!settings.grid.empty()) {
    console.field("dense grid", "{} x {} x {}, Phi and Gamma interpolated", settings.grid[0], settings.grid[1],
                  settings.grid[2]);
    mesh = on_mesh(in, settings, units);
  }
  A2fResult result{.crystal = in.matrices.crystal,
                   .phonons = in.set.kind,
                   .gamma = name_of(settings.gamma),
                   .imaginary = name_of(settings.imaginary),
                   .modes = mesh ? mesh->modes : on_grid,
                   .moments = {},
                   .errors = {}};
  result.shown = std::min(settings.shown < 0 ? result.n_smearings() / 2 : settings.shown, result.n_smearings() - 1);
  for (int i = 0; i < result.n_smearings(); ++i) result.moments.push_back(sc::moments(result.modes, i));
  describe_policies(settings, result, console);
  if (!context.folder) return exit_code::done;
  add_errors(in, on_grid, units, result);
  stop_if_interrupted();
  if (settings.isotopes) add_isotopes(in, units, result);
  add_curves(settings, mesh ? &*mesh : nullptr, result);
  add_bands(in, settings, units, result);
  stop_if_interrupted();

  const RunFolder& folder = *context.folder;
  write_tables(folder, result);
  write_exports(settings, in, on_grid, result, folder.file("lambda.x"), folder, units);
  write_result(folder.file("result.h5"), result, context.settings, context.shared.seed);
  if (context.shared.figures) figures::draw(figures_of_a2f(folder.file("result.h5")), folder.file("figures"), console);
  describe_table(result, console);
  if (!in.set.squared_errors.empty() && result.errors.empty())
    console.warn("the errors of the phonons are known on another grid than that of the coupling: lambda has none");
  console.field("results", "{}", folder.path());
  Summary summary = summary_of(result);
  console.print_json(folder.finish(summary));
  return exit_code::done;
}

}  // namespace

Command a2f_command() {
  return {
      .name = "a2f",
      .summary = "alpha2F and lambda from any phonons and the electron-phonon files of stock Quantum ESPRESSO",
      .arguments = "RUN.toml",
      .description =
          "Takes dynamical matrices of any kind (harmonic, SSCHA, free-energy Hessian; files or the folder of a run) "
          "and\n"
          "the matrices Gamma(q) that ph.x writes with electron_phonon = 'interpolated' (elph_dir/a2Fq2r.*), q2r.x\n"
          "(a2Fmatdyn.*) or the patched ph.x of the SSCHA group (*.elph.d.mat.*). Gives lambda of each q and mode,\n"
          "alpha2F in total and by atom, linewidths and moments for every broadening; `tc` goes on from there.",
      .example =
          "  zeropoint a2f --template > a2f.toml     then set dyn.path, elph.path and elph.dyn\n"
          "  zeropoint a2f a2f.toml --set 'a2f.gamma=\"skip\"'",
      .options = {},
      .prepare = on_cpu("a2f", job<A2fSettings>(declare, run, "a2f")),
      .run = {},
  };
}

}  // namespace zeropoint
