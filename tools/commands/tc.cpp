#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <sstream>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/quantity.hpp"
#include "core/units.hpp"
#include "superconductivity/coupled_modes_file.hpp"
#include "superconductivity/spectral_file.hpp"
#include "superconductivity/tc_formulas.hpp"
#include "tools/commands/a2f_result.hpp"
#include "tools/commands/file_kind.hpp"
#include "tools/commands/tc_result.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

namespace sc = superconductivity;
namespace fs = std::filesystem;
using sc::CoulombConvention;

struct Settings {
  std::string path, unit, cutoff = "10 omega_max";
  std::vector<double> smearing, mu_star{0.10, 0.13, 0.16}, temperatures;
  CoulombConvention convention = CoulombConvention::raw;
  bool gap = true;
};

/// "10 omega_max": the factor; nothing for a quantity.
std::optional<double> times_highest(const std::string& text) {
  std::istringstream words(text);
  double factor = 0;
  std::string unit, more;
  if (!(words >> factor >> unit) || unit != "omega_max" || words >> more) return {};
  return factor;
}

void declare_keys(Schema& schema, Settings& settings) {
  Section& a2f = schema.section("a2f", "what is paired");
  a2f.key("path", &settings.path,
          "folder or result.h5 of `a2f`; or a2F.dos* of matdyn.x, alpha2F.dat of lambda.x, .a2f of EPW, ALPHA2F.OUT of "
          "Elk, columns")
      .required("\"a2f\"")
      .paths();
  a2f.key("unit", &settings.unit, "meV, THz, Ry, Ha, eV or cm-1, where the file does not tell");
  a2f.key("smearing", &settings.smearing, "Ry; from 1 on the number of a column; empty: all").above(0).usually_one();
  Section& tc = schema.section("tc", "");
  tc.key("mu_star", &settings.mu_star, "").at_least(0).at_most(0.99);
  tc.choice(
      "convention", settings.convention,
      {{"raw", CoulombConvention::raw}, {"ad", CoulombConvention::ad}, {"isome", CoulombConvention::isome}},
      "where mu* counts in Eliashberg's equations: raw: at the cutoff; ad: at omega_2; isome: at the edge of alpha2F");
  tc.key("cutoff", &settings.cutoff, "of the Matsubara frequencies, \"10 omega_max\" or an energy")
      .check([&settings]() -> std::string {
        if (const std::optional<double> factor = times_highest(settings.cutoff))
          return *factor >= 2 ? "" : "at least 2 omega_max are needed";
        try {
          return parse_quantity(settings.cutoff, find_unit("meV")) > 0 ? "" : "it must be positive";
        } catch (const InputError& error) {
          return fmt::format("{}; or write \"10 omega_max\"", error.problem());
        }
      });
  tc.quantity("temperatures", &settings.temperatures, "K", "of gap(T); empty: ten below Tc").above(0);
  tc.key("gap", &settings.gap, "solve for gap(T)");
}

/// What was read, with modes where they are ours.
struct Source {
  std::string kind;
  std::vector<TcSpectrum> spectra;
  std::vector<int> numbers;  // of the smearing of each spectrum in `modes`
  std::optional<sc::CoupledModes> modes{};
  std::vector<sc::Level> levels{};
  std::vector<A2fResult::Isotope> isotopes{};
};

std::vector<int> chosen(const std::vector<double>& wanted, const std::vector<double>& widths, int n) {
  std::vector<int> numbers;
  for (const double value : wanted) {
    if (value >= 1 && value == std::floor(value)) {
      if (value > n) throw InputError{"a2f.smearing = {:g}: there are {} columns", value, n};
      numbers.push_back(static_cast<int>(value) - 1);
      continue;
    }
    const auto found =
        std::find_if(widths.begin(), widths.end(), [&](double width) { return std::abs(width - value) < 1e-6; });
    if (found == widths.end()) {
      std::string all;
      for (const double width : widths) all += fmt::format(" {:g}", width);
      throw InputError{"a2f.smearing = {:g}: {}", value,
                       widths.empty() ? "the file names no broadenings: give the number of a column, from 1"
                                      : "the broadenings there are (Ry)" + all};
    }
    numbers.push_back(static_cast<int>(found - widths.begin()));
  }
  if (wanted.empty()) {
    for (int i = 0; i < n; ++i) numbers.push_back(i);
  }
  return numbers;
}

