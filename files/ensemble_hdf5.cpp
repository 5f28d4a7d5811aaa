#include "files/ensemble_hdf5.hpp"

#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "files/ensemble_pieces.hpp"
#include "files/ensemble_reader.hpp"

namespace zeropoint {
namespace {

constexpr double same_cell = 1e-3;          // angstrom: beyond it is another cell
constexpr double rounding_of_units = 1e-5;  // angstrom: positions through another set of constants differ by less

class Hdf5Ensemble : public FileEnsemble {
 public:
  Hdf5Ensemble(const EnsembleSource& source, const Supercell& reference)
      : FileEnsemble(source, reference, fmt::format("Zeropoint ensemble {}", source.path)),
        file_(Hdf5File::open(source.path, ensemble_filetype)) {
    check_population();
    for (const char* name : {"displacements", "energies", "forces"}) {
      if (!file_.has(name)) {
        throw InputError{
            "{}: it has no {}: the configurations are not labelled yet (zeropoint collect adds energies and forces)",
            source.path, name};
      }
    }
    const std::int64_t n = file_.shape("energies").front();
    const std::vector<std::int64_t> vectors = {n, n_atoms(), 3};
    check_shape("displacements", vectors);
    check_shape("forces", vectors);
    if (file_.has("labelled")) find_labelled(n);
    set_size(rows_.empty() ? n : static_cast<std::int64_t>(rows_.size()));
    check_crystal();
    if (!file_.has("stresses")) return;
    check_shape("stresses", {n, 3, 3});
    if (some_stress_is_missing()) return;
    find_stresses(
        [this](std::int64_t begin, std::int64_t end, double* values) { fetch("stresses", begin, end, values); });
  }

 private:
  void check_population() const {
    const auto population = file_.number_attribute("/", "population");
    if (!population || source_.population == 1 || *population == source_.population) return;
    throw InputError{"{}: it holds population {}, not {}: set population", source_.path, *population,
                     source_.population};
  }

  void check_shape(const char* name, const std::vector<std::int64_t>& expected) const {
    if (const auto shape = file_.shape(name); shape != expected) {
      throw InputError{"{}: {} is {}, {} expected: check the matrices (dyn files) and their grid", source_.path, name,
                       fmt::join(shape, " x "), fmt::join(expected, " x ")};
    }
  }

  /// The stored crystal must be the reference; centroids may have moved, then displacements count from the new ones.
  void check_crystal() {
    if (!file_.has("cell") || !file_.has("positions") || !file_.has("supercell") || !file_.has("species")) return;
    const Crystal& cell = reference_.unit_cell();
    const Eigen::MatrixXd stored_cell = file_.read_matrix("cell"), stored = file_.read_matrix("positions");
    const Eigen::VectorXd divisions = file_.read_vector("supercell");
    if (divisions.size() != 3 || divisions != reference_.divisions().cast<double>()) {
      throw InputError{
          "{}: a supercell of {} cells, the matrices have {} x {} x {}: give the matrices that generated it",
          source_.path,
          fmt::join(divisions, " x "),
          reference_.divisions()[0],
          reference_.divisions()[1],
          reference_.divisions()[2]};
    }
    if (file_.read_strings("species") != cell.species) {
      throw InputError{"{}: its atoms are {}, those of the matrices {}: another crystal or another order", source_.path,
                       fmt::join(file_.read_strings("species"), " "), fmt::join(cell.species, " ")};
    }
    if (stored_cell.rows() != 3 || stored_cell.cols() != 3 || stored.rows() != cell.n_atoms() || stored.cols() != 3) {
      throw InputError{"{}: cell or positions have a wrong shape: write the file again", source_.path};
    }
    if (const double off = (stored_cell - cell.cell).cwiseAbs().maxCoeff(); !(off <= same_cell)) {
      throw InputError{
          "{}: its cell differs by {:.4f} angstrom from that of the matrices: they belong to another volume",
          source_.path, off};
    }
    const Vectors moved = stored - cell.positions;
    if (moved.cwiseAbs().maxCoeff() > rounding_of_units) shift_ = moved;
  }

  /// Rows of a population of which not all came back.
  void find_labelled(std::int64_t n) {
    check_shape("labelled", {n});
    const Eigen::VectorXd labelled = file_.read_vector("labelled");
    for (Eigen::Index row = 0; row < labelled.size(); ++row) {
      if (labelled[row] != 0) rows_.push_back(row);
    }
    if (rows_.empty()) {
      throw InputError{"{}: none of its {} configurations is labelled: collect outputs first (zeropoint collect)",
                       source_.path, n};
    }
    if (static_cast<std::int64_t>(rows_.size()) == n) rows_.clear();
  }

  bool some_stress_is_missing() const {
    const at::Tensor stresses = file_.read("stresses").to(at::kDouble).view({-1, 9});
    const double* const values = stresses.const_data_ptr<double>();
    for (std::int64_t i = 0; i < size(); ++i) {
      if (std::isnan(values[9 * (rows_.empty() ? i : rows_[i])])) return true;
    }
    return false;
  }

