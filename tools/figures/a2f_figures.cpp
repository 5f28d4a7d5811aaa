#include "tools/figures/a2f_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/hdf5_file.hpp"
#include "core/units.hpp"
#include "superconductivity/coupled_modes_file.hpp"
#include "superconductivity/moments.hpp"
#include "tools/commands/a2f_result.hpp"

namespace zeropoint {
namespace {

using namespace figures;

std::vector<double> list(const Eigen::VectorXd& values) { return {values.begin(), values.end()}; }

std::string greek(const std::string& label) { return label == "GAMMA" ? "Γ" : label; }

Curve band_curve(const Hdf5File& file, const std::string& name, std::string label, bool dashed) {
  const Eigen::VectorXd distance = file.read_vector("bands/distance"), piece = file.read_vector("bands/piece");
  const Eigen::MatrixXd energies = file.read_matrix(name);
  Curve curve{.label = std::move(label), .x = {}, .y = {}, .error = {}, .breaks = {}, .dashed = dashed};
  for (Eigen::Index mode = 0; mode < energies.cols(); ++mode) {
    for (Eigen::Index i = 0; i < distance.size(); ++i) {
      if (!curve.x.empty() && (i == 0 || piece[i] != piece[i - 1])) curve.breaks.push_back(curve.x.size());
      curve.x.push_back(distance[i]);
      curve.y.push_back(energies(i, mode));
    }
  }
  return curve;
}

/// One circle a mode, its area as lambda.
Curve circles(const Hdf5File& file) {
  constexpr double largest_size = 2.5;
  Curve curve = band_curve(file, "bands/energy", "λ of the mode", false);
  curve.breaks.clear();
  const Eigen::MatrixXd lambda = file.read_matrix("bands/lambda");
  const Eigen::VectorXd all = lambda.reshaped();
  // The largest are near Gamma, where acoustic modes diverge: the scale is that of all but one in a hundred.
  std::vector<double> sorted = list(all);
  std::sort(sorted.begin(), sorted.end());
  const double top = std::max(sorted[sorted.size() * 99 / 100], 1e-12);
  for (const double value : all) curve.sizes.push_back(largest_size * std::sqrt(std::min(value / top, 1.0)));
  return curve;
}

Panel bands_panel(const Hdf5File& file) {
  Panel panel{.x_label = "", .y_label = "energy (meV)", .imaginary_below_zero = true};
  if (file.has("bands/compared")) {
    for (const std::string& name : file.names("bands/compared")) {
      const std::string whole = "bands/compared/" + name;
      panel.curves.push_back(band_curve(file, whole, file.text_attribute(whole, "source").value_or(name), true));
    }
  }
  panel.curves.push_back(band_curve(file, "bands/energy", file.text_attribute("/", "phonons").value_or(""), false));
  panel.curves.push_back(circles(file));
  const Eigen::VectorXd ticks = file.read_vector("bands/tick");
  const std::vector<std::string> labels = file.read_strings("bands/label");
  for (std::size_t i = 0; i < labels.size(); ++i)
    panel.x_ticks.push_back({ticks[static_cast<Eigen::Index>(i)], greek(labels[i])});
  return panel;
}

struct Shown {
  std::vector<double> energies, alpha2f, cumulative, dos;
  std::string smearing;
};

Shown shown(const Hdf5File& file) {
  const auto i = static_cast<Eigen::Index>(file.number_attribute("/", "shown").value_or(0));
  const superconductivity::SpectralFunction curve{file.read_vector("curves/energy"),
                                                  file.read_matrix("curves/alpha2f").col(i)};
  return {list(curve.energies), list(curve.values), list(superconductivity::cumulative_lambda(curve)),
          list(file.read_vector("curves/density_of_states")),
          fmt::format("{:g} Ry", file.read_vector("modes/smearing")[i])};
}

Figure bands_figure(const Hdf5File& file) {
  const Shown at = shown(file);
  Panel dos{.x_label = "phonon DOS (1/meV)",
            .y_label = "",
            .curves = {{.label = "", .x = at.dos, .y = at.energies, .error = {}, .filled = true}},
            .width = 0.3};
  Panel alpha{.x_label = "α²F, λ(ω)",
              .y_label = "",
              .curves = {{.label = "α²F", .x = at.alpha2f, .y = at.energies, .error = {}, .filled = true},
                         {.label = "λ(ω)", .x = at.cumulative, .y = at.energies, .error = {}}},
              .width = 0.36};
  return {.name = "bands",
          .title = "",
          .panels = {bands_panel(file), std::move(dos), std::move(alpha)},
          .panel_width = 560,
          .panel_height = 480,
          .shared_y = true};
}

Figure alpha2f_figure(const Hdf5File& file) {
  const Shown at = shown(file);
  const auto i = static_cast<int>(file.number_attribute("/", "shown").value_or(0));
  Panel panel{.x_label = "energy (meV)", .y_label = fmt::format("α²F, λ(ω) at {}", at.smearing)};
  panel.curves.push_back({.label = "α²F", .x = at.energies, .y = at.alpha2f, .error = {}, .filled = true});
  const std::vector<std::string> species = file.read_strings("species");
  const Eigen::MatrixXd atoms = file.read_matrix(fmt::format("curves/atoms/{:03d}", i + 1));
  std::vector<std::string> kinds;
  for (const std::string& name : species) {
    if (std::find(kinds.begin(), kinds.end(), name) == kinds.end()) kinds.push_back(name);
  }
  for (const std::string& kind : kinds) {
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(atoms.rows());
    for (std::size_t a = 0; a < species.size(); ++a) {
      if (species[a] == kind) sum += atoms.col(static_cast<Eigen::Index>(a));
    }
    panel.curves.push_back({.label = kind, .x = at.energies, .y = list(sum), .error = {}});
  }
  panel.curves.push_back({.label = "λ(ω)", .x = at.energies, .y = at.cumulative, .error = {}});
  return {.name = "a2f", .title = "", .panels = {std::move(panel)}, .panel_width = 640, .panel_height = 420};
}

Figure smearing_figure(const Hdf5File& file) {
  const superconductivity::CoupledModes modes = superconductivity::read_coupled_modes(file, "modes");
  std::vector<double> width, lambda, logarithmic;
  for (int i = 0; i < modes.n_smearings(); ++i) {
    const superconductivity::Moments m = superconductivity::moments(modes, i);
    width.push_back(modes.smearings[i].width / units::codata2022.rydberg);
    lambda.push_back(m.lambda);
    logarithmic.push_back(1e3 * m.logarithmic);
  }
  const auto panel = [&](const char* label, std::vector<double> values) {
    return Panel{.x_label = "smearing (Ry)",
                 .y_label = label,
                 .curves = {{.label = "", .x = width, .y = std::move(values), .error = {}}}};
  };
  return {
      .name = "smearing", .title = "", .panels = {panel("λ", lambda), panel("ω_log (meV)", logarithmic)}, .columns = 2};
}

}  // namespace

std::vector<Figure> figures_of_a2f(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, a2f_filetype);
  return {bands_figure(file), alpha2f_figure(file), smearing_figure(file)};
}

}  // namespace zeropoint