std::vector<sc::Level> read_levels(const Hdf5File& file) {
  if (!file.has("levels/number")) return {};
  const Eigen::MatrixXd number = file.read_matrix("levels/number");
  const Eigen::VectorXd error = file.read_vector("levels/error");
  std::vector<sc::Level> levels;
  for (const double value : error) levels.push_back({{}, value});
  for (int q = 0; q < number.rows(); ++q) {
    for (int mode = 0; mode < number.cols(); ++mode) {
      const auto at = static_cast<std::size_t>(number(q, mode));
      if (at > levels.size())
        throw InputError{"{}: level {} of {}: the file is damaged", file.path(), at, levels.size()};
      if (at > 0) levels[at - 1].modes.emplace_back(q, mode);
    }
  }
  return levels;
}

Source source_of_result(const std::string& path, const Settings& settings) {
  const Hdf5File file = Hdf5File::open(path, a2f_filetype);
  Source source;
  source.kind =
      fmt::format("a2f of {}, Gamma {}, imaginary modes {}", file.text_attribute("/", "phonons").value_or("?"),
                  file.text_attribute("/", "gamma").value_or("?"), file.text_attribute("/", "imaginary").value_or("?"));
  source.modes = sc::read_coupled_modes(file, "modes");
  source.levels = read_levels(file);
  if (file.has("isotopes")) {
    for (const std::string& species : file.names("isotopes")) {
      source.isotopes.push_back({species, sc::read_coupled_modes(file, "isotopes/" + species + "/heavier"),
                                 sc::read_coupled_modes(file, "isotopes/" + species + "/lighter")});
    }
  }
  const Eigen::VectorXd energies = 1e-3 * file.read_vector("curves/energy");
  const Eigen::MatrixXd curves = file.read_matrix("curves/alpha2f");
  std::vector<double> widths;
  for (const sc::Smearing& smearing : source.modes->smearings)
    widths.push_back(smearing.width / units::codata2022.rydberg);
  source.numbers = chosen(settings.smearing, widths, source.modes->n_smearings());
  for (const int i : source.numbers) {
    source.spectra.push_back({fmt::format("{:g} Ry", widths[i]),
                              widths[i],
                              sc::discrete(*source.modes, i),
                              {energies, curves.col(i)},
                              sc::moments(*source.modes, i)});
  }
  return source;
}

Source source_of_file(const Settings& settings, const UnitSet& units, Console& console) {
  const sc::SpectralFile file = sc::read_spectral_file(settings.path, settings.unit, units);
  Source source;
  source.kind = fmt::format("{}, frequencies in {}", file.kind, file.unit);
  for (const std::string& warning : file.warnings) console.warn("{}: {}", settings.path, warning);
  if (file.dropped > 0) console.field("left out", "{} rows at frequencies of zero and below", file.dropped);
  std::vector<double> widths;
  for (const double width : file.widths) widths.push_back(width / units.rydberg);
  for (const int i : chosen(settings.smearing, widths, static_cast<int>(file.curves.size()))) {
    const sc::SpectralFunction& curve = file.curves[static_cast<std::size_t>(i)];
    source.spectra.push_back(
        {widths.empty() ? fmt::format("column {}", i + 1) : fmt::format("{:g} Ry", widths[static_cast<std::size_t>(i)]),
         widths.empty() ? std::optional<double>() : widths[static_cast<std::size_t>(i)], sc::discrete(curve), curve,
         sc::moments(curve)});
  }
  return source;
}

