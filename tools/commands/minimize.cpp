#include <algorithm>
#include <chrono>
#include <cmath>

#include "phonons/displacements.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "sscha/reference_minimizer.hpp"
#include "sscha/step_time.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/minimize_result.hpp"
#include "tools/commands/shared_keys.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/figures/result_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

struct Settings {
  EnsembleSettings ensemble;
  SymmetryOptions symmetry;
  StartSettings start;
  bool as_reference = false;
  sscha::MinimizeOptions minimize;
  sscha::ReferenceOptions reference;
};

void declare_keys(Schema& schema, Settings& settings) {
  declare(schema, settings.ensemble);
  declare(schema, settings.symmetry);
  declare(schema, settings.start);

  Section& minimize = schema.section("minimize", "");
  minimize.choice("method", settings.as_reference, {{"auto", false}, {"reference", true}},
                  "reference takes python-sscha's steps");
  declare_minimisation(minimize, settings.minimize, " (python-sscha: meaningful_factor)", "0: evaluate the start only",
                       0);

  using Root = sscha::ReferenceOptions::Root;
  Section& reference = schema.section("minimize.reference", "only with method = \"reference\"");
  reference.key("step", &settings.reference.step, "of the auxiliary matrices (min_step_dyn)").above(0);
  reference.key("centroid_step", &settings.reference.centroid_step, "of the centroids (min_step_struc)").above(0);
  reference.key("line_search", &settings.reference.line_search, "false: fixed steps");
  reference.choice("root", settings.reference.root,
                   {{"normal", Root::normal}, {"sqrt", Root::sqrt}, {"root4", Root::root4}},
                   "step D, its square root or its fourth root");
}

/// One line a step on the terminal, and steps.dat.
class StepLog {
 public:
  StepLog(Console& console, const RunFolder& folder, int n_cells)
      : console_(console), folder_(folder), n_cells_(n_cells) {
    console_.say("");
    console_.say("{:>5}  {:>24}  {:>11}  {:>11}  {:>11}  {:>7}  {:>9}", "step", "free energy", "|gradient|",
                 "its error", "centroids", "N_eff/N", "lowest");
    console_.say("{:>5}  {:>24}  {:>11}  {:>11}  {:>11}  {:>7}  {:>9}", "", "eV per cell", "eV/A^2", "eV/A^2", "A", "",
                 "cm^-1");
  }

  void add(const sscha::StepReport& step) {
    const std::vector<double> row = step_row(sscha::per_cell(step, n_cells_));
    console_.say("{:>5}  {:>24}  {:>11.3e}  {:>11.3e}  {:>11.3e}  {:>7.4f}  {:>9.3f}", step.step,
                 format_estimate(row[2], row[3], ""), step.gradient, step.gradient_error, step.centroid_gradient,
                 step.kong_liu_ratio, row.back());
    table_.add(row);
    const auto now = std::chrono::steady_clock::now();
    if (now - written_ < std::chrono::seconds{1}) return;
    written_ = now;
    write();
  }

  void write() const { folder_.write("steps.dat", table_.text()); }

 private:
  Console& console_;
  const RunFolder& folder_;
  int n_cells_;
  StepTable table_ = step_table();
  std::chrono::steady_clock::time_point written_{};
};

/// Acoustic modes are zero up to rounding: -0.00 would look like an instability.
double without_sign_of_zero(double frequency) { return std::abs(frequency) < 5e-3 ? 0.0 : frequency; }

void describe_change(const sscha::Solution& result, Console& console) {
  const sscha::TrialDensity& after = result.minimum.density;
  const auto before_values = phonons::frequencies_inverse_cm(result.start.modes(), after.units());
  const auto after_values = phonons::frequencies_inverse_cm(after.modes(), after.units());
  static constexpr std::size_t shown = 9;
  const auto list = [](const std::vector<double>& values) {
    std::string text;
    for (std::size_t i = 0; i < std::min(shown, values.size()); ++i)
      text += fmt::format("{:>9.2f}", without_sign_of_zero(values[i]));
    if (values.size() > shown + 1) text += "  ...";
    if (values.size() > shown) text += fmt::format("{:>9.2f}", values.back());
    return text;
  };
  console.say("");
  console.say("frequencies (cm^-1)");
  for (const int first : after.matrices().grid.representatives()) {
    const std::size_t iq = static_cast<std::size_t>(first);
    console.say("  q = {:<16} before {}", q_text(after.matrices().grid.points()[iq]), list(before_values[iq]));
    console.say("      {:<16} after  {}", "", list(after_values[iq]));
    console.say("      {:<16} +-     {}", "", list(result.errors.frequencies[iq]));
  }
}

