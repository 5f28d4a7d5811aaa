#include "tools/commands/minimize_result.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "tools/commands/input_settings.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;

json rows(const Eigen::Ref<const Eigen::MatrixXd>& matrix) {
  json list = json::array();
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    list.push_back(std::vector<double>(matrix.row(i).begin(), matrix.row(i).end()));
  }
  return list;
}

phonons::QGrid read_grid(const Hdf5File& file) {
  const Eigen::MatrixXd rows = file.read_matrix("q/points");
  std::vector<Eigen::Vector3d> points;
  for (Eigen::Index iq = 0; iq < rows.rows(); ++iq) points.emplace_back(rows.row(iq));
  std::vector<int> stars;
  for (const double size : file.read_vector("q/stars")) stars.push_back(static_cast<int>(size));
  return {std::move(points), std::move(stars)};
}

at::Tensor table(const std::vector<std::vector<double>>& values) {
  at::Tensor result = at::empty(
      {static_cast<std::int64_t>(values.size()), static_cast<std::int64_t>(values.at(0).size())}, at::kDouble);
  double* out = result.mutable_data_ptr<double>();
  for (const auto& row : values) out = std::copy(row.begin(), row.end(), out);
  return result;
}

std::vector<double> column(const Hdf5File& file, const std::string& name) {
  const Eigen::VectorXd values = file.read_vector(name);
  return {values.begin(), values.end()};
}

}  // namespace

Summary summary_of(const MinimizeResult& result) {
  const sscha::TrialDensity& density = result.minimum.density;
  const sscha::Evaluation& evaluation = result.minimum.evaluation;
  const phonons::DynamicalMatrices& matrices = density.matrices();
  const double n_cells = matrices.grid.size();

  Summary summary;
  summary.add(
      "free_energy",
      Estimate{evaluation.free_energy.total.value / n_cells, evaluation.free_energy.total.standard_error / n_cells},
      "eV per unit cell");
  summary.add("harmonic_free_energy", evaluation.free_energy.harmonic / n_cells, "eV per unit cell");
  if (evaluation.stress) {
    const double gpa = units::gpa_per_ev_angstrom3;
    const sscha::Stress& stress = *evaluation.stress;
    summary.add("pressure", Estimate{stress.pressure.value * gpa, stress.pressure.standard_error * gpa}, "GPa");
    summary.add("stress", rows(stress.value * gpa), rows(stress.standard_error * gpa), "GPa");
  }
  summary.add("kong_liu_ratio", evaluation.weights.kong_liu_ratio());
  summary.add("gradient_norm", evaluation.gradient.norm, "eV/angstrom^2");
  summary.add("gradient_error", evaluation.gradient.error, "eV/angstrom^2");
  summary.add("n_steps", json(static_cast<int>(result.minimum.steps.size()) - 1));
  summary.add("n_gradients", json(result.minimum.n_gradients));
  summary.add("converged", json(result.minimum.converged()));
  summary.add("stop_reason", json(sscha::explain(result.minimum.stop_reason)));
  summary.add("n_configurations", json(result.n_configurations));
  summary.add("n_operations", json(result.group.operations.size()));
  summary.add("space_group", json(fmt::format("{} ({})", result.group.symbol, result.group.number)));

  const auto frequencies = phonons::frequencies_inverse_cm(density.modes(), density.units());
  json list = json::array();
  for (std::size_t iq = 0; iq < frequencies.size(); ++iq) {
    const Eigen::Vector3d& q = matrices.grid.points()[iq];
    list.push_back({{"q", std::vector<double>(q.begin(), q.end())},
                    {"value", frequencies[iq]},
                    {"standard_error", result.errors.frequencies[iq]}});
  }
  summary.add("frequencies", list, "cm^-1");
  const Eigen::Vector3d lengths = matrices.crystal.cell.rowwise().norm();
  summary.add("cell_lengths", json(std::vector<double>(lengths.begin(), lengths.end())), "angstrom");
  summary.add("volume", matrices.crystal.volume(), "angstrom^3");
  const double kb = density.units().kb_free_energy;
  const double entropy = phonons::harmonic_entropy(density.modes(), density.temperature(), density.units());
  summary.add("entropy", Estimate{entropy / n_cells / kb, result.errors.entropy / n_cells / kb}, "kB per unit cell");
  const Eigen::MatrixXd centroid_errors = result.errors.centroids * matrices.crystal.cell.inverse();
  summary.add("centroids", rows(matrices.crystal.fractional()), rows(centroid_errors.cwiseAbs()),
              "crystal coordinates");
  summary.add("frequency_errors", json(result.errors.self_consistent
                                           ? "jackknife: minimised again without each group of configurations"
                                           : "gradient noise of one self-consistency step (the run is not converged)"));
  return summary;
}