Source read_source(const Settings& settings, const UnitSet& units, Console& console) {
  const fs::path path(settings.path);
  const std::string result = fs::is_directory(path) ? (path / "result.h5").string() : settings.path;
  if (fs::is_directory(path) && !fs::exists(result))
    throw InputError{"{}: a folder without result.h5: name the folder of a finished `a2f`, or a file", settings.path};
  return is_hdf5(result) ? source_of_result(result, settings) : source_of_file(settings, units, console);
}

double cutoff_of(const Settings& settings, const TcSpectrum& spectrum) {
  if (const std::optional<double> factor = times_highest(settings.cutoff))
    return *factor * spectrum.modes.energies.maxCoeff();
  return parse_quantity(settings.cutoff, find_unit("meV"));
}

sc::CriticalTemperature by_formula(const std::string& name, const sc::Moments& moments, double mu_star) {
  if (name == "mcmillan") return sc::mcmillan(moments, mu_star);
  return name == "xie" ? sc::xie(moments, mu_star) : sc::allen_dynes(moments, mu_star);
}

/// Standard error that levels carry into the Tc of the linear equations: of the eigenvalue at Tc, over its slope.
double error_of_tc(const Source& source, int number, const sc::LinearTc& tc) {
  if (source.levels.empty() || tc.tc == 0) return 0;
  const double kt = units::codata2022.kb_free_energy * tc.tc;
  const auto eigenvalue = [&](const sc::CoupledModes& modes, double at) {
    return sc::largest_eigenvalue(sc::discrete(modes, number), tc.mu, at, tc.n);
  };
  constexpr double step = 1e-3;
  const double slope =
      (eigenvalue(*source.modes, kt * (1 + step)) - eigenvalue(*source.modes, kt * (1 - step))) / (2 * step);
  const double error =
      sc::propagated(*source.modes, source.levels, [&](const sc::CoupledModes& m) { return eigenvalue(m, kt); });
  return tc.tc * error / std::abs(slope);
}

void add_rows(const Settings& settings, const Source& source, std::size_t s, Console& console, TcResult& result) {
  const TcSpectrum& spectrum = result.spectra[s];
  const double cutoff = cutoff_of(settings, spectrum);
  const double reference = sc::reference_energy(settings.convention, spectrum.curve, spectrum.moments);
  const int number = source.modes ? source.numbers[s] : 0;
  for (const double mu : settings.mu_star) {
    for (const char* name : {"mcmillan", "allen_dynes", "xie"}) {
      const sc::CriticalTemperature tc = by_formula(name, spectrum.moments, mu);
      TcRow row{s, name, mu, "-"};
      row.value.value = tc.value;
      if (!source.levels.empty()) {
        row.value.standard_error = sc::propagated(*source.modes, source.levels, [&](const sc::CoupledModes& moved) {
          return by_formula(name, sc::moments(moved, number), mu).value;
        });
      }
      for (const std::string& warning : tc.warnings)
        console.warn("{}, {}, mu* = {:g}: {}", spectrum.label, name, mu, warning);
      result.rows.push_back(row);
    }
    const sc::LinearTc tc = sc::linear_tc(spectrum.modes, mu, reference, cutoff);
    if (tc.denominator < 0.3)
      console.warn("{}: mu* = {:g} grows to {:.3f} at the cutoff: it is near the pole of its rescaling", spectrum.label,
                   mu, tc.mu);
    result.rows.push_back({s,
                           "eliashberg",
                           mu,
                           sc::name_of(settings.convention),
                           tc.cutoff,
                           tc.mu,
                           tc.n,
                           {tc.tc, error_of_tc(source, number, tc)}});
    stop_if_interrupted();
  }
}

const TcRow* eliashberg_row(const TcResult& result, std::size_t spectrum, double mu) {
  for (const TcRow& row : result.rows) {
    if (row.spectrum == spectrum && row.formula == "eliashberg" && row.mu_star == mu) return &row;
  }
  return nullptr;
}

