#include <ATen/ops/empty.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "core/atomic_file.hpp"
#include "core/error.hpp"
#include "core/hdf5_file.hpp"
#include "core/number_text.hpp"
#include "files/labelled_structure.hpp"
#include "files/npy.hpp"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

using RowMajor = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
using Frames = std::vector<const LabelledStructure*>;

/// eV, positive under compression.
RowMajor virial_of(const LabelledStructure& structure) {
  return -*structure.stress * std::abs(structure.cell.determinant());
}

/// [n_frames, width], `row(frame)` gives the numbers of one.
template <class Row>
void write_array(const fs::path& path, const Frames& frames, std::int64_t width, Row&& row) {
  NpyWriter writer(path.string(), {static_cast<std::int64_t>(frames.size()), width});
  for (const LabelledStructure* frame : frames) {
    const auto values = row(*frame);
    writer.append(values.data(), width);
  }
  writer.finish();
}

void write_system(const Frames& frames, const std::vector<std::string>& names, const fs::path& folder) {
  const std::int64_t n_atoms = frames.front()->n_atoms();
  const fs::path set = folder / "set.000";
  write_array(set / "box.npy", frames, 9, [](const LabelledStructure& s) { return RowMajor(s.cell); });
  write_array(set / "coord.npy", frames, 3 * n_atoms, [](const LabelledStructure& s) { return s.positions; });
  write_array(set / "force.npy", frames, 3 * n_atoms, [](const LabelledStructure& s) { return s.forces; });
  if (frames.front()->stress) write_array(set / "virial.npy", frames, 9, virial_of);
  NpyWriter energies((set / "energy.npy").string(), {static_cast<std::int64_t>(frames.size())});
  for (const LabelledStructure* frame : frames) energies.append(&frame->energy, 1);
  energies.finish();
  std::string types, map;
  for (const std::string& species : frames.front()->species)
    types += fmt::format("{}\n", std::ranges::find(names, species) - names.begin());
  for (const std::string& name : names) map += name + '\n';
  write_file((folder / "type_map.raw").string(), map);
  write_file((folder / "type.raw").string(), types);  // the last: a folder without it is none
}

/// Structures of one list of atoms each, with and without stress apart, in the order of their first.
std::vector<Frames> systems_of(const std::vector<LabelledStructure>& structures) {
  std::vector<Frames> systems;
  std::map<std::pair<std::vector<std::string>, bool>, std::size_t> known;
  for (const LabelledStructure& structure : structures) {
    const auto [place, is_new] = known.try_emplace({structure.species, structure.stress.has_value()}, systems.size());
    if (is_new) systems.emplace_back();
    systems[place->second].push_back(&structure);
  }
  return systems;
}

/// [n_frames, shape...] of `row(frame)`, which gives the numbers of one.
template <class Row>
at::Tensor stacked(const Frames& frames, std::vector<std::int64_t> shape, Row&& row) {
  shape.insert(shape.begin(), static_cast<std::int64_t>(frames.size()));
  at::Tensor all = at::empty(shape, at::kDouble);
  double* to = all.mutable_data_ptr<double>();
  for (const LabelledStructure* frame : frames) {
    const auto values = row(*frame);
    to = std::copy_n(values.data(), values.size(), to);
  }
  return all;
}

}  // namespace

std::vector<std::string> write_deepmd(const std::vector<LabelledStructure>& structures, const std::string& path) {
  std::vector<std::string> names;
  for (const LabelledStructure& structure : structures) {
    for (const std::string& species : structure.species) {
      if (std::ranges::find(names, species) == names.end()) names.push_back(species);
    }
  }
  const std::vector<Frames> systems = systems_of(structures);
  std::vector<std::string> folders;
  for (std::size_t k = 0; k < systems.size(); ++k) {
    folders.push_back(systems.size() == 1 ? path : (fs::path{path} / std::to_string(k + 1)).string());
    if (fs::exists(fs::path{folders.back()} / "type.raw")) {
      throw InputError{"{} holds a type.raw already: two sets would mix, write into another folder", folders.back()};
    }
  }
  for (std::size_t k = 0; k < systems.size(); ++k) write_system(systems[k], names, folders[k]);
  return folders;
}