sscha::Solution solve(const Settings& settings, const DensityInput& input, at::Device device, Run& context) {
  Console& console = context.console;
  const sscha::Population population = read_population(input.ensemble, settings.ensemble, device, console);
  console.field("pairs", "{} antithetic", population.pairing().n_pairs);
  StepLog log(console, *context.folder, input.density.matrices().grid.size());
  const auto observe = [&](const sscha::StepReport& step) {
    log.add(step);
    stop_if_interrupted();
  };
  sscha::Minimum found = settings.as_reference
                             ? sscha::minimize_as_reference(population, input.density, input.group, settings.minimize,
                                                            settings.reference, observe)
                             : sscha::minimize(population, input.density, input.group, settings.minimize, observe);
  log.write();
  sscha::SolutionErrors errors = sscha::solution_errors(population, found, input.group, settings.minimize.centroids,
                                                        [&](int, int) { stop_if_interrupted(); });
  return {input.density, std::move(found), std::move(errors), input.group, population.size()};
}

void write(const sscha::Solution& result, Run& context) {
  const RunFolder& folder = *context.folder;
  const UnitSet& units = context.shared.units();
  const phonons::DynamicalMatrices& matrices = result.matrices();
  const SpaceGroup& group = result.group;
  const double temperature = result.minimum.density.temperature();
  const Eigen::Vector3i n = matrices.grid.divisions();
  phonons::write_qe_dyn(matrices, folder.file("dyn"), units);
  write_structures(matrices.crystal, folder.file("structure"),
                   fmt::format("average structure at {:g} K, space group {} ({}), U_ij of the {} x {} x {} cell",
                               temperature, group.symbol, group.number, n[0], n[1], n[2]),
                   phonons::symmetrized(phonons::mean_square_displacements(matrices, temperature, units), group));
  sscha::write_solution(folder.file("result.h5"), result, context.settings, context.shared.seed);
  draw_result(folder.path(), context);
}

void conclude(const sscha::Solution& result, Console& console) {
  describe_change(result, console);
  console.say("");
  console.field("stopped", "{}", sscha::explain(result.minimum.stop_reason));
  const Estimate free_energy = result.free_energy();
  console.field("free energy", "{} per unit cell",
                format_estimate(free_energy.value, free_energy.standard_error, "eV"));
  if (!result.minimum.evaluation.stress) return;
  const Estimate& pressure = result.minimum.evaluation.stress->pressure;
  console.field("pressure", "{}",
                format_estimate(pressure.value * units::gpa_per_ev_angstrom3,
                                pressure.standard_error * units::gpa_per_ev_angstrom3, "GPa"));
}

int run(const Settings& settings, Run& context) {
  Console& console = context.console;
  const at::Device device = context.device();  // before any tensor
  const DensityInput input =
      open_at_start(settings.ensemble, settings.symmetry, settings.start, context.shared.units(), console);
  const sscha::OpenedEnsemble& ensemble = input.ensemble;
  console.field("configurations", "{}{}{}", ensemble.size(), ensemble.has_stresses() ? ", with stresses" : "",
                ensemble.ensembles.size() > 1 ? ", merged by the balance heuristic" : "");
  console.field("temperature", "{:g} K", input.density.temperature());
  if (!context.folder) {
    console.field("memory", "{} for displacements and forces", format_bytes(ensemble.bytes()));
    const sscha::StepTime time = sscha::measure_step(*ensemble.ensembles[0], ensemble.generating[0], ensemble.size(),
                                                     input.density, input.group, device);
    console.field("time", "about {:.2g} s per step, measured with {} configurations", time.seconds, time.n_measured);
    return exit_code::done;
  }
  const RunFolder& folder = *context.folder;
  if (folder.resumes()) {
    console.say("{} holds an interrupted run of these settings: it begins again and leads to the same results",
                folder.path());
  }
  const sscha::Solution result = solve(settings, input, device, context);
  write(result, context);
  Summary summary = summary_of(result);
  conclude(result, console);
  console.field("results", "{}", folder.path());
  console.print_json(folder.finish(summary));
  return result.minimum.converged() || settings.minimize.max_steps == 0 ? exit_code::done : exit_code::not_converged;
}

}  // namespace

Command minimize_command() {
  return {
      .name = "minimize",
      .summary = "SSCHA on a stored ensemble, up to the end of its validity",
      .arguments = "RUN.toml",
      .description =
          "Finds the auxiliary dynamical matrices and centroids that minimise the free energy, reweighting "
          "labelled\n"
          "ensembles. It stops when the gradient is within its noise, or when too few configurations count for the\n"
          "density that was reached: draw a new population from DIR/dyn1 ... then.",
      .example =
          "  zeropoint minimize --template > minimize.toml     then set path, dyn and temperature\n"
          "  zeropoint minimize minimize.toml --check\n"
          "  zeropoint minimize minimize.toml --set minimize.kong_liu_ratio=0.6",
      .options = {},
      .prepare = job<Settings>(declare_keys, run, "minimize"),
      .run = {},
  };
}

}  // namespace zeropoint
