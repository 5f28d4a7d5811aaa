#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "files/dft_inputs.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/population_file.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/shared_keys.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using sscha::SamplingMethod;

struct Settings {
  std::string dyn;
  bool absolute = false;
  std::optional<double> temperature;
  std::map<std::string, double> masses;

  int n_configurations = 0;
  SamplingMethod sampling = SamplingMethod::antithetic;
  int population = 1;
  double lock_below = 0;  // eV
  std::vector<std::string> fixed;

  std::vector<std::string> formats;
  std::string template_input, vasp;
  std::vector<int> k_points;
};

bool wants(const Settings& settings, const char* format) {
  return std::find(settings.formats.begin(), settings.formats.end(), format) != settings.formats.end();
}

void declare_keys(Schema& schema, Settings& settings) {
  Section& start = schema.section("start", "the density to draw from");
  start.key("dyn", &settings.dyn, "its dynamical matrices (prefix)").required("\"harmonic/dyn\"").paths();
  start.choice("repair", settings.absolute, {{"none", false}, {"absolute", true}},
               "absolute: imaginary modes get omega^2 -> |omega^2|");
  start.quantity("temperature", &settings.temperature, "K", "0 K: zero-point motion alone")
      .required("\"300 K\"")
      .at_least(0);
  declare_masses(start, settings.masses);

  Section& sample = schema.section("sample", "");
  sample.key("n_configurations", &settings.n_configurations, "how many").required("200").at_least(1);
  declare_sampling(sample, settings.sampling, "pairs +u, -u; independent; or scrambled Sobol points (a power of two)");
  sample.key("population", &settings.population, "number of the population: other random numbers for each").at_least(0);
  sample.quantity("lock_below", &settings.lock_below, "cm^-1", "modes with a lower frequency are not displaced")
      .at_least(0);
  sample.key("fixed", &settings.fixed, "species or \"site N\" that stay at rest");

  Section& write = schema.section("write", "for whom; population.h5 is always written");
  write.choice("formats", &settings.formats, {"pwx", "vasp", "extxyz", "python-sscha"}, "one or several");
  write.key("template", &settings.template_input, "your pw.x input: cell, positions and k points are filled in")
      .paths();
  write
      .key("k_points", &settings.k_points,
           "[n1, n2, n3, s1, s2, s3] of the supercell; []: the template's mesh divided by the supercell, or as it is "
           "when the "
           "template is one of the supercell")
      .at_least(0)
      .check([&settings] {
        const std::vector<int>& k = settings.k_points;
        const bool good = k.empty() || (k.size() == 6 && *std::min_element(k.begin(), k.begin() + 3) > 0 &&
                                        *std::max_element(k.begin() + 3, k.end()) < 2);
        return std::string{good ? "" : "six integers: three divisions from 1, three shifts 0 or 1"};
      });
  write
      .key("vasp", &settings.vasp, "folder with INCAR, KPOINTS and POTCAR (of the supercell) to put beside each POSCAR")
      .paths();
  schema.rule({"write.template", "write.formats"}, [&settings] {
    return wants(settings, "pwx") && settings.template_input.empty()
               ? "write.template is missing: format pwx needs your pw.x input to fill in, write template = \"scf.in\""
               : "";
  });
}

std::vector<bool> fixed_sites(const std::vector<std::string>& names, const Crystal& crystal) {
  std::vector<bool> fixed;
  for (const std::string& name : names) {
    const std::vector<int> sites = sites_named(name, crystal, "sample.fixed");
    fixed.resize(static_cast<std::size_t>(crystal.n_atoms()), false);
    for (const int site : sites) fixed[site] = true;
  }
  return fixed;
}

InputOptions input_options(const Settings& settings, const std::string& folder, const UnitSet& units) {
  InputOptions options{.folder = folder,
                       .n_configurations = settings.n_configurations,
                       .population = settings.population,
                       .pwx_template = settings.template_input,
                       .vasp_folder = settings.vasp,
                       .constants = units};
  if (const std::vector<int>& k = settings.k_points; !k.empty()) {
    options.k_points = KMesh{{k[0], k[1], k[2]}, {k[3], k[4], k[5]}};
  }
  return options;
}

void describe(const sscha::Sampler& sampler, const Settings& settings, std::int64_t seed, Console& console) {
  const int n = settings.n_configurations;
  console.field("temperature", "{:g} K", *settings.temperature);
  console.field("configurations", "{}, {}, seed {}, population {}", n, name_of(settings.sampling), seed,
                settings.population);
  console.field("modes", "{} displaced{}", sampler.n_moving_modes(),
                sampler.n_locked_modes() ? fmt::format(", {} locked", sampler.n_locked_modes()) : "");
  if (settings.sampling == SamplingMethod::antithetic && n % 2) {
    console.warn("{} configurations: the last one has no antithetic partner, take an even number", n);
  }
  if (settings.sampling == SamplingMethod::sobol && (n & (n - 1))) {
    console.warn("{} configurations: Sobol points are balanced for a power of two, take {}", n,
                 1 << static_cast<int>(std::ceil(std::log2(n))));
  }
  if (settings.sampling == SamplingMethod::sobol && sampler.n_sobol_dimensions() < sampler.n_moving_modes()) {
    console.warn("{} modes are Sobol dimensions, the {} highest are random", sampler.n_sobol_dimensions(),
                 sampler.n_moving_modes() - sampler.n_sobol_dimensions());
  }
}

using InputWriters = std::vector<std::unique_ptr<InputWriter>>;

