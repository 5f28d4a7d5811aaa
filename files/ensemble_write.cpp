#include "files/ensemble_write.hpp"

#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/number_text.hpp"
#include "core/parallel.hpp"
#include "files/ensemble_reader.hpp"
#include "files/npy.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t piece_size = 1024;

/// Configurations of one piece as plain numbers.
struct Piece {
  std::int64_t begin, size;
  const double *u, *e, *f, *s;  // s: nullptr when there are none
};

/// Calls body(piece) for pieces in order.
template <class Body>
void for_pieces(const Ensemble& ensemble, const Supercell& reference, Body&& body) {
  for (std::int64_t begin = 0; begin < ensemble.size(); begin += piece_size) {
    Configurations c = ensemble.read(begin, std::min(begin + piece_size, ensemble.size()));
    if (c.displacements.size(1) != reference.n_atoms()) {
      throw InputError{"{}: {} atoms, the supercell has {}", ensemble.description(), c.displacements.size(1),
                       reference.n_atoms()};
    }
    c.displacements = c.displacements.contiguous();
    c.energies = c.energies.contiguous();
    c.forces = c.forces.contiguous();
    if (c.stresses.defined()) c.stresses = c.stresses.contiguous();
    body(Piece{begin, c.size(), c.displacements.const_data_ptr<double>(), c.energies.const_data_ptr<double>(),
               c.forces.const_data_ptr<double>(), c.stresses.defined() ? c.stresses.const_data_ptr<double>() : nullptr},
         c);
  }
}

[[noreturn]] void already_there(const std::string& path, const std::string& name, int population) {
  throw InputError{"{}: there is a population {} already ({}): give another folder or population, or remove its files",
                   path, population, name};
}

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
    if (fs::exists(name(what))) already_there(path, name(what), population);
  }
  const std::int64_t n = ensemble.size(), n_atoms = reference.n_atoms();
  const Vectors positions = reference.crystal().positions;
  NpyWriter xats{name("xats"), {n, n_atoms, 3}}, energies{name("energies"), {n}},
      forces{name("forces"), {n, n_atoms, 3}};
  std::optional<NpyWriter> stresses;
  if (ensemble.has_stresses()) stresses.emplace(name("stresses"), std::vector<std::int64_t>{n, 3, 3});
  std::vector<double> buffer;
  for_pieces(ensemble, reference, [&](const Piece& piece, const Configurations&) {
    append_scaled(energies, piece.e, piece.size, units.rydberg, buffer);
    append_scaled(forces, piece.f, piece.size * n_atoms * 3, units.rydberg, buffer);
    if (stresses) append_scaled(*stresses, piece.s, piece.size * 9, -units.rydberg_per_bohr3(), buffer);
    buffer.assign(piece.u, piece.u + piece.size * n_atoms * 3);
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

/// Rows of three numbers divided by `unit`.
void append_rows(std::string& text, const double* values, std::int64_t rows, double unit) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (int k = 0; k < 3; ++k) {
      append_number(text, values[3 * row + k] / unit);
      text += k < 2 ? ' ' : '\n';
    }
  }
}

void write_text_ensemble(const Ensemble& ensemble, const Supercell& reference, const std::string& path, int population,
                         const UnitSet& units) {
  const std::string energies_path =
      (fs::path(path) / fmt::format("energies_supercell_population{}.dat", population)).string();
  make_parent_folder(energies_path);
  const std::string mark = fmt::format("_population{}_", population);
  for (const auto& file : fs::directory_iterator(path)) {
    const std::string name = file.path().filename().string();
    if (name.ends_with(".dat") && name.find(mark) != std::string::npos) already_there(path, name, population);
  }
  if (fs::exists(energies_path)) already_there(path, energies_path, population);
  std::string energies;
  const std::int64_t n_atoms = reference.n_atoms();
  for_pieces(ensemble, reference, [&](const Piece& piece, const Configurations&) {
    parallel_for(piece.size, [&](std::int64_t c) {
      const auto write = [&](const char* what, const double* values, std::int64_t rows, double unit) {
        std::string text;
        append_rows(text, values, rows, unit);
        AtomicFile file{(fs::path(path) / fmt::format("{}{}{}.dat", what, mark, piece.begin + c + 1)).string()};
        file.write(text);
        file.commit(false);
      };
      write("u", piece.u + c * n_atoms * 3, n_atoms, units.bohr);
      write("forces", piece.f + c * n_atoms * 3, n_atoms, units.rydberg_per_bohr());
      if (piece.s) write("pressures", piece.s + c * 9, 3, -units.rydberg_per_bohr3());
    });
    for (std::int64_t c = 0; c < piece.size; ++c) {
      append_number(energies, piece.e[c] / units.rydberg);
      energies += '\n';
    }
  });
  sync_folder(path);
  write_file(energies_path, energies);
}

/// The first lines of a frame, up to the properties.
std::string extxyz_start(const Crystal& crystal) {
  std::string start = fmt::format("{}\nLattice=\"", crystal.n_atoms());
  for (int i = 0; i < 9; ++i) {
    append_number(start, crystal.cell(i / 3, i % 3));
    start += i < 8 ? " " : "\" pbc=\"T T T\" ";
  }
  return start;
}

