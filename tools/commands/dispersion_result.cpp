#include "tools/commands/dispersion_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/hdf5_file.hpp"
#include "core/tensor_eigen.hpp"
#include "phonons/hdf5_matrices.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;
using phonons::Thermodynamics;

constexpr const char* band_error_method =
    "errors of omega^2 on the grid, put on the diagonal in the polarisation vectors there and interpolated like the "
    "matrices; "
    "first order, fully correlated between q points";

/// cm^-1 of one sqrt(eV/amu)/angstrom.
double inverse_cm() { return units::codata2022.inverse_cm(1); }

template <class Range, class Value>
Eigen::VectorXd vector_of(const Range& range, Value value) {
  Eigen::VectorXd values(static_cast<Eigen::Index>(std::size(range)));
  std::transform(std::begin(range), std::end(range), values.begin(), value);
  return values;
}

struct ThermodynamicsColumn {
  const char *name, *unit;
  double (*value)(const Thermodynamics&);
};
const ThermodynamicsColumn thermodynamics_columns[] = {
    {"temperature", "K", [](const Thermodynamics& t) { return t.temperature; }},
    {"free_energy", "eV per unit cell", [](const Thermodynamics& t) { return t.free_energy; }},
    {"internal_energy", "eV per unit cell", [](const Thermodynamics& t) { return t.internal_energy; }},
    {"entropy", "kB per unit cell",
     [](const Thermodynamics& t) { return t.entropy / units::codata2022.kb_free_energy; }},
    {"heat_capacity", "kB per unit cell",
     [](const Thermodynamics& t) { return t.heat_capacity / units::codata2022.kb_free_energy; }},
};

/// One sqrt(eV/amu), the unit of velocities, in angstrom THz (0.1 km/s): inverse_cm of 1/angstrom in THz, times 2 pi.
double angstrom_thz() { return 2 * std::numbers::pi * inverse_cm() * units::thz_per_inverse_cm; }

void write_bands(Hdf5File& file, const std::string& name, const DispersionResult::Bands& bands) {
  file.write(name, Eigen::MatrixXd(bands.frequencies.unaryExpr(&shown_inverse_cm)), "cm^-1", "point,mode");
  file.write_attribute(name, "source", bands.name);
  if (bands.errors.size() == 0) return;
  file.write(name + "_error", Eigen::MatrixXd(inverse_cm() * bands.errors), "cm^-1", "point,mode");
  file.write_attribute(name + "_error", "method", band_error_method);
}

/// [n, n_modes, 3] of all points behind one another.
at::Tensor velocities(const DispersionResult& result) {
  const Eigen::Index n_modes = result.bands.frequencies.cols();
  Eigen::MatrixX3d all(n_modes * static_cast<Eigen::Index>(result.velocities.size()), 3);
  Eigen::Index row = 0;
  for (const Eigen::MatrixX3d& v : result.velocities) {
    all.middleRows(row, n_modes) = angstrom_thz() * v;
    row += n_modes;
  }
  return to_tensor(all).view({-1, n_modes, 3});
}

/// [n_temperatures, n_atoms, 3, 3].
at::Tensor stacked_tensors(const std::vector<phonons::SiteTensors>& tensors) {
  phonons::SiteTensors all;
  for (const phonons::SiteTensors& sites : tensors) all.insert(all.end(), sites.begin(), sites.end());
  return stacked(all).view({static_cast<std::int64_t>(tensors.size()), -1, 3, 3});
}

void add_gamma(const DispersionResult& result, Summary& summary) {
  if (!result.gamma) return;
  const phonons::GammaModes& gamma = *result.gamma;
  json sets = json::array();
  for (const phonons::GammaSet& set : gamma.optical) {
    sets.push_back({{"label", set.label},
                    {"frequency", shown_inverse_cm(set.frequency)},
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
      std::vector<double> values;
      for (const double frequency : limit.frequencies) values.push_back(shown_inverse_cm(frequency));
      limits.push_back({{"direction", std::vector<double>(limit.direction.begin(), limit.direction.end())},
                        {"frequencies", values}});
    }
  }
  summary.add("gamma_modes", value, "cm^-1");
}

}  // namespace

