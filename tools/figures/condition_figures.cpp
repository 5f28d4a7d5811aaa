#include "tools/figures/condition_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/units.hpp"

namespace zeropoint {
namespace {

constexpr double gpa = units::gpa_per_ev_angstrom3;
using sscha::ConditionResult;

}  // namespace

std::vector<figures::Figure> figures_of_conditions(const std::vector<ConditionResult>& results) {
  using namespace figures;
  const ConditionResult& first = results.front();
  const bool over_pressure = first.condition.temperature == results.back().condition.temperature;
  const auto panel = [&](const char* label, const auto& number) {
    Panel result{
        .x_label = over_pressure ? "pressure (GPa)" : "temperature (K)", .y_label = label, .style = Style::points};
    for (const ConditionResult& at : results) {
      const std::string key =
          over_pressure || !at.condition.pressure ? "" : fmt::format("{:g} GPa", *at.condition.pressure * gpa);
      auto curve = std::ranges::find(result.curves, key, &Curve::label);
      if (curve == result.curves.end())
        curve = result.curves.insert(curve, Curve{.label = key, .x = {}, .y = {}, .error = {}});
      const Estimate value = number(at);
      curve->x.push_back(over_pressure ? at.condition.pressure.value_or(0) * gpa : at.condition.temperature);
      curve->y.push_back(value.value);
      curve->error.push_back(std::isfinite(value.standard_error) ? value.standard_error : 0);
    }
    return result;
  };
  Figure figure{.name = "conditions",
                .title = "",
                .panels = {panel("free energy (eV per cell)", [](const ConditionResult& at) { return at.free_energy; }),
                           panel("lowest mode (cm⁻¹)", [](const ConditionResult& at) { return at.lowest; })},
                .columns = 2};
  const auto add = [&](const char* label, const auto& number) { figure.panels.push_back(panel(label, number)); };
  if (first.pressure)
    add("pressure (GPa)", [](const ConditionResult& at) {
      return Estimate{at.pressure->value * gpa, at.pressure->standard_error * gpa};
    });
  if (!over_pressure) add("entropy (kB per cell)", [](const ConditionResult& at) { return at.entropy; });
  if (!over_pressure && first.derivatives)
    add("heat capacity (kB per cell)",
        [](const ConditionResult& at) { return Estimate{at.derivatives->heat_capacity.value, 0}; });
  if (first.condition.pressure)
    add("volume (Å³ per cell)",
        [](const ConditionResult& at) { return Estimate{at.volume(), at.volume_error().value_or(0)}; });
  return {figure};
}

}  // namespace zeropoint