void write_structures_hdf5(const std::vector<LabelledStructure>& structures, const std::string& path) {
  Hdf5File file = Hdf5File::create(path, {.filetype = structures_filetype});
  const std::vector<Frames> systems = systems_of(structures);
  for (std::size_t k = 0; k < systems.size(); ++k) {
    const Frames& frames = systems[k];
    const std::int64_t n_atoms = frames.front()->n_atoms();
    const auto write = [&](const char* name, const at::Tensor& values, const char* unit, const char* axes) {
      file.write(fmt::format("{}/{}", k + 1, name), values, unit, axes);
    };
    write("cells", stacked(frames, {3, 3}, [](const LabelledStructure& s) { return RowMajor(s.cell); }), "angstrom",
          "frame,vector,xyz");
    write("positions", stacked(frames, {n_atoms, 3}, [](const LabelledStructure& s) { return s.positions; }),
          "angstrom", "frame,atom,xyz");
    write("forces", stacked(frames, {n_atoms, 3}, [](const LabelledStructure& s) { return s.forces; }), "eV/angstrom",
          "frame,atom,xyz");
    if (frames.front()->stress) {
      write("stresses", stacked(frames, {3, 3}, [](const LabelledStructure& s) { return RowMajor(*s.stress); }),
            "eV/angstrom^3", "frame,xyz,xyz");
    }
    const auto number = [](double value) { return Eigen::Matrix<double, 1, 1>(value); };
    write("energies", stacked(frames, {}, [&](const LabelledStructure& s) { return number(s.energy); }), "eV", "frame");
    write("places",
          stacked(frames, {},
                  [&](const LabelledStructure& s) { return number(static_cast<double>(&s - structures.data())); }),
          "1", "frame");
    std::vector<std::string> sources;
    for (const LabelledStructure* frame : frames) sources.push_back(frame->source);
    file.write(fmt::format("{}/sources", k + 1), sources, "frame");
    file.write(fmt::format("{}/species", k + 1), frames.front()->species, "atom");
  }
  file.close();
}

void write_xsf(const std::vector<LabelledStructure>& structures, const std::string& path) {
  if (fs::exists(fs::path{path} / "000001.xsf"))
    throw InputError{"{} holds 000001.xsf already: two sets would mix, write into another folder", path};
  for (std::size_t i = 0; i < structures.size(); ++i) {
    const LabelledStructure& structure = structures[i];
    std::string text = "# total energy = ";
    append_number(text, structure.energy);
    text += " eV\n\n";
    const auto append_rows = [&](const auto& rows) {
      for (Eigen::Index row = 0; row < rows.rows(); ++row) {
        for (Eigen::Index k = 0; k < 3; ++k) {
          append_number(text, rows(row, k));
          text += k < 2 ? ' ' : '\n';
        }
      }
    };
    if (structure.stress) {
      text += "VIRIAL\n";
      append_rows(virial_of(structure));
    }
    text += "CRYSTAL\nPRIMVEC\n";
    append_rows(structure.cell);
    text += fmt::format("PRIMCOORD\n{} 1\n", structure.n_atoms());
    for (Eigen::Index atom = 0; atom < structure.n_atoms(); ++atom) {
      text += structure.species[atom];
      for (const auto& row : {structure.positions.row(atom), structure.forces.row(atom)}) {
        for (Eigen::Index k = 0; k < 3; ++k) {
          text += ' ';
          append_number(text, row[k]);
        }
      }
      text += '\n';
    }
    AtomicFile file((fs::path{path} / fmt::format("{:06}.xsf", i + 1)).string());
    file.write(text);
    file.commit(false);
  }
  if (!structures.empty()) sync_folder(path);
}

}  // namespace zeropoint