StepTable step_table() {
  return StepTable{{"step", "n_gradients", "free_energy[eV/cell]", "error[eV/cell]", "gradient[eV/angstrom^2]",
                    "error[eV/angstrom^2]", "centroids[angstrom]", "error[angstrom]", "kong_liu_ratio", "step_length",
                    "lowest[cm^-1]"}};
}

std::vector<double> step_row(const sscha::StepReport& step, int n_cells) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& at_q : step.frequencies) {
    // The acoustic modes at Gamma are zero up to rounding.
    for (const double value : at_q) lowest = std::abs(value) > 1e-3 ? std::min(lowest, value) : lowest;
  }
  return {static_cast<double>(step.step),
          static_cast<double>(step.n_gradients),
          step.free_energy.value / n_cells,
          step.free_energy.standard_error / n_cells,
          step.gradient,
          step.gradient_error,
          step.centroid_gradient,
          step.centroid_error,
          step.kong_liu_ratio,
          step.step_length,
          lowest};
}

void write_result(const std::string& path, const MinimizeResult& result, const std::string& settings,
                  std::int64_t seed) {
  const phonons::DynamicalMatrices& matrices = result.minimum.density.matrices();
  Hdf5File file = Hdf5File::create(path, {.filetype = "zeropoint minimize", .configuration = settings, .seed = seed});
  file.write("crystal/cell", matrices.crystal.cell, "angstrom", "vector,xyz");
  file.write("crystal/positions", matrices.crystal.positions, "angstrom", "atom,xyz");
  file.write("crystal/species", matrices.crystal.species, "atom");
  file.write("crystal/masses", matrices.crystal.masses, "amu", "atom");
  Eigen::MatrixXd points(matrices.grid.size(), 3);
  for (int iq = 0; iq < matrices.grid.size(); ++iq) points.row(iq) = matrices.grid.points()[iq];
  file.write("q/points", points, "crystal coordinates", "q,xyz");
  const Eigen::VectorXd stars =
      Eigen::Map<const Eigen::VectorXi>(matrices.grid.stars().data(),
                                        static_cast<Eigen::Index>(matrices.grid.stars().size()))
          .cast<double>();
  file.write("q/stars", stars, "points", "star");
  for (const auto& [name, density] : {std::pair{"start", &result.start}, std::pair{"final", &result.minimum.density}}) {
    const std::string group = name;
    phonons::write_matrices(density->matrices(), file, group);
    file.write(group + "/frequencies", table(phonons::frequencies_inverse_cm(density->modes(), density->units())),
               "cm^-1", "q,mode");
    file.write_attribute(group, "temperature", density->temperature());
  }
  file.write("final/squared_errors", table(result.errors.squared_frequencies), "eV/amu/angstrom^2", "q,mode");
  const sscha::FreeEnergy& energy = result.minimum.evaluation.free_energy;
  const double n_cells = matrices.grid.size();
  file.write_attribute("final", "free_energy", energy.total.value / n_cells);  // eV per unit cell
  file.write_attribute("final", "free_energy_error", energy.total.standard_error / n_cells);
  file.write_attribute("final", "harmonic_free_energy", energy.harmonic / n_cells);
  file.write_attribute("final", "converged", result.minimum.converged() ? 1.0 : 0.0);
  std::vector<std::vector<double>> steps;
  std::vector<std::vector<double>> lowest;
  for (const sscha::StepReport& step : result.minimum.steps) {
    steps.push_back(step_row(step, matrices.grid.size()));
    std::vector<double> all;
    for (const auto& at_q : step.frequencies) all.insert(all.end(), at_q.begin(), at_q.end());
    lowest.push_back(std::move(all));
  }
  const at::Tensor columns = table(steps);
  const char* names[][2] = {{"step", ""},
                            {"n_gradients", ""},
                            {"free_energy", "eV per unit cell"},
                            {"free_energy_error", "eV per unit cell"},
                            {"gradient", "eV/angstrom^2"},
                            {"gradient_error", "eV/angstrom^2"},
                            {"centroid_gradient", "angstrom"},
                            {"centroid_error", "angstrom"},
                            {"kong_liu_ratio", ""},
                            {"step_length", ""}};
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(std::size(names)); ++i) {
    file.write(std::string{"steps/"} + names[i][0], columns.select(1, i).contiguous(), names[i][1], "step");
  }
  file.write("steps/frequencies", table(lowest).reshape({columns.size(0), matrices.grid.size(), matrices.n_modes()}),
             "cm^-1", "step,q,mode");
  file.close();
}