/// Ten temperatures from a tenth of Tc to just below it.
std::vector<double> below(double tc) {
  std::vector<double> temperatures;
  for (const double part : {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97}) temperatures.push_back(part * tc);
  return temperatures;
}

void add_gaps(const Settings& settings, TcResult& result) {
  const TcSpectrum& spectrum = result.spectra[result.shown];
  const double cutoff = cutoff_of(settings, spectrum), kb = units::codata2022.kb_free_energy;
  const double reference = sc::reference_energy(settings.convention, spectrum.curve, spectrum.moments);
  for (const double mu : settings.mu_star) {
    const double tc = eliashberg_row(result, result.shown, mu)->value.value;
    if (tc == 0) continue;
    std::vector<double> temperatures = settings.temperatures.empty() ? below(tc) : settings.temperatures;
    std::sort(temperatures.begin(), temperatures.end());
    for (const double temperature : temperatures) {
      const double kt = kb * temperature;
      const int n = sc::n_frequencies(cutoff, kt);
      const double repulsion = reference > 0 ? sc::at_cutoff(mu, reference, 2 * std::numbers::pi * kt * n).value : mu;
      const bool warm = !result.gaps.empty() && result.gaps.back().mu_star == mu;
      sc::Gap gap =
          sc::solve_gap(spectrum.modes, repulsion, kt, n, warm ? &result.gaps.back().gap : nullptr, 1.76 * kb * tc);
      const double highest = 1.2 * spectrum.modes.energies.maxCoeff();
      const sc::RealAxisGap real = sc::on_real_axis(gap, highest, 600);
      result.gaps.push_back({temperature, mu, std::move(gap), real, 0});
      result.gaps.back().free_energy = sc::free_energy_difference(result.gaps.back().gap);
      stop_if_interrupted();
    }
  }
}

void add_isotopes(const Settings& settings, const Source& source, TcResult& result) {
  if (source.isotopes.empty()) return;
  const int number = source.numbers[result.shown];
  for (const double mu : settings.mu_star) {
    const TcRow& row = *eliashberg_row(result, result.shown, mu);
    for (const char* formula : {"allen_dynes", "eliashberg"}) {
      double total = 0;
      for (const A2fResult::Isotope& isotope : source.isotopes) {
        const auto tc = [&](const sc::CoupledModes& modes) {
          if (formula == std::string("allen_dynes")) return sc::allen_dynes(sc::moments(modes, number), mu).value;
          // mu counts at the same energy whatever the masses: it comes from electrons. N is held, it would jump.
          if (row.n == 0) return 0.0;
          return sc::linear_tc_at_fixed_number(sc::discrete(modes, number), row.mu_at_cutoff, row.n, row.cutoff).tc;
        };
        const double up = tc(isotope.heavier), down = tc(isotope.lighter);
        if (!(up > 0 && down > 0)) continue;
        const double value = -std::log(up / down) / std::log(1.01 / 0.99);
        result.isotopes.push_back({isotope.species, formula, mu, value});
        total += value;
      }
      result.isotopes.push_back({"all", formula, mu, total});
    }
  }
}