double shown_inverse_cm(double frequency) {
  const double value = inverse_cm() * frequency;
  return std::abs(value) < 5e-3 ? 0.0 : value;
}

void write_result(const std::string& path, const DispersionResult& result, const std::string& configuration,
                  std::int64_t seed) {
  Hdf5File file = Hdf5File::create(
      path, {.filetype = "zeropoint dispersion", .version = 2, .configuration = configuration, .seed = seed});
  phonons::write_matrices(result.fine, file, "matrices");

  const phonons::SampledPath& sampled = result.path;
  Eigen::MatrixXd points(static_cast<Eigen::Index>(sampled.points.size()), 3);
  for (std::size_t i = 0; i < sampled.points.size(); ++i) points.row(static_cast<Eigen::Index>(i)) = sampled.points[i];
  const auto same = [](double value) { return value; };
  file.write("bands/q", points, "crystal coordinates", "point,axis");
  file.write("bands/distance", vector_of(sampled.distances, same), "1/angstrom", "point");
  file.write("bands/piece", vector_of(sampled.piece, [](int piece) { return static_cast<double>(piece); }), "",
             "point");
  write_bands(file, "bands/frequencies", result.bands);
  file.write("bands/velocities", velocities(result), "angstrom THz", "point,mode,xyz");
  file.write("bands/tick", vector_of(sampled.ticks, [](const auto& tick) { return tick.distance; }), "1/angstrom",
             "tick");
  std::vector<std::string> labels;
  for (const auto& tick : sampled.ticks) labels.push_back(tick.label);
  file.write("bands/label", labels, "tick");
  file.write_attribute("bands", "zone", result.zone);
  file.write_attribute("bands", "figure_unit", result.unit);
  for (std::size_t i = 0; i < result.others.size(); ++i) {
    const DispersionResult::Bands& other = result.others[i];
    write_bands(file, fmt::format("bands/{}/{:03d}", other.dashed ? "compared" : "overlaid", i + 1), other);
  }

  file.write("dos/frequency", Eigen::VectorXd(inverse_cm() * result.on_mesh.dos.frequencies), "cm^-1", "frequency");
  file.write("dos/total", Eigen::VectorXd(result.on_mesh.dos.total / inverse_cm()), "states per cm^-1 per unit cell",
             "frequency");
  file.write("dos/cumulative", result.on_mesh.dos.cumulative, "states per unit cell", "frequency");
  file.write("dos/projected", Eigen::MatrixXd(result.on_mesh.dos.projected / inverse_cm()), "states per cm^-1",
             "frequency,atom");
  file.write("dos/species", result.fine.crystal.species, "atom");
  file.write("dos/mesh", Eigen::VectorXd(result.mesh.cast<double>()), "", "axis");
  if (!result.on_mesh.thermodynamics.empty()) {
    for (const ThermodynamicsColumn& entry : thermodynamics_columns) {
      file.write(std::string{"thermodynamics/"} + entry.name, vector_of(result.on_mesh.thermodynamics, entry.value),
                 entry.unit, "temperature");
    }
    file.write("thermodynamics/displacements", stacked_tensors(result.on_mesh.displacements), "angstrom^2",
               "temperature,atom,xyz,xyz");
  }
  file.close();
}

