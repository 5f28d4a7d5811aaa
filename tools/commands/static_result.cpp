#include "tools/commands/static_result.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/hdf5_file.hpp"
#include "core/units.hpp"
#include "phonons/hdf5_matrices.hpp"
#include "phonons/stability.hpp"
#include "tools/commands/input_settings.hpp"
#include "tools/program/console.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;

constexpr double gpa = units::gpa_per_ev_angstrom3;
constexpr double acoustic = 1e-3;  // cm^-1: the translations, zero up to rounding

json rows(const Eigen::Ref<const Eigen::MatrixXd>& matrix) {
  json list = json::array();
  for (Eigen::Index i = 0; i < matrix.rows(); ++i)
    list.push_back(std::vector<double>(matrix.row(i).begin(), matrix.row(i).end()));
  return list;
}

std::string name_of(const SpaceGroup& group) { return fmt::format("{} ({})", group.symbol, group.number); }

void add_crystal(Summary& summary, const Crystal& crystal) {
  const Eigen::Vector3d lengths = crystal.cell.rowwise().norm();
  summary.add("cell_lengths", json(std::vector<double>(lengths.begin(), lengths.end())), "angstrom");
  summary.add("volume", crystal.volume(), "angstrom^3");
  summary.add("centroids", rows(crystal.fractional()), "crystal coordinates");
}

Eigen::MatrixXd table_of(const std::vector<std::vector<double>>& values) {
  Eigen::MatrixXd table(static_cast<Eigen::Index>(values.size()), static_cast<Eigen::Index>(values.at(0).size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    table.row(static_cast<Eigen::Index>(i)) = Eigen::Map<const Eigen::RowVectorXd>(values[i].data(), table.cols());
  }
  return table;
}

std::vector<double> column(const Eigen::MatrixXd& table, Eigen::Index which) {
  return {table.col(which).begin(), table.col(which).end()};
}

}  // namespace

Summary summary_of(const RelaxResult& result) {
  const phonons::Relaxation& end = result.relaxation;
  Summary summary;
  summary.add("energy", end.energy, "eV per unit cell");
  summary.add("enthalpy", end.energy + result.pressure * end.crystal.volume(), "eV per unit cell");
  if (end.stress) {
    summary.add("pressure", -end.stress->trace() / 3 * gpa, "GPa");
    summary.add("stress", rows(*end.stress * gpa), "GPa");
  }
  summary.add("target_pressure", result.pressure * gpa, "GPa");
  summary.add("residual_force", end.end.force, "eV/angstrom");
  summary.add("residual_stress", end.end.stress * gpa, "GPa");
  summary.add("forbidden_force", end.forbidden_force, "eV/angstrom");
  summary.add("n_steps", json(end.end.step));
  summary.add("n_evaluations", json(end.n_evaluations));
  summary.add("converged", json(end.converged));
  summary.add("stop_reason", json(end.reason));
  summary.add("n_operations", json(result.group.operations.size()));
  summary.add("space_group_before", json(name_of(result.group)));
  summary.add("space_group", json(name_of(result.group_after)));
  summary.add("volume_before", result.start.volume(), "angstrom^3");
  add_crystal(summary, end.crystal);
  return summary;
}

StepTable step_table(const std::vector<phonons::RelaxationStep>& steps) {
  StepTable table({"step", "enthalpy[eV/cell]", "force[eV/angstrom]", "stress[GPa]", "volume[angstrom^3]"});
  for (const phonons::RelaxationStep& step : steps) {
    table.add({static_cast<double>(step.step), step.enthalpy, step.force, step.stress * gpa, step.volume});
  }
  return table;
}

void write_result(const std::string& path, const RelaxResult& result, const std::string& settings) {
  Hdf5File file = Hdf5File::create(path, {.filetype = "zeropoint relax", .configuration = settings});
  for (const auto& [group, crystal] :
       {std::pair{"start", &result.start}, std::pair{"final", &result.relaxation.crystal}}) {
    const std::string where = group;
    file.write(where + "/cell", crystal->cell, "angstrom", "vector,xyz");
    file.write(where + "/positions", crystal->positions, "angstrom", "atom,xyz");
    file.write(where + "/species", crystal->species, "atom");
    file.write(where + "/masses", crystal->masses, "amu", "atom");
  }
  Eigen::MatrixXd steps(static_cast<Eigen::Index>(result.steps.size()), 5);
  for (Eigen::Index i = 0; i < steps.rows(); ++i) {
    const phonons::RelaxationStep& step = result.steps[i];
    steps.row(i) << step.step, step.enthalpy, step.force, step.stress, step.volume;
  }
  file.write("steps", steps, "1, eV, eV/angstrom, eV/angstrom^3, angstrom^3", "step,quantity");
  file.close();
}

