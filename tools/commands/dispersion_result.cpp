#include "tools/commands/dispersion_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace zeropoint {
namespace {

using nlohmann::json;
using phonons::Dispersion;
using phonons::Thermodynamics;

/// "mode1[cm^-1]", "mode2[cm^-1]", ...
void add_numbered(std::vector<std::string>& names, const char* quantity, Eigen::Index n, const char* unit) {
  for (Eigen::Index i = 1; i <= n; ++i) names.push_back(fmt::format("{}{}[{}]", quantity, i, unit));
}

StepTable bands_table(const Dispersion& result) {
  const Eigen::MatrixXd &frequencies = result.bands.frequencies, &errors = result.bands.errors;
  std::vector<std::string> names{"distance[1/angstrom]", "q1", "q2", "q3"};
  add_numbered(names, "mode", frequencies.cols(), "cm^-1");
  add_numbered(names, "error", errors.cols(), "cm^-1");
  add_numbered(names, "velocity", frequencies.cols(), "km/s");
  StepTable table(names);
  const double scale = units::codata2022.inverse_cm(1);
  for (std::size_t i = 0; i < result.path.points.size(); ++i) {
    const Eigen::Vector3d& q = result.path.points[i];
    std::vector<double> row{result.path.distances[i], q[0], q[1], q[2]};
    const auto at = static_cast<Eigen::Index>(i);
    for (const double frequency : frequencies.row(at)) row.push_back(phonons::shown_inverse_cm(frequency));
    for (Eigen::Index mu = 0; mu < errors.cols(); ++mu) row.push_back(scale * errors(at, mu));
    const Eigen::VectorXd along =
        0.1 * phonons::angstrom_thz() * result.velocities[i] * result.path.directions[i];  // km/s
    for (const double velocity : along) row.push_back(std::abs(velocity) < 1e-9 ? 0.0 : velocity);
    table.add(std::move(row));
  }
  return table;
}

/// "Li1", "H2": the atoms of the cell.
std::vector<std::string> atom_names(const Dispersion& result) {
  std::vector<std::string> names = result.fine.matrices.crystal.species;
  for (std::size_t s = 0; s < names.size(); ++s) names[s] += std::to_string(s + 1);
  return names;
}

StepTable dos_table(const Dispersion& result) {
  std::vector<std::string> names{"frequency[cm^-1]", "total[states/cm^-1]", "cumulative[states]"};
  for (const std::string& atom : atom_names(result)) names.push_back(atom + "[states/cm^-1]");
  StepTable table(names);
  const double scale = units::codata2022.inverse_cm(1);
  const phonons::DensityOfStates& dos = result.on_mesh.dos;
  for (Eigen::Index i = 0; i < dos.total.size(); ++i) {
    std::vector<double> row{scale * dos.frequencies[i], dos.total[i] / scale, dos.cumulative[i]};
    for (const double share : dos.projected.row(i)) row.push_back(share / scale);
    table.add(std::move(row));
  }
  return table;
}

StepTable thermodynamics_table(const Dispersion& result) {
  std::vector<std::string> names;
  for (const phonons::ThermodynamicsColumn& entry : phonons::thermodynamics_columns()) {
    const std::string unit = entry.unit;
    names.push_back(fmt::format("{}[{}]", entry.name, unit.substr(0, unit.find(' '))));
  }
  StepTable table(names);
  for (const Thermodynamics& at : result.on_mesh.thermodynamics) {
    std::vector<double> row;
    for (const phonons::ThermodynamicsColumn& entry : phonons::thermodynamics_columns()) row.push_back(entry.value(at));
    table.add(std::move(row));
  }
  return table;
}

StepTable displacements_table(const Dispersion& result) {
  std::vector<std::string> names{"temperature[K]"};
  for (const std::string& atom : atom_names(result)) {
    for (const char* component : {"U_xx", "U_yy", "U_zz", "U_yz", "U_xz", "U_xy"})
      names.push_back(fmt::format("{}_{}[angstrom^2]", atom, component));
  }
  StepTable table(names);
  for (std::size_t t = 0; t < result.on_mesh.displacements.size(); ++t) {
    std::vector<double> row{result.on_mesh.thermodynamics[t].temperature};
    for (const Eigen::Matrix3d& u : result.on_mesh.displacements[t])
      row.insert(row.end(), {u(0, 0), u(1, 1), u(2, 2), u(1, 2), u(0, 2), u(0, 1)});
    table.add(std::move(row));
  }
  return table;
}

void add_gamma(const phonons::Dispersion& result, Summary& summary) {
  if (!result.gamma) return;
  const phonons::GammaModes& gamma = *result.gamma;
  json sets = json::array();
  for (const phonons::GammaSet& set : gamma.optical) {
    sets.push_back({{"label", set.label},
                    {"frequency", phonons::shown_inverse_cm(set.frequency)},
                    {"degeneracy", set.size},
                    {"infrared", set.infrared},
                    {"raman", set.raman}});
  }
  json value{{"point_group", fmt::format("{} ({})", gamma.group.international, gamma.group.schoenflies)},
             {"convention", gamma.group.convention},
             {"acoustic", gamma.acoustic},
             {"optical", phonons::decomposition(gamma)},
             {"modes", sets}};
  if (!result.longitudinal.empty()) {
    json& limits = value["along_directions"] = json::array();
    for (const phonons::GammaLimit& limit : result.longitudinal) {
      const Eigen::VectorXd values = limit.frequencies.unaryExpr(&phonons::shown_inverse_cm);
      limits.push_back({{"direction", std::vector<double>(limit.direction.begin(), limit.direction.end())},
                        {"frequencies", std::vector<double>(values.begin(), values.end())}});
    }
  }
  summary.add("gamma_modes", value, "cm^-1");
}

}  // namespace

