#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "files/ensemble_write.hpp"
#include "files/pwx_input.hpp"
#include "files/structure_file.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/population_file.hpp"
#include "tools/commands/input_settings.hpp"
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

const std::vector<std::pair<std::string, SamplingMethod>> sampling_methods = {
    {"antithetic", SamplingMethod::antithetic}, {"random", SamplingMethod::random}, {"sobol", SamplingMethod::sobol}};

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
  start.quantity("masses", &settings.masses, "amu", "isotopes: { H = \"2.014 amu\", \"site 3\" = \"6.015 amu\" }")
      .above(0);

  Section& sample = schema.section("sample", "");
  sample.key("n_configurations", &settings.n_configurations, "how many").required("200").at_least(1);
  sample.choice("sampling", settings.sampling, sampling_methods,
                "pairs +u, -u; independent; or scrambled Sobol points (a power of two)");
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

/// The k points of the supercell's inputs; nothing: as they stand in the template.
std::optional<KMesh> mesh_of(const Settings& settings, const PwxInput& input, const Supercell& supercell) {
  if (!settings.k_points.empty()) {
    const std::vector<int>& k = settings.k_points;
    return KMesh{{k[0], k[1], k[2]}, {k[3], k[4], k[5]}};
  }
  if (input.n_atoms() == supercell.n_atoms() && supercell.n_cells() > 1) return {};
  if (input.n_atoms() != supercell.unit_cell().n_atoms()) {
    throw InputError{
        "{}: nat = {}, but the unit cell has {} atoms and the supercell {}: give a template of one of them",
        settings.template_input, input.n_atoms(), supercell.unit_cell().n_atoms(), supercell.n_atoms()};
  }
  for (const char* key : {"nbnd", "tot_charge", "nelec", "tot_magnetization"}) {
    if (supercell.n_cells() > 1 && input.value(key)) {
      throw InputError{
          "{}: {} counts for the unit cell, the supercell needs another value: give a template of the supercell "
          "(nat = {}), or take it out",
          settings.template_input, key, supercell.n_atoms()};
    }
  }
  return supercell.n_cells() > 1 ? std::optional<KMesh>{input.divided_mesh(supercell.divisions())} : std::nullopt;
}

/// Writes configurations, piece after piece, in the formats asked for.
class ConfigurationWriter {
 public:
  ConfigurationWriter(const Settings& settings, const Supercell& supercell, const std::string& folder,
                      const UnitSet& units)
      : settings_(settings), supercell_(supercell), crystal_(supercell.crystal()), folder_(folder), units_(units) {
    digits_ = std::max<std::size_t>(4, std::to_string(settings.n_configurations).size());
    if (wants(settings, "pwx")) {
      input_.emplace(settings.template_input);
      mesh_ = mesh_of(settings, *input_, supercell);
      input_->text(crystal_, mesh_, "1", folder);  // complains now
    }
    for (const char* name : {"INCAR", "KPOINTS", "POTCAR"}) {
      if (!settings.vasp.empty() && !fs::exists(fs::path(settings.vasp) / name)) {
        throw InputError{"{}: it has no {}: write.vasp is a folder with INCAR, KPOINTS and POTCAR", settings.vasp,
                         name};
      }
    }
  }

  void write(const at::Tensor& displacements, std::int64_t first) {
    const at::Tensor u = displacements.contiguous();
    const bool pwx = wants(settings_, "pwx"), vasp = wants(settings_, "vasp");
    if (wants(settings_, "extxyz")) {
      if (!extxyz_) extxyz_.emplace((fs::path(folder_) / "configurations.extxyz").string());
      extxyz_->write(extxyz_configurations(u, first, supercell_));
    }
    if (wants(settings_, "python-sscha")) {
      write_text_configurations(u, first, supercell_, (fs::path(folder_) / "python-sscha").string(),
                                settings_.population, units_);
    }
    if (!pwx && !vasp) return;
    parallel_for(u.size(0), [&](std::int64_t c) {
      Crystal displaced = crystal_;
      displaced.positions +=
          Eigen::Map<const Vectors>(u.const_data_ptr<double>() + c * u.stride(0), crystal_.n_atoms(), 3);
      const std::string name = fmt::format("{:0{}}", first + c + 1, digits_);
      if (pwx)
        write_small(fs::path("pwx") / (name + ".in"),
                    input_->text(displaced, mesh_, name, (fs::path(folder_) / "pwx").string()));
      if (vasp) write_vasp(displaced, name, first + c + 1);
    });
  }

  void finish() {
    if (extxyz_) extxyz_->commit();
    sync_folder(folder_);
  }

  std::string k_points_text() const {
    if (!input_) return "";
    const std::optional<KMesh>& mesh = mesh_ ? mesh_ : input_->k_mesh();
    return mesh ? fmt::format("{} {}", fmt::join(mesh->divisions, " "), fmt::join(mesh->shifts, " "))
                : "those of the template";
  }

