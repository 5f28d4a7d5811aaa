#include "tools/figures/solution_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sscha/solution_file.hpp"
#include "tools/commands/input_settings.hpp"

namespace zeropoint {
namespace {

using namespace figures;
using sscha::SolutionHistory;
using sscha::SolutionStep;

constexpr std::size_t most_modes = 6;

/// A number of each step; `y` and `error`, where there is one, take a step.
template <class Y>
Curve over_steps(const SolutionHistory& history, std::string label, Y y) {
  Curve curve{.label = std::move(label), .x = {}, .y = {}, .error = {}};
  for (const SolutionStep& step : history.steps) {
    curve.x.push_back(step.step);
    curve.y.push_back(y(step));
  }
  return curve;
}

Panel energy_panel(const SolutionHistory& history) {
  const double last = history.steps.back().free_energy.value;
  Curve curve =
      over_steps(history, "", [&](const SolutionStep& step) { return (step.free_energy.value - last) * 1e3; });
  for (const SolutionStep& step : history.steps) curve.error.push_back(step.free_energy.standard_error * 1e3);
  return {.x_label = "step", .y_label = "free energy - last (meV per cell)", .curves = {curve}, .whole_x = true};
}

Panel gradient_panel(const SolutionHistory& history) {
  return {.x_label = "step",
          .y_label = "gradient (eV/Å²)",
          .curves = {over_steps(history, "|gradient|", [](const SolutionStep& step) { return step.gradient.value; }),
                     over_steps(history, "its standard error",
                                [](const SolutionStep& step) { return step.gradient.standard_error; })},
          .logarithmic = true,
          .whole_x = true};
}

/// The modes that are lowest at the end, one of each degenerate set, over all stars.
Panel softest_panel(const SolutionHistory& history) {
  struct Soft {
    double frequency;
    int iq;
    std::size_t mode;
  };
  std::vector<Soft> soft;
  for (const int iq : history.grid.representatives()) {
    const std::vector<double>& at_end = history.steps.back().frequencies[iq];
    double previous = 0;
    for (std::size_t mode = 0; mode < at_end.size(); ++mode) {
      if (std::abs(at_end[mode]) < 1e-3 || std::abs(at_end[mode] - previous) < 1e-2) continue;
      soft.push_back({previous = at_end[mode], iq, mode});
    }
  }
  std::ranges::sort(soft, {}, &Soft::frequency);
  soft.resize(std::min(soft.size(), most_modes));
  Panel modes{.x_label = "step", .y_label = "softest modes (cm⁻¹), at q", .whole_x = true};
  for (const Soft& mode : soft) {
    modes.curves.push_back(
        over_steps(history, fmt::format("{:.1f} at {}", mode.frequency, q_text(history.grid.points()[mode.iq])),
                   [&](const SolutionStep& step) { return step.frequencies[mode.iq][mode.mode]; }));
  }
  return modes;
}

}  // namespace

Figure levels_figure(Panel levels, std::size_t n_points) {
  const int width = std::clamp(120 + 112 * static_cast<int>(n_points), 480, 1600);
  return {.name = "frequencies", .title = "", .panels = {std::move(levels)}, .panel_width = width, .panel_height = 480};
}

std::vector<Figure> figures_of_minimize(const std::string& path) {
  const SolutionHistory history = sscha::read_history(path);
  const Panel ratio{.x_label = "step",
                    .y_label = "Kong-Liu ratio",
                    .curves = {over_steps(history, "", [](const SolutionStep& step) { return step.kong_liu_ratio; })},
                    .whole_x = true};

  Panel levels{.x_label = "q (crystal coordinates)", .y_label = "frequency (cm⁻¹)", .style = Style::levels};
  const std::vector<int> firsts = history.grid.representatives();
  for (const bool start : {true, false}) {
    Curve curve{.label = start ? "start" : "SSCHA", .x = {}, .y = {}, .error = {}};
    for (std::size_t i = 0; i < firsts.size(); ++i) {
      for (const double frequency : (start ? history.start_frequencies : history.frequencies)[firsts[i]]) {
        curve.x.push_back(static_cast<double>(i));
        curve.y.push_back(frequency);
      }
    }
    levels.curves.push_back(std::move(curve));
  }
  for (const int iq : firsts) levels.x_names.push_back(q_text(history.grid.points()[iq]));
  return {Figure{.name = "convergence",
                 .title = "",
                 .panels = {energy_panel(history), gradient_panel(history), ratio, softest_panel(history)},
                 .columns = 2},
          levels_figure(std::move(levels), firsts.size())};
}

}  // namespace zeropoint
