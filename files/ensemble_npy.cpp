#include "files/ensemble_npy.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "files/ensemble_pieces.hpp"
#include "files/ensemble_reader.hpp"
#include "files/npy.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

struct Names {
  std::string positions, energies, forces, stresses;
};

Names python_sscha_names(const EnsembleSource& source) {
  const auto name = [&](const char* what) {
    return (fs::path(source.path) / fmt::format("{}_pop{}.npy", what, source.population)).string();
  };
  return {name("xats"), name("energies"), name("forces"), name("stresses")};
}

Names repacked_names(const EnsembleSource& source) {
  const fs::path folder = source.path;
  return {folder / "u.npy", folder / "energies.npy", folder / "forces.npy", folder / "stress.npy"};
}

bool is_repacked(const EnsembleSource& source) {
  return !fs::exists(python_sscha_names(source).positions) && fs::exists(repacked_names(source).positions);
}

class NpyEnsemble : public FileEnsemble {
 public:
  NpyEnsemble(const EnsembleSource& source, const Supercell& reference, const UnitSet& units, bool repacked,
              const Names& names)
      : FileEnsemble(source, reference,
                     repacked ? fmt::format("repacked npy in {}", source.path)
                              : fmt::format("python-sscha npy, population {} in {}", source.population, source.path)),
        units_(units),
        absolute_(!repacked),
        energies_(names.energies),
        positions_file_(names.positions),
        forces_(names.forces) {
    const std::int64_t n = energies_.n_rows();
    if (energies_.shape().size() != 1) {
      throw InputError{"{}: shape {}, one energy a configuration expected", energies_.path(), energies_.shape_text()};
    }
    check_shape(positions_file_, n);
    check_shape(forces_, n);
    set_size(n);
    if (!fs::exists(names.stresses)) return;
    stresses_ = std::make_unique<NpyFile>(names.stresses);
    if (stresses_->shape() != std::vector<std::int64_t>{n, 3, 3}) {
      throw InputError{"{}: shape {}, {} x 3 x 3 expected", stresses_->path(), stresses_->shape_text(), n};
    }
    find_stresses([&](std::int64_t begin, std::int64_t end, double* values) { stresses_->read(begin, end, values); });
  }

 private:
  void check_shape(const NpyFile& file, std::int64_t n) const {
    const std::vector<std::int64_t>& shape = file.shape();
    if (shape.size() != 3 || shape[2] != 3) {
      throw InputError{"{}: shape {}, configurations x atoms x 3 expected", file.path(), file.shape_text()};
    }
    if (shape[1] != n_atoms()) {
      throw InputError{"{}: {} atoms, the supercell has {}: check the matrices (dyn files) and their grid", file.path(),
                       shape[1], n_atoms()};
    }
    if (shape[0] != n) {
      throw InputError{"{}: {} configurations, but {} holds {} energies: the files do not belong together", file.path(),
                       shape[0], energies_.path(), n};
    }
  }

  void load(std::int64_t begin, std::int64_t end, const Labels& labels) const override {
    const std::int64_t n = end - begin, n_numbers = 3 * n_atoms();
    energies_.read(begin, end, labels.energies);
    positions_file_.read(begin, end, labels.displacements);
    forces_.read(begin, end, labels.forces);
    for (std::int64_t c = 0; c < n; ++c) labels.energies[c] *= units_.rydberg;
    const double force_unit = absolute_ ? units_.rydberg : units_.rydberg_per_bohr();
    for (std::int64_t i = 0; i < n * n_numbers; ++i) labels.forces[i] *= force_unit;
    for (std::int64_t c = 0; c < n; ++c) {
      double* u = labels.displacements + c * n_numbers;
      if (absolute_) {
        for (std::int64_t k = 0; k < n_numbers; ++k) u[k] -= positions_[k];
      } else {
        for (std::int64_t k = 0; k < n_numbers; ++k) u[k] *= units_.bohr;
      }
    }
    if (!labels.stresses) return;
    stresses_->read(begin, end, labels.stresses);
    for (std::int64_t i = 0; i < 9 * n; ++i) labels.stresses[i] *= -units_.rydberg_per_bohr3();  // stored: pressure
  }

