#include "tools/dispersion_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/hdf5_file.hpp"
#include "phonons/hdf5_matrices.hpp"

namespace zeropoint {
namespace {

using nlohmann::json;
using phonons::Thermodynamics;

/// cm^-1 of one sqrt(eV/amu)/angstrom.
double inverse_cm() { return units::codata2022.inverse_cm(1); }

template <class Range, class Value>
Eigen::VectorXd vector_of(const Range& range, Value value) {
  Eigen::VectorXd values(static_cast<Eigen::Index>(std::size(range)));
  std::transform(std::begin(range), std::end(range), values.begin(), value);
  return values;
}

std::vector<double> column(const Hdf5File& file, const std::string& name) {
  const Eigen::VectorXd values = file.read_vector(name);
  return {values.begin(), values.end()};
}

/// "GAMMA" as people draw it.
std::string shown(std::string label) {
  for (std::size_t at = label.find("GAMMA"); at != std::string::npos; at = label.find("GAMMA", at)) label.replace(at, 5, "Γ");
  return label;
}

struct ThermodynamicsColumn {
  const char *name, *unit;
  double (*value)(const Thermodynamics&);
};
const ThermodynamicsColumn thermodynamics_columns[] = {
    {"temperature", "K", [](const Thermodynamics& t) { return t.temperature; }},
    {"free_energy", "eV per unit cell", [](const Thermodynamics& t) { return t.free_energy; }},
    {"internal_energy", "eV per unit cell", [](const Thermodynamics& t) { return t.internal_energy; }},
    {"entropy", "kB per unit cell", [](const Thermodynamics& t) { return t.entropy / units::codata2022.kb_free_energy; }},
    {"heat_capacity", "kB per unit cell",
     [](const Thermodynamics& t) { return t.heat_capacity / units::codata2022.kb_free_energy; }},
};

}  // namespace

double shown_inverse_cm(double frequency) {
  const double value = inverse_cm() * frequency;
  return std::abs(value) < 5e-3 ? 0.0 : value;
}

void write_result(const std::string& path, const DispersionResult& result, const std::string& configuration, std::int64_t seed) {
  Hdf5File file = Hdf5File::create(
      path, {.filetype = "zeropoint dispersion", .version = 1, .configuration = configuration, .seed = seed});
  phonons::write_matrices(result.fine, file, "matrices");

  const phonons::SampledPath& sampled = result.path;
  Eigen::MatrixXd points(static_cast<Eigen::Index>(sampled.points.size()), 3);
  for (std::size_t i = 0; i < sampled.points.size(); ++i) points.row(static_cast<Eigen::Index>(i)) = sampled.points[i];
  const auto same = [](double value) { return value; };
  file.write("bands/q", points, "crystal coordinates", "point,axis");
  file.write("bands/distance", vector_of(sampled.distances, same), "1/angstrom", "point");
  file.write("bands/piece", vector_of(sampled.piece, [](int piece) { return static_cast<double>(piece); }), "", "point");
  file.write("bands/frequencies", Eigen::MatrixXd(result.bands.unaryExpr(&shown_inverse_cm)), "cm^-1", "point,mode");
  file.write("bands/tick", vector_of(sampled.ticks, [](const auto& tick) { return tick.distance; }), "1/angstrom", "tick");
  std::vector<std::string> labels;
  for (const auto& tick : sampled.ticks) labels.push_back(tick.label);
  file.write("bands/label", labels, "tick");
  file.write_attribute("bands", "zone", result.zone);
  for (std::size_t i = 0; i < result.comparisons.size(); ++i) {
    const std::string name = fmt::format("bands/compared/{:03d}", i + 1);
    file.write(name, Eigen::MatrixXd(result.comparisons[i].frequencies.unaryExpr(&shown_inverse_cm)), "cm^-1", "point,mode");
    file.write_attribute(name, "source", result.comparisons[i].name);
  }

  file.write("dos/frequency", Eigen::VectorXd(inverse_cm() * result.dos.frequencies), "cm^-1", "frequency");
  file.write("dos/total", Eigen::VectorXd(result.dos.total / inverse_cm()), "states per cm^-1 per unit cell", "frequency");
  file.write("dos/cumulative", result.dos.cumulative, "states per unit cell", "frequency");
  file.write("dos/projected", Eigen::MatrixXd(result.dos.projected / inverse_cm()), "states per cm^-1", "frequency,atom");
  file.write("dos/species", result.fine.crystal.species, "atom");
  file.write("dos/mesh", Eigen::VectorXd(result.mesh.cast<double>()), "", "axis");
  if (!result.thermodynamics.empty()) {
    for (const ThermodynamicsColumn& entry : thermodynamics_columns) {
      file.write(std::string{"thermodynamics/"} + entry.name, vector_of(result.thermodynamics, entry.value), entry.unit, "temperature");
    }
  }
  file.close();
}

void write_tables(const RunFolder& folder, const DispersionResult& result) {
  std::vector<std::string> names{"distance[1/angstrom]", "q1", "q2", "q3"};
  for (Eigen::Index mu = 0; mu < result.bands.cols(); ++mu) names.push_back(fmt::format("mode{}[cm^-1]", mu + 1));
  StepTable bands(names);
  for (std::size_t i = 0; i < result.path.points.size(); ++i) {
    const Eigen::Vector3d& q = result.path.points[i];
    std::vector<double> row{result.path.distances[i], q[0], q[1], q[2]};
    for (const double frequency : result.bands.row(static_cast<Eigen::Index>(i))) row.push_back(shown_inverse_cm(frequency));
    bands.add(std::move(row));
  }
  folder.write("bands.dat", bands.text());

  names = {"frequency[cm^-1]", "total[states/cm^-1]", "cumulative[states]"};
  const std::vector<std::string>& species = result.fine.crystal.species;
  for (std::size_t s = 0; s < species.size(); ++s) names.push_back(fmt::format("{}{}[states/cm^-1]", species[s], s + 1));
  StepTable dos(names);
  for (Eigen::Index i = 0; i < result.dos.total.size(); ++i) {
    std::vector<double> row{inverse_cm() * result.dos.frequencies[i], result.dos.total[i] / inverse_cm(), result.dos.cumulative[i]};
    for (const double share : result.dos.projected.row(i)) row.push_back(share / inverse_cm());
    dos.add(std::move(row));
  }
  folder.write("dos.dat", dos.text());

  if (result.thermodynamics.empty()) return;
  names.clear();
  for (const ThermodynamicsColumn& entry : thermodynamics_columns) {
    const std::string unit = entry.unit;
    names.push_back(fmt::format("{}[{}]", entry.name, unit.substr(0, unit.find(' '))));
  }
  StepTable table(names);
  for (const Thermodynamics& at : result.thermodynamics) {
    std::vector<double> row;
    for (const ThermodynamicsColumn& entry : thermodynamics_columns) row.push_back(entry.value(at));
    table.add(std::move(row));
  }
  folder.write("thermodynamics.dat", table.text());
}

Summary summary_of(const DispersionResult& result) {
  Summary summary;
  summary.add("zone", json(result.zone));
  summary.add("lowest_frequency", shown_inverse_cm(std::min(result.bands.minCoeff(), result.imaginary.lowest)), "cm^-1");
  summary.add("highest_frequency", inverse_cm() * result.bands.maxCoeff(), "cm^-1");
  summary.add("imaginary_modes", result.imaginary.share, "share of the modes of the mesh");
  json points = json::array();
  const phonons::SampledPath& path = result.path;
  for (std::size_t i = 0; i < path.ticks.size(); ++i) points.push_back(path.ticks[i].label);
  summary.add("path", points);
  summary.add("mesh", json(std::vector<int>(result.mesh.begin(), result.mesh.end())));
  json conditions = json::array();
  for (const Thermodynamics& at : result.thermodynamics) {
    json& condition = conditions.emplace_back(json::object());
    for (const ThermodynamicsColumn& entry : thermodynamics_columns) {
      const std::string name = entry.name;
      condition[name == "free_energy" ? "harmonic_free_energy" : name] = {{"value", entry.value(at)}, {"unit", entry.unit}};
    }
  }
  summary.add("conditions", conditions);
  return summary;
}

std::vector<figures::Figure> figures_of_dispersion(const std::string& path) {
  using namespace figures;
  const Hdf5File file = Hdf5File::open(path, "zeropoint dispersion");
  const std::vector<double> distance = column(file, "bands/distance"), piece = column(file, "bands/piece");
  // All branches are one curve, interrupted between branches and where the path jumps.
  const auto bands_of = [&](const std::string& name, std::string label, bool dashed) {
    const Eigen::MatrixXd frequencies = file.read_matrix(name);
    Curve curve{.label = std::move(label), .x = {}, .y = {}, .error = {}, .breaks = {}, .dashed = dashed};
    for (Eigen::Index mu = 0; mu < frequencies.cols(); ++mu) {
      for (std::size_t i = 0; i < distance.size(); ++i) {
        if (!curve.x.empty() && (i == 0 || piece[i] != piece[i - 1])) curve.breaks.push_back(curve.x.size());
        curve.x.push_back(distance[i]);
        curve.y.push_back(frequencies(static_cast<Eigen::Index>(i), mu));
      }
    }
    return curve;
  };
  std::vector<std::string> compared;
  if (file.has("bands/compared")) compared = file.names("bands/compared");
  Panel bands{.x_label = "", .y_label = "frequency (cm⁻¹)"};
  bands.curves.push_back(bands_of("bands/frequencies", compared.empty() ? "" : "this run", false));
  for (const std::string& name : compared) {
    const std::string whole = "bands/compared/" + name;
    bands.curves.push_back(bands_of(whole, file.text_attribute(whole, "source").value_or(name), true));
  }
  const std::vector<double> ticks = column(file, "bands/tick");
  const std::vector<std::string> labels = file.read_strings("bands/label");
  for (std::size_t i = 0; i < ticks.size(); ++i) bands.x_ticks.push_back({ticks[i], shown(labels[i])});

  const std::vector<double> frequency = column(file, "dos/frequency");
  Panel dos{.x_label = "frequency (cm⁻¹)", .y_label = "density of states (per cm⁻¹ and cell)"};
  dos.curves.push_back({.label = "total", .x = frequency, .y = column(file, "dos/total"), .error = {}});
  const std::vector<std::string> species = file.read_strings("dos/species");
  const Eigen::MatrixXd projected = file.read_matrix("dos/projected");
  std::vector<std::string> kinds;
  for (const std::string& kind : species) {
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  for (const std::string& kind : kinds) {
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(projected.rows());
    for (std::size_t s = 0; s < species.size(); ++s) {
      if (species[s] == kind) sum += projected.col(static_cast<Eigen::Index>(s));
    }
    dos.curves.push_back({.label = kind, .x = frequency, .y = {sum.begin(), sum.end()}, .error = {}});
  }
  std::vector<Figure> all{{.name = "bands", .title = "", .panels = {bands}, .panel_width = 720, .panel_height = 480},
                          {.name = "dos", .title = "", .panels = {dos}, .panel_width = 560, .panel_height = 400}};
  if (!file.has("thermodynamics")) return all;
  const std::vector<double> temperature = column(file, "thermodynamics/temperature");
  const auto panel = [&](const char* label, std::vector<std::pair<const char*, const char*>> curves) {
    Panel result{.x_label = "temperature (K)", .y_label = label};
    for (const auto& [name, title] : curves) {
      result.curves.push_back({.label = title, .x = temperature, .y = column(file, std::string{"thermodynamics/"} + name), .error = {}});
    }
    return result;
  };
  all.push_back({.name = "thermodynamics",
                 .title = "",
                 .panels = {panel("energy (eV per cell)", {{"free_energy", "free energy"}, {"internal_energy", "internal energy"}}),
                            panel("per cell (kB)", {{"entropy", "entropy"}, {"heat_capacity", "heat capacity"}})},
                 .columns = 2});
  return all;
}

}  // namespace zeropoint
