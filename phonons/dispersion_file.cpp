#include "phonons/dispersion_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/tensor_eigen.hpp"
#include "phonons/hdf5_matrices.hpp"

namespace zeropoint::phonons {

const char* const band_error_method =
    "errors of omega^2 on the grid, put on the diagonal in the polarisation vectors there and interpolated like the "
    "matrices; "
    "first order, fully correlated between q points";

namespace {

/// cm^-1 of one sqrt(eV/amu)/angstrom.
double inverse_cm() { return units::codata2022.inverse_cm(1); }

template <class Range, class Value>
Eigen::VectorXd vector_of(const Range& range, Value value) {
  Eigen::VectorXd values(static_cast<Eigen::Index>(std::size(range)));
  std::transform(std::begin(range), std::end(range), values.begin(), value);
  return values;
}

const ThermodynamicsColumn columns[] = {
    {"temperature", "K", [](const Thermodynamics& t) { return t.temperature; }},
    {"free_energy", "eV per unit cell", [](const Thermodynamics& t) { return t.free_energy; }},
    {"internal_energy", "eV per unit cell", [](const Thermodynamics& t) { return t.internal_energy; }},
    {"entropy", "kB per unit cell",
     [](const Thermodynamics& t) { return t.entropy / units::codata2022.kb_free_energy; }},
    {"heat_capacity", "kB per unit cell",
     [](const Thermodynamics& t) { return t.heat_capacity / units::codata2022.kb_free_energy; }},
};

void write_bands(Hdf5File& file, const std::string& name, const NamedBands& bands) {
  file.write(name, Eigen::MatrixXd(bands.frequencies.unaryExpr(&shown_inverse_cm)), "cm^-1", "point,mode");
  file.write_attribute(name, "source", bands.name);
  if (bands.errors.size() == 0) return;
  file.write(name + "_error", Eigen::MatrixXd(inverse_cm() * bands.errors), "cm^-1", "point,mode");
  file.write_attribute(name + "_error", "method", band_error_method);
}

/// [n, n_modes, 3] of all points behind one another.
at::Tensor velocities(const Dispersion& result) {
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
at::Tensor stacked_tensors(const std::vector<SiteTensors>& tensors) {
  SiteTensors all;
  for (const SiteTensors& sites : tensors) all.insert(all.end(), sites.begin(), sites.end());
  return stacked(all).view({static_cast<std::int64_t>(tensors.size()), -1, 3, 3});
}

/// The bands in one array, its errors and what they are of.
StoredDispersion::Bands read_bands(const Hdf5File& file, const std::string& name, bool dashed) {
  StoredDispersion::Bands bands{
      file.text_attribute(name, "source").value_or("this run"), dashed, file.read_matrix(name), {}};
  if (file.has(name + "_error")) bands.errors = file.read_matrix(name + "_error");
  return bands;
}

/// Those in a group, in the order of their numbers.
void add_bands(const Hdf5File& file, const std::string& group, bool dashed, std::vector<StoredDispersion::Bands>& all) {
  if (!file.has(group)) return;
  for (const std::string& name : file.names(group)) {
    if (!name.ends_with("_error")) all.push_back(read_bands(file, group + "/" + name, dashed));
  }
}

void read_thermodynamics(const Hdf5File& file, StoredDispersion& stored) {
  if (!file.has("thermodynamics")) return;
  for (const ThermodynamicsColumn& entry : columns) {
    const Eigen::VectorXd values = file.read_vector(std::string{"thermodynamics/"} + entry.name);
    stored.thermodynamics.emplace_back(values.begin(), values.end());
  }
  if (!file.has("thermodynamics/displacements")) return;
  const std::size_t n_temperatures = stored.thermodynamics[0].size(), n_atoms = stored.species.size();
  const std::vector<std::int64_t> shape = file.shape("thermodynamics/displacements");
  if (shape != std::vector<std::int64_t>{std::ssize(stored.thermodynamics[0]), std::ssize(stored.species), 3, 3})
    throw InputError{"{}: thermodynamics/displacements is not of {} temperatures and {} atoms", file.path(),
                     n_temperatures, n_atoms};
  const SiteTensors all = to_matrices3(file.read("thermodynamics/displacements").reshape({-1, 3, 3}));
  for (std::size_t t = 0; t < n_temperatures; ++t) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(t * n_atoms);
    stored.displacements.emplace_back(first, first + static_cast<std::ptrdiff_t>(n_atoms));
  }
}

}  // namespace

std::span<const ThermodynamicsColumn> thermodynamics_columns() { return columns; }

/// inverse_cm of 1/angstrom in THz, times 2 pi.
double angstrom_thz() { return 2 * std::numbers::pi * inverse_cm() * units::thz_per_inverse_cm; }

double shown_inverse_cm(double frequency) {
  const double value = inverse_cm() * frequency;
  return std::abs(value) < 5e-3 ? 0.0 : value;
}

void write_dispersion(const std::string& path, const Dispersion& result, const std::string& figure_unit,
                      const std::string& configuration, std::int64_t seed) {
  Hdf5File file = Hdf5File::create(
      path, {.filetype = dispersion_filetype, .version = 2, .configuration = configuration, .seed = seed});
  write_matrices(result.fine.matrices, file, "matrices");

  const SampledPath& sampled = result.path;
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
  file.write_attribute("bands", "figure_unit", figure_unit);
  for (std::size_t i = 0; i < result.others.size(); ++i) {
    const NamedBands& other = result.others[i];
    write_bands(file, fmt::format("bands/{}/{:03d}", other.dashed ? "compared" : "overlaid", i + 1), other);
  }

  file.write("dos/frequency", Eigen::VectorXd(inverse_cm() * result.on_mesh.dos.frequencies), "cm^-1", "frequency");
  file.write("dos/total", Eigen::VectorXd(result.on_mesh.dos.total / inverse_cm()), "states per cm^-1 per unit cell",
             "frequency");
  file.write("dos/cumulative", result.on_mesh.dos.cumulative, "states per unit cell", "frequency");
  file.write("dos/projected", Eigen::MatrixXd(result.on_mesh.dos.projected / inverse_cm()), "states per cm^-1",
             "frequency,atom");
  file.write("dos/species", result.fine.matrices.crystal.species, "atom");
  file.write("dos/mesh", Eigen::VectorXd(result.mesh.cast<double>()), "", "axis");
  if (!result.on_mesh.thermodynamics.empty()) {
    for (const ThermodynamicsColumn& entry : columns) {
      file.write(std::string{"thermodynamics/"} + entry.name, vector_of(result.on_mesh.thermodynamics, entry.value),
                 entry.unit, "temperature");
    }
    file.write("thermodynamics/displacements", stacked_tensors(result.on_mesh.displacements), "angstrom^2",
               "temperature,atom,xyz,xyz");
  }
  file.close();
}

const std::vector<double>& StoredDispersion::column(const std::string& name) const {
  const auto found = std::ranges::find_if(columns, [&](const auto& entry) { return entry.name == name; });
  if (found == std::end(columns) || thermodynamics.empty()) throw InternalError{"thermodynamics have no '{}'", name};
  return thermodynamics[static_cast<std::size_t>(found - std::begin(columns))];
}

StoredDispersion read_dispersion(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path, dispersion_filetype);
  StoredDispersion stored{.figure_unit = file.text_attribute("bands", "figure_unit").value_or("cm-1"),
                          .distances = {},
                          .pieces = {},
                          .ticks = {},
                          .bands = read_bands(file, "bands/frequencies", false),
                          .others = {},
                          .species = file.read_strings("dos/species"),
                          .dos_frequencies = file.read_vector("dos/frequency"),
                          .total = file.read_vector("dos/total"),
                          .projected = file.read_matrix("dos/projected"),
                          .thermodynamics = {},
                          .displacements = {}};
  const Eigen::VectorXd distances = file.read_vector("bands/distance"), pieces = file.read_vector("bands/piece"),
                        ticks = file.read_vector("bands/tick");
  const std::vector<std::string> labels = file.read_strings("bands/label");
  stored.distances.assign(distances.begin(), distances.end());
  for (const double piece : pieces) stored.pieces.push_back(static_cast<int>(piece));
  if (labels.size() != static_cast<std::size_t>(ticks.size()) || pieces.size() != distances.size() ||
      stored.bands.frequencies.rows() != distances.size()) {
    throw InputError{"{}: the path, its labels and its bands have different lengths", path};
  }
  for (std::size_t i = 0; i < labels.size(); ++i)
    stored.ticks.push_back({ticks[static_cast<Eigen::Index>(i)], labels[i]});
  add_bands(file, "bands/compared", true, stored.others);
  add_bands(file, "bands/overlaid", false, stored.others);
  read_thermodynamics(file, stored);
  return stored;
}

}  // namespace zeropoint::phonons