  UnitSet units_;
  bool absolute_;  // positions in angstrom and forces in Ry/angstrom, else displacements in bohr and forces in Ry/bohr
  NpyFile energies_, positions_file_, forces_;
  std::unique_ptr<NpyFile> stresses_;
};

void append_scaled(NpyWriter& file, const double* values, std::int64_t count, double scale,
                   std::vector<double>& buffer) {
  buffer.resize(static_cast<std::size_t>(count));
  std::transform(values, values + count, buffer.begin(), [scale](double value) { return value / scale; });
  file.append(buffer.data(), count);
}

void write_npy_ensemble(const Ensemble& ensemble, const Supercell& reference, const std::string& path, int population,
                        const UnitSet& units) {
  const auto name = [&](const char* what) {
    return (fs::path(path) / fmt::format("{}_pop{}.npy", what, population)).string();
  };
  for (const char* what : {"xats", "energies", "forces", "stresses"}) {
    if (fs::exists(name(what))) refuse_existing_population(path, name(what), population);
  }
  const std::int64_t n = ensemble.size(), n_atoms = reference.n_atoms();
  const Vectors positions = reference.crystal().positions;
  NpyWriter xats{name("xats"), {n, n_atoms, 3}}, energies{name("energies"), {n}},
      forces{name("forces"), {n, n_atoms, 3}};
  std::optional<NpyWriter> stresses;
  if (ensemble.has_stresses()) stresses.emplace(name("stresses"), std::vector<std::int64_t>{n, 3, 3});
  std::vector<double> buffer;
  for_pieces(ensemble, reference, [&](const EnsemblePiece& piece, const Configurations&) {
    append_scaled(energies, piece.energies, piece.size, units.rydberg, buffer);
    append_scaled(forces, piece.forces, piece.size * n_atoms * 3, units.rydberg, buffer);
    if (stresses) append_scaled(*stresses, piece.stresses, piece.size * 9, -units.rydberg_per_bohr3(), buffer);
    buffer.assign(piece.displacements, piece.displacements + piece.size * n_atoms * 3);
    for (std::size_t i = 0; i < buffer.size(); ++i) {
      buffer[i] += positions.data()[i % static_cast<std::size_t>(positions.size())];
    }
    xats.append(buffer.data(), static_cast<std::int64_t>(buffer.size()));
  });
  if (stresses) stresses->finish();
  forces.finish();
  xats.finish();
  energies.finish();
}

bool is_npy_ensemble(const EnsembleSource& source) {
  const Names names = python_sscha_names(source);
  return fs::exists(names.positions) || fs::exists(names.energies) || fs::exists(names.forces) || is_repacked(source);
}

std::unique_ptr<Ensemble> open_npy_ensemble(const EnsembleSource& source, const Supercell& reference,
                                            const UnitSet& units) {
  const bool repacked = is_repacked(source);
  const Names names = repacked ? repacked_names(source) : python_sscha_names(source);
  for (const std::string& name : {names.positions, names.energies, names.forces}) {
    if (!fs::exists(name)) {
      throw InputError{"{}: missing; an npy ensemble has positions ({}), energies ({}) and forces ({})", name,
                       fs::path(names.positions).filename().string(), fs::path(names.energies).filename().string(),
                       fs::path(names.forces).filename().string()};
    }
  }
  return std::make_unique<NpyEnsemble>(source, reference, units, repacked, names);
}

}  // namespace

EnsembleFormat npy_ensemble_format() {
  return {.name = "npy",
          .looked_for = "xats_pop{}.npy (python-sscha npy), u.npy (repacked npy)",
          .recognises = is_npy_ensemble,
          .open = open_npy_ensemble,
          .write = [](const Ensemble& ensemble, const Supercell& reference, const std::string& path,
                      const EnsembleMetadata& metadata, const UnitSet& units) {
            write_npy_ensemble(ensemble, reference, path, metadata.population, units);
          }};
}

}  // namespace zeropoint