 private:
  void write_small(const fs::path& name, const std::string& text) const {
    AtomicFile file{(fs::path(folder_) / name).string()};
    file.write(text);
    file.commit(false);
  }

  void write_vasp(const Crystal& displaced, const std::string& name, std::int64_t number) const {
    const fs::path folder = fs::path("vasp") / name;
    write_small(folder / "POSCAR", poscar_text(displaced, fmt::format("configuration {}", number)));
    if (settings_.vasp.empty()) return;
    for (const char* file : {"INCAR", "KPOINTS", "POTCAR"}) {
      const fs::path from = fs::path(settings_.vasp) / file, to = fs::path(folder_) / folder / file;
      std::error_code failed;
      fs::remove(to, failed);
      fs::create_hard_link(from, to, failed);
      if (failed) fs::copy_file(from, to, fs::copy_options::overwrite_existing, failed);
      if (failed) throw IoError{"{}: it cannot be copied to {}: {}", from.string(), to.string(), failed.message()};
    }
  }

  const Settings& settings_;
  const Supercell& supercell_;
  Crystal crystal_;
  std::string folder_;
  const UnitSet& units_;
  std::size_t digits_;
  std::optional<PwxInput> input_;
  std::optional<KMesh> mesh_;
  std::optional<AtomicFile> extxyz_;
};

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
  sscha::SamplingOptions options{.method = settings.sampling,
                                 .seed = static_cast<std::uint64_t>(context.shared.seed),
                                 .population = static_cast<std::uint32_t>(settings.population),
                                 .lock_below = settings.lock_below / units.hbar,
                                 .fixed_sites = fixed_sites(settings.fixed, matrices.crystal)};
  const sscha::Sampler sampler(density, options, device);
  const int n = settings.n_configurations;
  const auto method = std::find_if(sampling_methods.begin(), sampling_methods.end(),
                                   [&](const auto& entry) { return entry.second == settings.sampling; });
  console.field("temperature", "{:g} K", *settings.temperature);
  console.field("configurations", "{}, {}, seed {}, population {}", n, method->first, context.shared.seed,
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
  const Supercell supercell = matrices.supercell();
  const bool check_only = !context.folder;
  ConfigurationWriter writer(settings, supercell, check_only ? context.shared.directory : context.folder->path(),
                             units);
  if (wants(settings, "pwx")) console.field("k points", "{}", writer.k_points_text());
  if (check_only) {
    console.field("disk", "{} for population.h5", format_bytes(8.0 * 3 * n * supercell.n_atoms()));
    return exit_code::done;
  }

  const RunFolder& folder = *context.folder;
  if (const std::string file = folder.file("population.h5"); fs::exists(file) && Hdf5File::open(file).has("labelled")) {
    throw InputError{
        "{} holds labels that cost somebody's time: choose another output.directory, or remove the file yourself",
        file};
  }
  phonons::write_qe_dyn(matrices, folder.file("dyn"), units);
  if (wants(settings, "python-sscha")) {
    phonons::write_qe_dyn(matrices,
                          folder.file(fmt::format("python-sscha/dyn_start_population{}_", settings.population)), units);
  }
  {
    Progress bar(console, "writing", n, "configurations");
    sscha::write_population(folder.file("population.h5"), density, sampler, n,
                            {.population = settings.population,
                             .seed = context.shared.seed,
                             .sampling = method->first,
                             .configuration = context.settings,
                             .n_locked_modes = sampler.n_locked_modes(),
                             .fixed_sites = !settings.fixed.empty()},
                            [&](const at::Tensor& displacements, std::int64_t first) {
                              writer.write(displacements, first);
                              bar.advance(displacements.size(0));
                              stop_if_interrupted();
                            });
  }
  writer.finish();

  Summary summary;
  summary.add("n_configurations", nlohmann::json(n));
  summary.add("n_atoms", nlohmann::json(supercell.n_atoms()));
  summary.add("temperature", *settings.temperature, "K");
  summary.add("n_modes", nlohmann::json(sampler.n_moving_modes()));
  summary.add("n_locked_modes", nlohmann::json(sampler.n_locked_modes()));
  summary.add("harmonic_free_energy", density.harmonic_free_energy() / supercell.n_cells(), "eV per unit cell");
  console.field("written", "{}: population.h5, dyn{}{}", folder.path(), settings.formats.empty() ? "" : ", ",
                fmt::join(settings.formats, ", "));
  if (wants(settings, "pwx")) {
    console.say("");
    console.say("next: cd {}/pwx && for i in *.in; do pw.x -in $i > ${{i%.in}}.out; done", folder.path());
  }
  if (!settings.formats.empty()) {
    console.say("then: zeropoint collect with population.path = \"{}\" and outputs.files, in any order and in pieces",
                folder.path());
  }
  console.print_json(folder.finish(summary));
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