void write_extxyz_ensemble(const Ensemble& ensemble, const Supercell& reference, const std::string& path) {
  const Crystal crystal = reference.crystal();
  const std::int64_t n_atoms = reference.n_atoms();
  const std::string start = extxyz_start(crystal) + "Properties=species:S:1:pos:R:3:forces:R:3 energy=";
  AtomicFile file{path};
  for_pieces(ensemble, reference, [&](const Piece& piece, const Configurations&) {
    std::vector<std::string> frames(static_cast<std::size_t>(piece.size));
    parallel_for(piece.size, [&](std::int64_t c) {
      std::string& text = frames[c];
      text = start;
      append_number(text, piece.e[c]);
      if (piece.s) {
        text += " stress=\"";
        for (int i = 0; i < 9; ++i) {
          append_number(text, piece.s[9 * c + i]);
          text += i < 8 ? ' ' : '"';
        }
      }
      text += '\n';
      for (std::int64_t atom = 0; atom < n_atoms; ++atom) {
        const double* const u = piece.u + 3 * (c * n_atoms + atom);
        text += crystal.species[atom];
        for (int k = 0; k < 3; ++k) append_number(text += ' ', u[k] + crystal.positions(atom, k));
        for (int k = 0; k < 3; ++k) append_number(text += ' ', piece.f[3 * (c * n_atoms + atom) + k]);
        text += '\n';
      }
    });
    for (const std::string& text : frames) file.write(text);
  });
  file.commit();
}

void write_hdf5_ensemble(const Ensemble& ensemble, const Supercell& reference, const std::string& path,
                         const EnsembleMetadata& metadata) {
  Hdf5File file = Hdf5File::create(
      path,
      {.filetype = ensemble_filetype, .version = 1, .configuration = metadata.configuration, .seed = metadata.seed});
  write_crystal(reference, file);
  file.write_attribute("/", "population", std::int64_t{metadata.population});
  if (metadata.temperature) file.write_attribute("/", "temperature", *metadata.temperature);
  for_pieces(ensemble, reference, [&](const Piece&, const Configurations& c) {
    file.append("displacements", c.displacements, "angstrom", "configuration,atom,xyz");
    file.append("energies", c.energies, "eV", "configuration");
    file.append("forces", c.forces, "eV/angstrom", "configuration,atom,xyz");
    if (c.stresses.defined()) file.append("stresses", c.stresses, "eV/angstrom^3", "configuration,xyz,xyz");
  });
  file.close();
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

void write_text_configurations(const at::Tensor& displacements, std::int64_t first, const Supercell& reference,
                               const std::string& path, int population, const UnitSet& units) {
  const Crystal crystal = reference.crystal();
  const std::int64_t n_atoms = reference.n_atoms();
  const at::Tensor u = displacements.contiguous();
  std::string cell = "CELL_PARAMETERS angstrom\n";
  append_rows(cell, Eigen::Matrix<double, 3, 3, Eigen::RowMajor>(crystal.cell).data(), 3, 1);
  parallel_for(u.size(0), [&](std::int64_t c) {
    const double* const values = u.const_data_ptr<double>() + c * n_atoms * 3;
    const auto write = [&](const char* what, const std::string& text) {
      AtomicFile file{
          (fs::path(path) / fmt::format("{}_population{}_{}.dat", what, population, first + c + 1)).string()};
      file.write(text);
      file.commit(false);
    };
    std::string rows;
    append_rows(rows, values, n_atoms, units.bohr);
    write("u", rows);
    std::string structure = cell + "\nATOMIC_POSITIONS angstrom\n";
    for (std::int64_t atom = 0; atom < n_atoms; ++atom) {
      structure += crystal.species[atom];
      for (int k = 0; k < 3; ++k) append_number(structure += ' ', values[3 * atom + k] + crystal.positions(atom, k));
      structure += '\n';
    }
    write("scf", structure);
  });
}

std::string extxyz_configurations(const at::Tensor& displacements, std::int64_t first, const Supercell& reference) {
  const Crystal crystal = reference.crystal();
  const std::int64_t n_atoms = reference.n_atoms();
  const at::Tensor u = displacements.contiguous();
  std::string text;
  for (std::int64_t c = 0; c < u.size(0); ++c) {
    text += extxyz_start(crystal) + fmt::format("Properties=species:S:1:pos:R:3 configuration={}\n", first + c + 1);
    const double* const values = u.const_data_ptr<double>() + c * n_atoms * 3;
    for (std::int64_t atom = 0; atom < n_atoms; ++atom) {
      text += crystal.species[atom];
      for (int k = 0; k < 3; ++k) append_number(text += ' ', values[3 * atom + k] + crystal.positions(atom, k));
      text += '\n';
    }
  }
  return text;
}

EnsembleFormat ensemble_format(const std::string& word) {
  if (word == "npy") return EnsembleFormat::npy;
  if (word == "text") return EnsembleFormat::text;
  if (word == "extxyz") return EnsembleFormat::extxyz;
  if (word == "h5") return EnsembleFormat::h5;
  throw ConfigError{"ensemble format '{}' is unknown: npy, text, extxyz or h5", word};
}

void write_ensemble(const Ensemble& ensemble, const Supercell& reference, EnsembleFormat format,
                    const std::string& path, const EnsembleMetadata& metadata, const UnitSet& units) {
  switch (format) {
    case EnsembleFormat::npy:
      return write_npy_ensemble(ensemble, reference, path, metadata.population, units);
    case EnsembleFormat::text:
      return write_text_ensemble(ensemble, reference, path, metadata.population, units);
    case EnsembleFormat::extxyz:
      return write_extxyz_ensemble(ensemble, reference, path);
    case EnsembleFormat::h5:
      return write_hdf5_ensemble(ensemble, reference, path, metadata);
  }
}

}  // namespace zeropoint