void write_tables(const RunFolder& folder, const DispersionResult& result) {
  std::vector<std::string> names{"distance[1/angstrom]", "q1", "q2", "q3"};
  const Eigen::MatrixXd &frequencies = result.bands.frequencies, &errors = result.bands.errors;
  for (Eigen::Index mu = 0; mu < frequencies.cols(); ++mu) names.push_back(fmt::format("mode{}[cm^-1]", mu + 1));
  for (Eigen::Index mu = 0; mu < errors.cols(); ++mu) names.push_back(fmt::format("error{}[cm^-1]", mu + 1));
  for (Eigen::Index mu = 0; mu < frequencies.cols(); ++mu) names.push_back(fmt::format("velocity{}[km/s]", mu + 1));
  StepTable bands(names);
  for (std::size_t i = 0; i < result.path.points.size(); ++i) {
    const Eigen::Vector3d& q = result.path.points[i];
    std::vector<double> row{result.path.distances[i], q[0], q[1], q[2]};
    const auto at = static_cast<Eigen::Index>(i);
    for (const double frequency : frequencies.row(at)) row.push_back(shown_inverse_cm(frequency));
    if (errors.size() > 0) {
      for (const double error : errors.row(at)) row.push_back(inverse_cm() * error);
    }
    const Eigen::VectorXd along = 0.1 * angstrom_thz() * result.velocities[i] * result.path.directions[i];  // km/s
    for (const double velocity : along) row.push_back(std::abs(velocity) < 1e-9 ? 0.0 : velocity);
    bands.add(std::move(row));
  }
  folder.write("bands.dat", bands.text());

  names = {"frequency[cm^-1]", "total[states/cm^-1]", "cumulative[states]"};
  const std::vector<std::string>& species = result.fine.crystal.species;
  for (std::size_t s = 0; s < species.size(); ++s)
    names.push_back(fmt::format("{}{}[states/cm^-1]", species[s], s + 1));
  StepTable dos(names);
  for (Eigen::Index i = 0; i < result.on_mesh.dos.total.size(); ++i) {
    std::vector<double> row{inverse_cm() * result.on_mesh.dos.frequencies[i],
                            result.on_mesh.dos.total[i] / inverse_cm(), result.on_mesh.dos.cumulative[i]};
    for (const double share : result.on_mesh.dos.projected.row(i)) row.push_back(share / inverse_cm());
    dos.add(std::move(row));
  }
  folder.write("dos.dat", dos.text());

  if (result.on_mesh.thermodynamics.empty()) return;
  names.clear();
  for (const ThermodynamicsColumn& entry : thermodynamics_columns) {
    const std::string unit = entry.unit;
    names.push_back(fmt::format("{}[{}]", entry.name, unit.substr(0, unit.find(' '))));
  }
  StepTable table(names);
  for (const Thermodynamics& at : result.on_mesh.thermodynamics) {
    std::vector<double> row;
    for (const ThermodynamicsColumn& entry : thermodynamics_columns) row.push_back(entry.value(at));
    table.add(std::move(row));
  }
  folder.write("thermodynamics.dat", table.text());

  names = {"temperature[K]"};
  for (std::size_t s = 0; s < species.size(); ++s) {
    for (const char* component : {"U_xx", "U_yy", "U_zz", "U_yz", "U_xz", "U_xy"}) {
      names.push_back(fmt::format("{}{}_{}[angstrom^2]", species[s], s + 1, component));
    }
  }
  StepTable displacements(names);
  for (std::size_t t = 0; t < result.on_mesh.displacements.size(); ++t) {
    std::vector<double> row{result.on_mesh.thermodynamics[t].temperature};
    for (const Eigen::Matrix3d& u : result.on_mesh.displacements[t]) {
      row.insert(row.end(), {u(0, 0), u(1, 1), u(2, 2), u(1, 2), u(0, 2), u(0, 1)});
    }
    displacements.add(std::move(row));
  }
  folder.write("displacements.dat", displacements.text());
}

Summary summary_of(const DispersionResult& result) {
  Summary summary;
  summary.add("zone", json(result.zone));
  summary.add("lowest_frequency",
              shown_inverse_cm(std::min(result.bands.frequencies.minCoeff(), result.on_mesh.imaginary.lowest)),
              "cm^-1");
  summary.add("highest_frequency", inverse_cm() * result.bands.frequencies.maxCoeff(), "cm^-1");
  summary.add("imaginary_modes", result.on_mesh.imaginary.share, "share of the modes of the mesh");
  json points = json::array();
  const phonons::SampledPath& path = result.path;
  for (std::size_t i = 0; i < path.ticks.size(); ++i) points.push_back(path.ticks[i].label);
  summary.add("path", points);
  summary.add("mesh", json(std::vector<int>(result.mesh.begin(), result.mesh.end())));
  if (result.bands.errors.size() > 0) summary.add("band_errors", json(band_error_method));
  add_gamma(result, summary);
  if (result.free_energy) {
    const DispersionResult::FreeEnergy& energy = *result.free_energy;
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
    for (const ThermodynamicsColumn& entry : thermodynamics_columns) {
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