void conclude(const TcResult& result, Console& console) {
  console.say("");
  console.say("{:<12} {:>8} {:>10} {:<12} {:>7} {:>11} {:>12} {:>10} {:>5} {:>20}", "alpha2F", "lambda", "omega_log",
              "formula", "mu*", "convention", "cutoff", "mu(cutoff)", "N", "Tc (K)");
  for (const TcRow& row : result.rows) {
    const TcSpectrum& spectrum = result.spectra[row.spectrum];
    const bool solved = row.formula == "eliashberg";
    console.say("{:<12} {:>8.4f} {:>10.4f} {:<12} {:>7.4g} {:>11} {:>12} {:>10} {:>5} {:>20}", spectrum.label,
                spectrum.moments.lambda, 1e3 * spectrum.moments.logarithmic, row.formula, row.mu_star, row.convention,
                solved ? fmt::format("{:.1f} meV", 1e3 * row.cutoff) : "-",
                solved ? fmt::format("{:.5f}", row.mu_at_cutoff) : "-", solved ? fmt::format("{}", row.n) : "-",
                row.value.standard_error > 0
                    ? fmt::format("{:.3f} +- {:.3f}", row.value.value, row.value.standard_error)
                    : fmt::format("{:.3f}", row.value.value));
  }
  console.say("");
  for (std::size_t i = 0; i < result.gaps.size(); ++i) {
    const TcGap& at = result.gaps[i];
    if (i > 0 && result.gaps[i - 1].mu_star == at.mu_star) continue;
    const double tc = eliashberg_row(result, result.shown, at.mu_star)->value.value;
    console.field("gap", "{}, mu* = {:g}, {:.1f} K: Delta(i omega_0) {:.4f} meV, Z_0 {:.4f}; on the real axis {}",
                  result.spectra[result.shown].label, at.mu_star, at.temperature, 1e3 * at.gap.delta[0], at.gap.z[0],
                  at.real.edge == 0 ? "not found"
                                    : fmt::format("{:.4f} meV{}, 2 Delta/k Tc = {:.3f}", 1e3 * at.real.edge,
                                                  at.real.reliable ? "" : " (fractions disagree)",
                                                  2 * at.real.edge / (units::codata2022.kb_free_energy * tc)));
  }
  for (const TcIsotope& isotope : result.isotopes) {
    if (isotope.formula == "eliashberg")
      console.field("isotopes", "mu* = {:g}: -d ln Tc/d ln M = {:.4f} of {}", isotope.mu_star, isotope.value,
                    isotope.element);
  }
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const Source source = read_source(settings, context.shared.units(), console);
  TcResult result{
      settings.path, sc::name_of(settings.convention), source.spectra, {}, source.spectra.size() / 2, {}, {}};
  console.field("alpha2F", "{} of {}: {} spectra", source.kind, settings.path, source.spectra.size());
  console.field("mu*", "convention {}: {}", result.convention,
                settings.convention == CoulombConvention::raw  ? "as given, at the cutoff; Tc grows with the cutoff"
                : settings.convention == CoulombConvention::ad ? "at omega_2, carried to the cutoff"
                                                               : "at the edge of alpha2F, carried to the cutoff");
  console.field("cutoff", "{}", settings.cutoff);
  if (!context.folder) return exit_code::done;
  for (std::size_t s = 0; s < result.spectra.size(); ++s) add_rows(settings, source, s, console, result);
  if (settings.gap) add_gaps(settings, result);
  add_isotopes(settings, source, result);
  const RunFolder& folder = *context.folder;
  write_tables(folder, result);
  write_result(folder.file("result.h5"), result, context.settings, context.shared.seed);
  if (context.shared.figures) figures::draw(figures_of_tc(folder.file("result.h5")), folder.file("figures"), console);
  conclude(result, console);
  console.field("results", "{}", folder.path());
  Summary summary = summary_of(result);
  console.print_json(folder.finish(summary));
  return exit_code::done;
}

}  // namespace

Command tc_command() {
  return {
      .name = "tc",
      .summary = "critical temperature and gap from alpha2F: formulas and isotropic Eliashberg equations",
      .arguments = "RUN.toml",
      .description =
          "McMillan, Allen-Dynes and Xie formulas; the isotropic Eliashberg equations on the imaginary axis, "
          "linearised\n"
          "for Tc and solved for gap(T), Z and, continued by Pade's fractions, the gap edge and the density of states "
          "on\n"
          "the real axis. Each Tc names formula, mu*, convention and cutoff. Of a result of `a2f`: isotope "
          "coefficients\n"
          "and the errors of its phonons, too.",
      .example =
          "  zeropoint tc --template > tc.toml     then set a2f.path\n"
          "  zeropoint tc tc.toml --set 'tc.convention=\"ad\"'",
      .options = {},
      .prepare = on_cpu("tc", job<Settings>(declare_keys, run, "tc")),
      .run = {},
  };
}

}  // namespace zeropoint
