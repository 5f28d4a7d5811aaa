#include "tools/figures/static_figures.hpp"

#include <algorithm>

#include "core/units.hpp"
#include "phonons/harmonic_file.hpp"
#include "phonons/relaxation_file.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/figures/solution_figures.hpp"

namespace zeropoint {

using namespace figures;
using phonons::RelaxationStep;

std::vector<Figure> figures_of_relax(const std::string& path) {
  const std::vector<RelaxationStep> steps = phonons::read_relaxation(path);
  const auto panel = [&](const char* label, double RelaxationStep::* quantity, double zero, double factor) {
    Curve curve{.label = "", .x = {}, .y = {}, .error = {}};
    for (const RelaxationStep& step : steps) {
      curve.x.push_back(step.step);
      curve.y.push_back((step.*quantity - zero) * factor);
    }
    return Panel{.x_label = "step", .y_label = label, .curves = {std::move(curve)}, .whole_x = true};
  };
  Figure figure{
      .name = "relaxation",
      .title = "",
      .panels = {panel("enthalpy - last (meV per cell)", &RelaxationStep::enthalpy, steps.back().enthalpy, 1e3)},
      .columns = 2};
  const auto add_logarithmic = [&](const char* label, double RelaxationStep::* quantity, double factor) {
    if (std::ranges::max(steps, {}, quantity).*quantity <= 0) return;
    figure.panels.push_back(panel(label, quantity, 0, factor));
    figure.panels.back().logarithmic = true;
  };
  add_logarithmic("longest force (eV/Å)", &RelaxationStep::force, 1);
  add_logarithmic("stress to go (GPa)", &RelaxationStep::stress, units::gpa_per_ev_angstrom3);
  return {figure};
}

std::vector<Figure> figures_of_phonons(const std::string& path) {
  const phonons::StoredHarmonic stored = phonons::read_harmonic(path);
  const phonons::QGrid& grid = stored.matrices.grid;
  Panel levels{.x_label = "q (crystal coordinates)", .y_label = "frequency (cm⁻¹)", .style = Style::levels};
  Curve curve{.label = "harmonic", .x = {}, .y = {}, .error = {}};
  const std::vector<int> firsts = grid.representatives();
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    for (const double frequency : stored.frequencies[static_cast<std::size_t>(firsts[i])]) {
      curve.x.push_back(static_cast<double>(i));
      curve.y.push_back(frequency);
    }
    levels.x_names.push_back(q_text(grid.points()[firsts[i]]));
  }
  levels.curves.push_back(std::move(curve));
  return {levels_figure(std::move(levels), firsts.size())};
}

}  // namespace zeropoint