std::vector<figures::Figure> figures_of_minimize(const std::string& path) {
  using namespace figures;
  const Hdf5File file = Hdf5File::open(path, "zeropoint minimize");
  const std::vector<double> step = column(file, "steps/step");
  const auto scaled = [](std::vector<double> values, double factor, double offset) {
    for (double& value : values) value = (value - offset) * factor;
    return values;
  };
  const auto curve = [&](std::string label, std::vector<double> y, std::vector<double> error = {}) {
    return Curve{std::move(label), step, std::move(y), std::move(error)};
  };

  std::vector<double> free_energy = column(file, "steps/free_energy");
  const double last = free_energy.back();
  const Panel energy{
      .x_label = "step",
      .y_label = "free energy - last (meV per cell)",
      .curves = {curve("", scaled(free_energy, 1e3, last), scaled(column(file, "steps/free_energy_error"), 1e3, 0))},
      .whole_x = true};
  const Panel gradient{.x_label = "step",
                       .y_label = "gradient (eV/Å²)",
                       .curves = {curve("|gradient|", column(file, "steps/gradient")),
                                  curve("its standard error", column(file, "steps/gradient_error"))},
                       .logarithmic = true,
                       .whole_x = true};
  const Panel ratio{.x_label = "step",
                    .y_label = "Kong-Liu ratio",
                    .curves = {curve("", column(file, "steps/kong_liu_ratio"))},
                    .whole_x = true};

  // The six modes that are lowest at the end, one of each degenerate set, over all stars.
  const at::Tensor all = file.read("steps/frequencies");
  const std::vector<std::int64_t> shape = file.shape("steps/frequencies");
  const double* data = all.const_data_ptr<double>();
  const auto value = [&](std::size_t s, std::size_t iq, std::size_t mode) {
    return data[(s * static_cast<std::size_t>(shape[1]) + iq) * static_cast<std::size_t>(shape[2]) + mode];
  };
  const phonons::QGrid grid = read_grid(file);
  const auto q_name = [&](std::size_t iq) { return q_text(grid.points()[iq]); };
  struct Soft {
    double frequency;
    std::size_t iq, mode;
  };
  std::vector<Soft> soft;
  const std::vector<int> firsts = grid.representatives();
  for (const int first : firsts) {
    const std::size_t iq = static_cast<std::size_t>(first);
    double previous = 0;
    for (std::size_t mode = 0; mode < static_cast<std::size_t>(shape[2]); ++mode) {
      const double frequency = value(step.size() - 1, iq, mode);
      if (std::abs(frequency) < 1e-3 || std::abs(frequency - previous) < 1e-2) continue;
      soft.push_back({previous = frequency, iq, mode});
    }
  }
  std::ranges::sort(soft, {}, &Soft::frequency);
  soft.resize(std::min<std::size_t>(soft.size(), 6));
  Panel modes{.x_label = "step", .y_label = "softest modes (cm⁻¹), at q", .whole_x = true};
  for (const Soft& mode : soft) {
    std::vector<double> y;
    for (std::size_t s = 0; s < step.size(); ++s) y.push_back(value(s, mode.iq, mode.mode));
    modes.curves.push_back(curve(fmt::format("{:.1f} at {}", mode.frequency, q_name(mode.iq)), y));
  }

  Panel levels{.x_label = "q (crystal coordinates)", .y_label = "frequency (cm⁻¹)", .style = Style::levels};
  for (const auto& [group, label] : {std::pair{"start", "start"}, std::pair{"final", "SSCHA"}}) {
    const Eigen::MatrixXd frequencies = file.read_matrix(std::string{group} + "/frequencies");
    Curve levels_of{.label = label, .x = {}, .y = {}, .error = {}};
    for (std::size_t i = 0; i < firsts.size(); ++i) {
      for (const double frequency : frequencies.row(firsts[i])) {
        levels_of.x.push_back(static_cast<double>(i));
        levels_of.y.push_back(frequency);
      }
    }
    levels.curves.push_back(std::move(levels_of));
  }
  for (const int iq : firsts) levels.x_names.push_back(q_name(static_cast<std::size_t>(iq)));

  const int width = std::clamp(120 + 112 * static_cast<int>(firsts.size()), 480, 1600);
  return {Figure{.name = "convergence", .title = "", .panels = {energy, gradient, ratio, modes}, .columns = 2},
          Figure{.name = "frequencies", .title = "", .panels = {levels}, .panel_width = width, .panel_height = 480}};
}

}  // namespace zeropoint
