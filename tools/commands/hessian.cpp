#include "sscha/hessian.hpp"

#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "phonons/quantum_espresso/dyn.hpp"
#include "phonons/symmetrizer.hpp"
#include "sscha/minimizer.hpp"
#include "tools/commands/hessian_result.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/commands/structure_input.hpp"
#include "tools/figures/result_figures.hpp"
#include "tools/program/command.hpp"
#include "tools/program/exit_code.hpp"
#include "tools/program/interruption.hpp"

namespace zeropoint {
namespace {

using Method = sscha::HessianOptions::Method;

struct Settings {
  EnsembleSettings ensemble;
  std::string result;
  SymmetryOptions symmetry;
  StartSettings start;
  sscha::HessianOptions hessian;
  double memory_gb = 0;
  double minimum_effective_size = 50;
};

void declare_keys(Schema& schema, Settings& settings) {
  declare(schema, settings.ensemble, &settings.result);
  declare(schema, settings.symmetry);
  declare(schema, settings.start);
  Section& section = schema.section("hessian", "second derivatives of the free energy");
  section.key("order", &settings.hessian.order, "3: third order alone (the bubble); 4: with fourth order")
      .at_least(3)
      .at_most(4);
  section.choice("method", settings.hessian.method,
                 {{"auto", Method::automatic}, {"explicit", Method::dense}, {"krylov", Method::krylov}},
                 "of fourth order: its matrix, or its products alone; auto: the cheaper that fits in memory");
  section.key("tolerance", &settings.hessian.tolerance, "of krylov: residual over right-hand side")
      .above(0)
      .at_most(1e-2);
  section.key("max_iterations", &settings.hessian.max_iterations, "of krylov").at_least(1);
  section.key("hermite_terms", &settings.hessian.hermite_terms,
              "Gaussian subtraction terms of fourth order; off with compatibility = \"python-sscha\"");
  section.key("errors", &settings.hessian.errors, "standard errors of all modes: one more pass");
  section.key("minimum_effective_size", &settings.minimum_effective_size, "fewer configurations that count: refused")
      .at_least(0);
  section.key("memory_gb", &settings.memory_gb, "for the matrices of one q; 0: half of what is free").at_least(0);
}

std::string flops_text(double flops) { return fmt::format("{:.3g} TFlop", flops * 1e-12); }

/// Operations per second of matrix products on all threads.
double measured_rate(at::Device device) {
  constexpr std::int64_t n = 768;
  const at::Tensor a = at::ones({n, n}, at::TensorOptions(device).dtype(at::kDouble));
  double best = 1e300;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    at::mm(a, a).sum().item<double>();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return 2.0 * n * n * n / best * (device.is_cpu() ? threads() : 1);
}

void describe_plan(const std::vector<sscha::HessianReport>& plan, int order, at::Device device, Console& console) {
  double flops = 0, bytes = 0;
  for (const sscha::HessianReport& report : plan) {
    flops += report.third_flops;
    if (order == 3) continue;
    flops += report.dense ? report.dense_flops : report.krylov_flops;
    if (report.dense) bytes = std::max(bytes, report.dense_bytes);
    console.field("q point", "{} of {}: {} pairs; explicit {} and {}, krylov {}: {}", report.done, report.total,
                  report.n_pairs, flops_text(report.dense_flops), format_bytes(report.dense_bytes),
                  flops_text(report.krylov_flops), report.dense ? "explicit" : "krylov");
  }
  console.field("work", "{}, {} for matrices of one q", flops_text(flops), format_bytes(bytes));
  console.field("time", "about {}, from the speed of matrix products here",
                format_duration(flops / (0.6 * measured_rate(device))));
}

/// What was solved at one q.
void describe_report(const sscha::HessianReport& report, const Eigen::Vector3d& q, int order, Console& console) {
  const std::string where =
      fmt::format("{:>3} of {}  q = {:<18} {:>7} pairs", report.done, report.total, q_text(q), report.n_pairs);
  if (order == 3) {
    console.say("{}", where);
  } else if (report.dense) {
    console.say("{}  explicit ({} against {})  residual {:.1e}  smallest eigenvalue {:.4f}", where,
                flops_text(report.dense_flops), flops_text(report.krylov_flops), report.residual,
                report.smallest_eigenvalue);
  } else {
    console.say("{}  krylov ({} against {})  {} vectors, {} iterations, residual {:.1e}  smallest eigenvalue {:.4f}",
                where, flops_text(report.krylov_flops), flops_text(report.dense_flops), report.n_vectors,
                report.iterations, report.residual, report.smallest_eigenvalue);
  }
}

void describe_modes(const sscha::Hessian& hessian, int order, Console& console) {
  const UnitSet& units = hessian.density.units();
  const auto root = [&](double square) {
    const double value = units.inverse_cm(std::sqrt(std::abs(square)));
    return value < 5e-3 ? 0.0 : std::copysign(value, square);
  };
  console.say("");
  console.say("{:<20} {:>5} {:>12} {:>22} {:>14} {:>14}", "q", "mode", "auxiliary", "Hessian", "third order",
              "fourth order");
  console.say("{:<20} {:>5} {:>12} {:>22} {:>14} {:>14}", "", "", "cm^-1", "cm^-1", "cm^-2", "cm^-2");
  static constexpr std::size_t shown = 6;
  for (const sscha::HessianReport& report : hessian.reports) {
    const std::size_t iq = static_cast<std::size_t>(report.iq);
    const phonons::Modes& modes = hessian.modes[iq];
    std::size_t n_shown = 0;
    for (std::size_t mode = 0; mode < modes.acoustic.size() && n_shown < shown; ++mode) {
      if (modes.acoustic[mode]) continue;
      const double w = modes.frequencies[static_cast<Eigen::Index>(mode)], square = w * std::abs(w);
      const double error =
          hessian.squared_errors.empty() || w == 0 ? 0.0 : hessian.squared_errors[iq][mode] / (2 * std::abs(w));
      const double third = hessian.bubble_squares[iq][mode], auxiliary = hessian.auxiliary_squares[iq][mode];
      console.say("{:<20} {:>5} {:>12.3f} {:>22} {:>14.2f} {:>14.2f}",
                  n_shown == 0 ? q_text(hessian.matrices.grid.points()[iq]) : "", mode + 1, root(auxiliary),
                  format_estimate(root(square), units.inverse_cm(error), ""),
                  square_inverse_cm(third - auxiliary, units),
                  order == 3 ? 0.0 : square_inverse_cm(square - third, units));
      ++n_shown;
    }
  }
  console.say("(the lowest {} of each q; all of them are in hessian.dat)", shown);
}

void refuse_few(const Settings& settings, const sscha::Population& population, const sscha::TrialDensity& density) {
  const double size = reweight(population, density).effective_size;
  if (size >= settings.minimum_effective_size) return;
  throw InputError{
      "only {:.1f} of {} configurations count at these matrices, hessian.minimum_effective_size = {:g}: averages of "
      "third "
      "and fourth order need more. Draw a new population at these matrices, or lower it",
      size, population.size(), settings.minimum_effective_size};
}

void write(const HessianResult& result, Run& context) {
  const RunFolder& folder = *context.folder;
  const sscha::Hessian& hessian = result.hessian;
  phonons::write_qe_dyn(hessian.matrices, folder.file("dyn"), context.shared.units());
  folder.write("hessian.dat", mode_table(result));
  if (result.lowest.unstable()) {
    constexpr double amplitude = 0.1;  // angstrom
    write_structures(displaced_along(hessian, result.lowest, amplitude), folder.file("unstable_mode"),
                     fmt::format("displaced by up to {} angstrom along mode {} at q = {}", amplitude,
                                 result.lowest.mode + 1, q_text(hessian.matrices.grid.points()[result.lowest.iq])));
  }
  sscha::write_hessian(folder.file("result.h5"), hessian, context.settings, context.shared.seed);
  draw_result(folder.path(), context);
}

void conclude(const HessianResult& result, Console& console) {
  const sscha::Weights& weights = result.hessian.weights;
  const sscha::Gradient& gradient = result.gradient;
  describe_modes(result.hessian, result.options.order, console);
  console.say("");
  console.field("N_eff", "{:.1f} of {} ({:.4f})", weights.effective_size, result.n_configurations,
                weights.kong_liu_ratio());
  console.field("gradient", "{:.3e} eV/A^2, its error {:.3e}", gradient.norm, gradient.error);
  if (gradient.norm > 2 * gradient.error) {
    console.warn(
        "the gradient at these matrices is {:.1f} times its error: the Hessian is that of the free energy at its "
        "minimum only. "
        "Give start.dyn of a converged run",
        gradient.norm / gradient.error);
  }
  console.field("verdict", "{}", explain(result));
}

int run(const Settings& given, Run& context) {
  Settings settings = given;
  if (!settings.result.empty())
    take_finished_run(settings.result, settings.ensemble, settings.symmetry, settings.start);
  Console& console = context.console;
  sscha::HessianOptions options = settings.hessian;
  options.hermite_terms = options.hermite_terms && !context.shared.python_sscha;  // it has none
  options.memory_limit = static_cast<std::int64_t>(settings.memory_gb * 1e9);

  const at::Device device = context.device();  // before any tensor
  const auto [input, group, density] =
      open_at_start(settings.ensemble, settings.symmetry, settings.start, context.shared.units(), console);
  console.field("temperature", "{:g} K", density.temperature());
  console.field("order", "{}",
                options.order == 3      ? "third (bubble)"
                : options.hermite_terms ? "third and fourth, with Hermite terms"
                                        : "third and fourth, without Hermite terms");
  if (!context.folder) {
    console.field("memory", "{} for displacements and forces", format_bytes(input.bytes()));
    describe_plan(plan_hessian(density, group, input.size(), options, device), options.order, device, console);
    return exit_code::done;
  }
  const sscha::Population population = read_population(input, settings.ensemble, device, console);
  console.field("pairs", "{} antithetic", population.pairing().n_pairs);
  refuse_few(settings, population, density);
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const auto observe = [&](const sscha::HessianReport& report) {
    describe_report(report, matrices.grid.points()[report.iq], options.order, console);
    stop_if_interrupted();
  };
  const sscha::Hessian hessian = free_energy_hessian(population, density, group, options, observe);
  const phonons::Symmetrizer symmetrize(group, matrices.crystal, matrices.grid);
  const sscha::Gradient gradient = sscha::gradient(population, hessian.weights, hessian.density, symmetrize);
  const sscha::Stability lowest = lowest_mode(hessian);
  const HessianResult result{
      hessian, options, gradient, group, lowest, judge(hessian, lowest, options.tolerance), population.size()};
  write(result, context);
  conclude(result, console);
  console.field("results", "{}", context.folder->path());
  Summary summary = summary_of(result);
  console.print_json(context.folder->finish(summary));
  const bool answered =
      result.verdict == sscha::HessianVerdict::stable || result.verdict == sscha::HessianVerdict::unstable;
  return answered ? exit_code::done : exit_code::not_converged;
}

}  // namespace

Command hessian_command() {
  return {
      .name = "hessian",
      .summary = "free-energy Hessian: the phonons of the structure, third or third and fourth order",
      .arguments = "RUN.toml",
      .description =
          "Second derivatives of the free energy with respect to the centroids, from a labelled ensemble. A negative "
          "mode is\n"
          "a structural instability: a result, with a displaced structure to follow. Take it at a converged minimum:\n"
          "ensemble.result = \"minimize/result.h5\", or start.dyn = \"minimize/dyn\", reweights the ensemble to it.",
      .example =
          "  zeropoint hessian --template > hessian.toml     then set path, dyn, temperature and start.dyn\n"
          "  zeropoint hessian hessian.toml --check\n"
          "  zeropoint hessian hessian.toml --set hessian.order=3",
      .options = {},
      .prepare = job<Settings>(declare_keys, run, "hessian"),
      .run = {},
  };
}

}  // namespace zeropoint
