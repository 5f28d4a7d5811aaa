#include "tools/figures/dispersion_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/quantity.hpp"
#include "core/units.hpp"
#include "phonons/dispersion_file.hpp"

namespace zeropoint {
namespace {

using namespace figures;
using phonons::StoredDispersion;

/// A unit of frequency: factor to it from cm^-1, and how it is written.
struct FrequencyUnit {
  double factor;
  std::string label;
};

FrequencyUnit unit_named(const std::string& name) {
  if (name == "THz") return {units::thz_per_inverse_cm, "THz"};
  if (name == "meV") return {1e3 * find_unit("cm-1").factor, "meV"};
  return {1, "cm⁻¹"};
}

std::vector<double> list(const Eigen::VectorXd& values) { return {values.begin(), values.end()}; }

/// "GAMMA" as people draw it.
std::string shown(const std::string& label) {
  constexpr std::string_view name = "GAMMA";
  std::string text;
  std::size_t from = 0;
  for (std::size_t at = label.find(name); at != std::string::npos; at = label.find(name, from)) {
    text.append(label, from, at - from).append("Γ");
    from = at + name.size();
  }
  return text.append(label, from);
}

/// All branches as one curve, interrupted between branches and where the path jumps.
Curve curve_of(const StoredDispersion& stored, const StoredDispersion::Bands& bands, std::string label, double factor) {
  const Eigen::MatrixXd frequencies = factor * bands.frequencies;
  const bool errors = !bands.dashed && bands.errors.size() > 0;
  const Eigen::MatrixXd spread = errors ? Eigen::MatrixXd(factor * bands.errors) : Eigen::MatrixXd();
  Curve curve{.label = std::move(label), .x = {}, .y = {}, .error = {}, .breaks = {}, .dashed = bands.dashed};
  for (Eigen::Index mu = 0; mu < frequencies.cols(); ++mu) {
    for (std::size_t i = 0; i < stored.distances.size(); ++i) {
      if (!curve.x.empty() && (i == 0 || stored.pieces[i] != stored.pieces[i - 1]))
        curve.breaks.push_back(curve.x.size());
      curve.x.push_back(stored.distances[i]);
      curve.y.push_back(frequencies(static_cast<Eigen::Index>(i), mu));
      if (errors) curve.error.push_back(spread(static_cast<Eigen::Index>(i), mu));
    }
  }
  return curve;
}

Panel band_panel(const StoredDispersion& stored, const FrequencyUnit& unit) {
  Panel panel{.x_label = "", .y_label = fmt::format("frequency ({})", unit.label), .imaginary_below_zero = true};
  // Those for comparison, which come first, lie below the others.
  for (const StoredDispersion::Bands& other : stored.others)
    panel.curves.push_back(curve_of(stored, other, other.name, unit.factor));
  const auto first_solid = std::ranges::find_if(panel.curves, [](const Curve& curve) { return !curve.dashed; });
  panel.curves.insert(first_solid,
                      curve_of(stored, stored.bands, stored.others.empty() ? "" : stored.bands.name, unit.factor));
  for (const auto& tick : stored.ticks) panel.x_ticks.push_back({tick.distance, shown(tick.label)});
  return panel;
}

/// Density of states in total and on the atoms of each species; `upright`: frequency on the y axis.
Panel dos_panel(const StoredDispersion& stored, const FrequencyUnit& unit, bool upright) {
  const std::string label = fmt::format("density of states (per {} and cell)", unit.label);
  Panel panel{
      .x_label = upright ? fmt::format("DOS (per {} and cell)", unit.label) : fmt::format("frequency ({})", unit.label),
      .y_label = upright ? "" : label};
  panel.whole_x = panel.from_zero = !upright;
  const std::vector<double> frequency = list(unit.factor * stored.dos_frequencies);
  const auto add = [&](std::string name, std::vector<double> values) {
    Curve curve{.label = std::move(name), .x = frequency, .y = std::move(values), .error = {}};
    curve.filled = panel.curves.empty();
    if (upright) curve.x.swap(curve.y);
    panel.curves.push_back(std::move(curve));
  };
  add("total", list(1 / unit.factor * stored.total));
  const std::vector<std::string>& species = stored.species;
  const Eigen::MatrixXd projected = stored.projected / unit.factor;
  std::vector<std::string> kinds;
  for (const std::string& kind : species) {
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  for (const std::string& kind : kinds) {
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(projected.rows());
    for (std::size_t s = 0; s < species.size(); ++s) {
      if (species[s] == kind) sum += projected.col(static_cast<Eigen::Index>(s));
    }
    add(kind, list(sum));
  }
  panel.width = upright ? 0.36 : 1;
  return panel;
}

Figure thermodynamics_figure(const StoredDispersion& stored) {
  const std::vector<double>& temperature = stored.column("temperature");
  const auto panel = [&](const char* label, const std::vector<std::pair<const char*, const char*>>& curves) {
    Panel result{.x_label = "temperature (K)", .y_label = label, .whole_x = true};
    for (const auto& [name, title] : curves) {
      result.curves.push_back({.label = title, .x = temperature, .y = stored.column(name), .error = {}});
    }
    return result;
  };
  Figure figure{.name = "thermodynamics",
                .title = "",
                .panels = {panel("harmonic energy (eV per cell)",
                                 {{"free_energy", "free energy"}, {"internal_energy", "internal energy"}}),
                           panel("S, C (kB per cell)", {{"entropy", "entropy"}, {"heat_capacity", "heat capacity"}})},
                .columns = 2};
  if (stored.displacements.empty()) return figure;

  // U_eq averaged over the atoms of a species.
  std::map<std::string, std::pair<std::vector<double>, int>> sums;
  for (std::size_t s = 0; s < stored.species.size(); ++s) {
    auto& [sum, count] = sums[stored.species[s]];
    sum.resize(temperature.size());
    ++count;
    for (std::size_t at = 0; at < temperature.size(); ++at) sum[at] += stored.displacements[at][s].trace() / 3;
  }
  Panel displacements{
      .x_label = "temperature (K)", .y_label = "displacement U_eq (Å²)", .whole_x = true, .from_zero = true};
  for (auto& [kind, entry] : sums) {
    for (double& value : entry.first) value /= entry.second;
    displacements.curves.push_back({.label = kind, .x = temperature, .y = entry.first, .error = {}});
  }
  figure.panels.push_back(std::move(displacements));
  figure.columns = 3;
  return figure;
}

}  // namespace

std::vector<figures::Figure> figures_of_dispersion(const std::string& path) {
  const StoredDispersion stored = phonons::read_dispersion(path);
  const FrequencyUnit unit = unit_named(stored.figure_unit);
  std::vector<Figure> all{{.name = "bands",
                           .title = "",
                           .panels = {band_panel(stored, unit), dos_panel(stored, unit, true)},
                           .panel_width = 640,
                           .panel_height = 480,
                           .shared_y = true},
                          {.name = "dos",
                           .title = "",
                           .panels = {dos_panel(stored, unit, false)},
                           .panel_width = 560,
                           .panel_height = 400}};
  if (stored.has_thermodynamics()) all.push_back(thermodynamics_figure(stored));
  return all;
}

}  // namespace zeropoint