std::vector<figures::Figure> figures_of_relax(const std::string& path) {
  using namespace figures;
  const Eigen::MatrixXd steps = Hdf5File::open(path, "zeropoint relax").read_matrix("steps");
  const auto panel = [&](const char* label, Eigen::Index which, double factor, bool logarithmic) {
    std::vector<double> y = column(steps, which);
    const double last = logarithmic ? 0 : y.back();
    for (double& value : y) value = (value - last) * factor;
    return Panel{.x_label = "step",
                 .y_label = label,
                 .curves = {Curve{.label = "", .x = column(steps, 0), .y = std::move(y), .error = {}}},
                 .logarithmic = logarithmic,
                 .whole_x = true};
  };
  Figure figure{.name = "relaxation",
                .title = "",
                .panels = {panel("enthalpy - last (meV per cell)", 1, 1e3, false)},
                .columns = 2};
  if (steps.col(2).maxCoeff() > 0) figure.panels.push_back(panel("longest force (eV/Å)", 2, 1, true));
  if (steps.col(3).maxCoeff() > 0) figure.panels.push_back(panel("stress to go (GPa)", 3, gpa, true));
  return {figure};
}

int PhononsResult::n_imaginary() const { return phonons::n_imaginary(frequencies, acoustic); }

Summary summary_of(const PhononsResult& result) {
  Summary summary;
  const phonons::DynamicalMatrices& matrices = result.harmonic.matrices;
  json list = json::array();
  for (std::size_t iq = 0; iq < result.frequencies.size(); ++iq) {
    const Eigen::Vector3d& q = matrices.grid.points()[iq];
    list.push_back({{"q", std::vector<double>(q.begin(), q.end())}, {"value", result.frequencies[iq]}});
  }
  summary.add("frequencies", list, "cm^-1");
  summary.add("n_imaginary", json(result.n_imaginary()));
  summary.add("n_displacements", json(result.harmonic.n_displacements));
  summary.add("residual_force", result.harmonic.residual_force, "eV/angstrom");
  summary.add("asymmetry", result.harmonic.asymmetry);
  summary.add("n_operations", json(result.harmonic.n_operations));
  summary.add("space_group", json(name_of(result.group)));
  add_crystal(summary, matrices.crystal);
  return summary;
}

void write_result(const std::string& path, const PhononsResult& result, const std::string& settings) {
  Hdf5File file = Hdf5File::create(path, {.filetype = "zeropoint phonons", .configuration = settings});
  phonons::write_matrices(result.harmonic.matrices, file, "final");
  file.write("final/frequencies", table_of(result.frequencies), "cm^-1", "q,mode");
  file.close();
}

std::vector<figures::Figure> figures_of_phonons(const std::string& path) {
  using namespace figures;
  const Hdf5File file = Hdf5File::open(path, "zeropoint phonons");
  const phonons::QGrid grid = phonons::read_matrices(file, "final").grid;
  const Eigen::MatrixXd frequencies = file.read_matrix("final/frequencies");
  Panel levels{.x_label = "q (crystal coordinates)", .y_label = "frequency (cm⁻¹)", .style = Style::levels};
  Curve curve{.label = "harmonic", .x = {}, .y = {}, .error = {}};
  double at = 0;
  for (const int iq : grid.representatives()) {
    for (const double frequency : frequencies.row(iq)) {
      curve.x.push_back(at);
      curve.y.push_back(frequency);
    }
    levels.x_names.push_back(q_text(grid.points()[iq]));
    ++at;
  }
  levels.curves.push_back(std::move(curve));
  const int width = std::clamp(120 + 112 * static_cast<int>(at), 480, 1600);
  return {Figure{.name = "frequencies", .title = "", .panels = {levels}, .panel_width = width, .panel_height = 480}};
}

void show_frequencies(const PhononsResult& result, Console& console) {
  constexpr std::size_t per_line = 10;
  const phonons::QGrid& grid = result.harmonic.matrices.grid;
  console.say("frequencies (cm^-1, imaginary as negative)");
  for (const int first : grid.representatives()) {
    const auto& at_q = result.frequencies[first];
    for (std::size_t begin = 0; begin < at_q.size(); begin += per_line) {
      std::string line;
      for (std::size_t i = begin; i < std::min(begin + per_line, at_q.size()); ++i) {
        line += fmt::format("{:>9.2f}", std::abs(at_q[i]) < 5e-3 ? 0.0 : at_q[i]);
      }
      console.say("  {:<20} {}", begin == 0 ? "q = " + q_text(grid.points()[first]) : "", line);
    }
  }
}

}  // namespace zeropoint