void write_tables(const RunFolder& folder, const Dispersion& result) {
  folder.write("bands.dat", bands_table(result).text());
  folder.write("dos.dat", dos_table(result).text());
  if (result.on_mesh.thermodynamics.empty()) return;
  folder.write("thermodynamics.dat", thermodynamics_table(result).text());
  folder.write("displacements.dat", displacements_table(result).text());
}

Summary summary_of(const phonons::Dispersion& result) {
  Summary summary;
  summary.add("zone", json(result.zone));
  summary.add("lowest_frequency",
              phonons::shown_inverse_cm(std::min(result.bands.frequencies.minCoeff(), result.on_mesh.imaginary.lowest)),
              "cm^-1");
  summary.add("highest_frequency", units::codata2022.inverse_cm(1) * result.bands.frequencies.maxCoeff(), "cm^-1");
  summary.add("imaginary_modes", result.on_mesh.imaginary.share, "share of the modes of the mesh");
  json points = json::array();
  const phonons::SampledPath& path = result.path;
  for (std::size_t i = 0; i < path.ticks.size(); ++i) points.push_back(path.ticks[i].label);
  summary.add("path", points);
  summary.add("mesh", json(std::vector<int>(result.mesh.begin(), result.mesh.end())));
  if (result.bands.errors.size() > 0) summary.add("band_errors", json(phonons::band_error_method));
  add_gamma(result, summary);
  if (result.free_energy) {
    const phonons::CarriedFreeEnergy& energy = *result.free_energy;
    const char* unit = "eV per unit cell";
    summary.add("free_energy", energy.fine(), unit);
    summary.add("free_energy_coarse", energy.coarse, unit);
    summary.add("anharmonic_free_energy", energy.anharmonic, unit);
    summary.add("temperature", energy.temperature, "K");
  }
  json conditions = json::array();
  for (std::size_t t = 0; t < result.on_mesh.thermodynamics.size(); ++t) {
    const Thermodynamics& at = result.on_mesh.thermodynamics[t];
    json& condition = conditions.emplace_back(json::object());
    for (const phonons::ThermodynamicsColumn& entry : phonons::thermodynamics_columns()) {
      const std::string name = entry.name;
      condition[name == "free_energy" ? "harmonic_free_energy" : name] = {{"value", entry.value(at)},
                                                                          {"unit", entry.unit}};
    }
    std::vector<double> isotropic;
    for (const Eigen::Matrix3d& u : result.on_mesh.displacements.at(t)) isotropic.push_back(u.trace() / 3);
    condition["equivalent_displacements"] = {{"value", isotropic},
                                             {"unit", "angstrom^2, a third of the trace of <u_i u_j>, for each atom"}};
  }
  summary.add("conditions", conditions);
  return summary;
}

}  // namespace zeropoint