/// population.h5, the matrices, and the inputs.
void write_all(const Settings& settings, const sscha::TrialDensity& density, const sscha::Sampler& sampler,
               const InputWriters& writers, Run& context) {
  const RunFolder& folder = *context.folder;
  const UnitSet& units = context.shared.units();
  const std::string file = folder.file("population.h5");
  if (fs::exists(file) && Hdf5File::open(file).has("labelled")) {
    throw InputError{
        "{} holds labels that cost somebody's time: choose another output.directory, or remove the file yourself",
        file};
  }
  phonons::write_qe_dyn(density.matrices(), folder.file("dyn"), units);
  if (wants(settings, "python-sscha")) {
    phonons::write_qe_dyn(density.matrices(),
                          folder.file(fmt::format("python-sscha/dyn_start_population{}_", settings.population)), units);
  }
  const int n = settings.n_configurations;
  Progress bar(context.console, "writing", n, "configurations");
  sscha::write_population(file, density, sampler, n,
                          {.population = settings.population,
                           .seed = context.shared.seed,
                           .sampling = name_of(settings.sampling),
                           .configuration = context.settings,
                           .n_locked_modes = sampler.n_locked_modes(),
                           .fixed_sites = !settings.fixed.empty()},
                          [&](const at::Tensor& displacements, std::int64_t first) {
                            const at::Tensor u = displacements.contiguous();
                            for (const auto& writer : writers) writer->write(u, first);
                            bar.advance(u.size(0));
                            stop_if_interrupted();
                          });
  for (const auto& writer : writers) writer->finish();
}

void conclude(const Settings& settings, const sscha::TrialDensity& density, const sscha::Sampler& sampler,
              Run& context) {
  Console& console = context.console;
  const std::string& folder = context.folder->path();
  const Supercell supercell = density.matrices().supercell();
  Summary summary;
  summary.add("n_configurations", nlohmann::json(settings.n_configurations));
  summary.add("n_atoms", nlohmann::json(supercell.n_atoms()));
  summary.add("temperature", *settings.temperature, "K");
  summary.add("n_modes", nlohmann::json(sampler.n_moving_modes()));
  summary.add("n_locked_modes", nlohmann::json(sampler.n_locked_modes()));
  summary.add("harmonic_free_energy", density.harmonic_free_energy() / supercell.n_cells(), "eV per unit cell");
  console.field("written", "{}: population.h5, dyn{}{}", folder, settings.formats.empty() ? "" : ", ",
                fmt::join(settings.formats, ", "));
  if (wants(settings, "pwx")) {
    console.say("");
    console.say("next: cd {}/pwx && for i in *.in; do pw.x -in $i > ${{i%.in}}.out; done", folder);
  }
  if (!settings.formats.empty()) {
    console.say("then: zeropoint collect with population.path = \"{}\" and outputs.files, in any order and in pieces",
                folder);
  }
  console.print_json(context.folder->finish(summary));
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const UnitSet& units = context.shared.units();
  const at::Device device = context.device();
  phonons::DynamicalMatrices matrices = phonons::read_qe_dyn(settings.dyn, units);
  set_masses(matrices.crystal, settings.masses, "start.masses");
  describe(matrices, console);
  if (settings.absolute) {
    int n_turned = 0;
    matrices = phonons::with_absolute_squares(matrices, n_turned);
    console.field("repaired", "{} imaginary modes: omega^2 -> |omega^2|", n_turned);
  }
  const sscha::TrialDensity density(matrices, *settings.temperature, units);
  const sscha::Sampler sampler(density,
                               {.method = settings.sampling,
                                .seed = static_cast<std::uint64_t>(context.shared.seed),
                                .population = static_cast<std::uint32_t>(settings.population),
                                .lock_below = settings.lock_below / units.hbar,
                                .fixed_sites = fixed_sites(settings.fixed, matrices.crystal)},
                               device);
  describe(sampler, settings, context.shared.seed, console);
  const Supercell supercell = matrices.supercell();
  const InputOptions options =
      input_options(settings, context.folder ? context.folder->path() : context.shared.directory, units);
  InputWriters writers;
  for (const std::string& format : settings.formats) {
    writers.push_back(input_format(format).open(supercell, options));
    for (const auto& [name, value] : writers.back()->notes()) console.field(name.c_str(), "{}", value);
  }
  if (!context.folder) {
    console.field("disk", "{} for population.h5",
                  format_bytes(8.0 * 3 * settings.n_configurations * supercell.n_atoms()));
    return exit_code::done;
  }
  write_all(settings, density, sampler, writers, context);
  conclude(settings, density, sampler, context);
  return exit_code::done;
}

}  // namespace

Command sample_command() {
  return {
      .name = "sample",
      .summary = "draw configurations from dynamical matrices, write them for DFT",
      .arguments = "RUN.toml",
      .description =
          "Draws a population of displaced supercells from the Gaussian density of dynamical matrices at a "
          "temperature\n"
          "and writes it as inputs of pw.x (from your own input as template), POSCAR folders of VASP, extxyz, or in\n"
          "python-sscha's text layout. population.h5 holds all that `collect` and `minimize` need. The same seed,\n"
          "population and number give the same configuration, whatever the number of threads.",
      .example =
          "  zeropoint sample --template > sample.toml       then set dyn, temperature, n_configurations, template\n"
          "  zeropoint sample sample.toml\n"
          "  zeropoint sample sample.toml --set sample.population=2 --output population2",
      .options = {},
      .prepare = job<Settings>(declare_keys, run, "population1"),
      .run = {},
  };
}

}  // namespace zeropoint
