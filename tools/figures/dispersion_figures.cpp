#include "tools/figures/dispersion_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/quantity.hpp"
#include "core/units.hpp"
#include "tools/commands/dispersion_result.hpp"

namespace zeropoint {
namespace {

using namespace figures;

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

std::vector<double> column(const Hdf5File& file, const std::string& name, double factor = 1) {
  const Eigen::VectorXd values = factor * file.read_vector(name);
  return {values.begin(), values.end()};
}

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
Curve bands_of(const Hdf5File& file, const std::string& name, std::string label, bool dashed, double factor) {
  const std::vector<double> distance = column(file, "bands/distance"), piece = column(file, "bands/piece");
  const Eigen::MatrixXd frequencies = factor * file.read_matrix(name);
  const bool errors = !dashed && file.has(name + "_error");
  const Eigen::MatrixXd spread =
      errors ? Eigen::MatrixXd(factor * file.read_matrix(name + "_error")) : Eigen::MatrixXd();
  Curve curve{.label = std::move(label), .x = {}, .y = {}, .error = {}, .breaks = {}, .dashed = dashed};
  for (Eigen::Index mu = 0; mu < frequencies.cols(); ++mu) {
    for (std::size_t i = 0; i < distance.size(); ++i) {
      if (!curve.x.empty() && (i == 0 || piece[i] != piece[i - 1])) curve.breaks.push_back(curve.x.size());
      curve.x.push_back(distance[i]);
      curve.y.push_back(frequencies(static_cast<Eigen::Index>(i), mu));
      if (errors) curve.error.push_back(spread(static_cast<Eigen::Index>(i), mu));
    }
  }
  return curve;
}

Panel band_panel(const Hdf5File& file, const FrequencyUnit& unit) {
  Panel panel{.x_label = "", .y_label = fmt::format("frequency ({})", unit.label), .imaginary_below_zero = true};
  const auto source = [&](const std::string& name) { return file.text_attribute(name, "source").value_or("this run"); };
  bool alone = true;
  // Those for comparison lie below the others.
  for (const char* group : {"bands/compared", "bands/overlaid"}) {
    if (!file.has(group)) continue;
    alone = false;
    const bool dashed = std::string{group} == "bands/compared";
    for (const std::string& name : file.names(group)) {
      const std::string whole = fmt::format("{}/{}", group, name);
      if (!name.ends_with("_error")) panel.curves.push_back(bands_of(file, whole, source(whole), dashed, unit.factor));
    }
  }
  const auto first_solid =
      std::find_if(panel.curves.begin(), panel.curves.end(), [](const Curve& curve) { return !curve.dashed; });
  panel.curves.insert(
      first_solid, bands_of(file, "bands/frequencies", alone ? "" : source("bands/frequencies"), false, unit.factor));
  const std::vector<double> ticks = column(file, "bands/tick");
  const std::vector<std::string> labels = file.read_strings("bands/label");
  for (std::size_t i = 0; i < ticks.size(); ++i) panel.x_ticks.push_back({ticks[i], shown(labels[i])});
  return panel;
}

/// Density of states in total and on the atoms of each species; `upright`: frequency on the y axis.
Panel dos_panel(const Hdf5File& file, const FrequencyUnit& unit, bool upright) {
  const std::string label = fmt::format("density of states (per {} and cell)", unit.label);
  Panel panel{
      .x_label = upright ? fmt::format("DOS (per {} and cell)", unit.label) : fmt::format("frequency ({})", unit.label),
      .y_label = upright ? "" : label};
  panel.whole_x = panel.from_zero = !upright;
  const std::vector<double> frequency = column(file, "dos/frequency", unit.factor);
  const auto add = [&](std::string name, std::vector<double> values) {
    Curve curve{.label = std::move(name), .x = frequency, .y = std::move(values), .error = {}};
    curve.filled = panel.curves.empty();
    if (upright) curve.x.swap(curve.y);
    panel.curves.push_back(std::move(curve));
  };
  add("total", column(file, "dos/total", 1 / unit.factor));
  const std::vector<std::string> species = file.read_strings("dos/species");
  const Eigen::MatrixXd projected = file.read_matrix("dos/projected") / unit.factor;
  std::vector<std::string> kinds;
  for (const std::string& kind : species) {
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  for (const std::string& kind : kinds) {
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(projected.rows());
    for (std::size_t s = 0; s < species.size(); ++s) {
      if (species[s] == kind) sum += projected.col(static_cast<Eigen::Index>(s));
    }
    add(kind, {sum.begin(), sum.end()});
  }
  panel.width = upright ? 0.36 : 1;
  return panel;
}

Figure thermodynamics_figure(const Hdf5File& file) {
  const std::vector<double> temperature = column(file, "thermodynamics/temperature");
  const auto panel = [&](const char* label, const std::vector<std::pair<const char*, const char*>>& curves) {
    Panel result{.x_label = "temperature (K)", .y_label = label, .whole_x = true};
    for (const auto& [name, title] : curves) {
      result.curves.push_back(
          {.label = title, .x = temperature, .y = column(file, std::string{"thermodynamics/"} + name), .error = {}});
    }
    return result;
  };
  Figure figure{.name = "thermodynamics",
                .title = "",
                .panels = {panel("harmonic energy (eV per cell)",
                                 {{"free_energy", "free energy"}, {"internal_energy", "internal energy"}}),
                           panel("S, C (kB per cell)", {{"entropy", "entropy"}, {"heat_capacity", "heat capacity"}})},
                .columns = 2};
  if (!file.has("thermodynamics/displacements")) return figure;

  // U_eq averaged over the atoms of a species.
  const at::Tensor tensors = file.read("thermodynamics/displacements").to(at::kDouble).contiguous();
  const double* u = tensors.const_data_ptr<double>();
  const std::vector<std::string> species = file.read_strings("dos/species");
  std::map<std::string, std::pair<std::vector<double>, int>> sums;
  for (std::size_t s = 0; s < species.size(); ++s) {
    auto& [sum, count] = sums[species[s]];
    sum.resize(temperature.size());
    ++count;
    for (std::size_t t = 0; t < temperature.size(); ++t) {
      const double* site = u + 9 * (t * species.size() + s);
      sum[t] += (site[0] + site[4] + site[8]) / 3;
    }
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
  const Hdf5File file = Hdf5File::open(path, "zeropoint dispersion");
  const FrequencyUnit unit = unit_named(file.text_attribute("bands", "figure_unit").value_or("cm-1"));
  std::vector<Figure> all{
      {.name = "bands",
       .title = "",
       .panels = {band_panel(file, unit), dos_panel(file, unit, true)},
       .panel_width = 640,
       .panel_height = 480,
       .shared_y = true},
      {.name = "dos", .title = "", .panels = {dos_panel(file, unit, false)}, .panel_width = 560, .panel_height = 400}};
  if (file.has("thermodynamics")) all.push_back(thermodynamics_figure(file));
  return all;
}

}  // namespace zeropoint