  void fetch(const char* name, std::int64_t begin, std::int64_t end, double* values) const {
    if (rows_.empty()) {
      const at::Tensor numbers = file_.read(name, begin, end).to(at::kDouble);
      std::copy_n(numbers.const_data_ptr<double>(), numbers.numel(), values);
      return;
    }
    const auto row = [&](std::int64_t i) { return rows_[i]; };
    const at::Tensor numbers = file_.read(name, row(begin), row(end - 1) + 1).to(at::kDouble);
    const std::int64_t width = numbers.numel() / numbers.size(0);
    for (std::int64_t i = begin; i < end; ++i) {
      values = std::copy_n(numbers.const_data_ptr<double>() + (row(i) - row(begin)) * width, width, values);
    }
  }

  void load(std::int64_t begin, std::int64_t end, const Labels& labels) const override {
    fetch("displacements", begin, end, labels.displacements);
    fetch("energies", begin, end, labels.energies);
    fetch("forces", begin, end, labels.forces);
    if (labels.stresses) fetch("stresses", begin, end, labels.stresses);
    if (shift_.size() == 0) return;
    for (std::int64_t row = 0; row < (end - begin) * n_atoms(); ++row) {
      for (int k = 0; k < 3; ++k) labels.displacements[3 * row + k] += shift_(row % shift_.rows(), k);
    }
  }

  Hdf5File file_;
  std::vector<std::int64_t> rows_;  // that are labelled; empty: all
  Vectors shift_;                   // stored minus reference positions, [n_atoms_cell, 3]; empty when they agree
};

void write_hdf5_ensemble(const Ensemble& ensemble, const Supercell& reference, const std::string& path,
                         const EnsembleMetadata& metadata) {
  Hdf5File file = Hdf5File::create(
      path,
      {.filetype = ensemble_filetype, .version = 1, .configuration = metadata.configuration, .seed = metadata.seed});
  write_crystal(reference, file);
  file.write_attribute("/", "population", std::int64_t{metadata.population});
  if (metadata.temperature) file.write_attribute("/", "temperature", *metadata.temperature);
  for_pieces(ensemble, reference, [&](const EnsemblePiece&, const Configurations& c) {
    file.append("displacements", c.displacements, "angstrom", "configuration,atom,xyz");
    file.append("energies", c.energies, "eV", "configuration");
    file.append("forces", c.forces, "eV/angstrom", "configuration,atom,xyz");
    if (c.stresses.defined()) file.append("stresses", c.stresses, "eV/angstrom^3", "configuration,xyz,xyz");
  });
  file.close();
}

bool has_labels(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path);
  return file.has("energies") && file.has("forces");
}

std::string population_in(const EnsembleSource& source) {
  return (std::filesystem::path(source.path) / "population.h5").string();
}

/// One file, or the one in a folder.
std::unique_ptr<Ensemble> open_hdf5_ensemble(const EnsembleSource& source, const Supercell& reference, const UnitSet&) {
  EnsembleSource file = source;
  if (std::filesystem::is_directory(source.path)) file.path = population_in(source);
  return std::make_unique<Hdf5Ensemble>(file, reference);
}

}  // namespace

void write_crystal(const Supercell& reference, Hdf5File& file) {
  const Crystal& cell = reference.unit_cell();
  file.write("cell", cell.cell, "angstrom", "vector,xyz");
  file.write("positions", cell.positions, "angstrom", "site,xyz");
  file.write("species", cell.species, "site");
  file.write("masses", cell.masses, "amu", "site");
  std::vector<std::int64_t> divisions;
  for (const int n : reference.divisions()) divisions.push_back(n);
  file.write("supercell", at::from_blob(divisions.data(), {3}, at::kLong), "1", "vector");
}

EnsembleFormat hdf5_ensemble_format() {
  return {.name = "h5",
          .looked_for = "",
          .recognises =
              [](const EnsembleSource& source) {
                const std::string inside = population_in(source);
                if (std::filesystem::is_directory(source.path))
                  return std::filesystem::exists(inside) && has_labels(inside);
                return is_hdf5(source.path) || source.path.ends_with(".h5") || source.path.ends_with(".hdf5");
              },
          .open = open_hdf5_ensemble,
          .write = [](const Ensemble& ensemble, const Supercell& reference, const std::string& path,
                      const EnsembleMetadata& metadata,
                      const UnitSet&) { write_hdf5_ensemble(ensemble, reference, path, metadata); }};
}

EnsembleFormat unlabelled_population_format() {
  return {.name = "population",
          .looked_for = "population.h5",
          .recognises = [](const EnsembleSource& source) { return std::filesystem::exists(population_in(source)); },
          .open = open_hdf5_ensemble};
}

}  // namespace zeropoint
