#include "files/structures_hdf5.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/hdf5_file.hpp"

namespace zeropoint {
namespace {

using RowMajor = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
using Frames = std::vector<const LabelledStructure*>;

/// float64, contiguous. @throws InputError for another shape.
at::Tensor array_of(const Hdf5File& file, const std::string& name, at::IntArrayRef shape) {
  if (file.shape(name) != shape.vec()) {
    throw InputError{"{}: {} has the shape [{}], [{}] expected: the file is damaged", file.path(), name,
                     fmt::join(file.shape(name), ", "), fmt::join(shape, ", ")};
  }
  return file.read(name).to(at::kDouble).contiguous();
}

/// A group's structures, each with its place in the list.
void read_group(const Hdf5File& file, const std::string& group, std::vector<std::pair<double, LabelledEntry>>& all) {
  const std::vector<std::string> species = file.read_strings(group + "/species"),
                                 sources = file.read_strings(group + "/sources");
  const std::int64_t n_atoms = std::ssize(species), n = std::ssize(sources);
  const auto array = [&](const char* name, std::vector<std::int64_t> shape) {
    shape.insert(shape.begin(), n);
    return array_of(file, group + "/" + name, shape);
  };
  const at::Tensor cells = array("cells", {3, 3}), positions = array("positions", {n_atoms, 3}),
                   forces = array("forces", {n_atoms, 3}), energies = array("energies", {}),
                   places = array("places", {});
  const at::Tensor stresses = file.has(group + "/stresses") ? array("stresses", {3, 3}) : at::Tensor();
  const auto row = [](const at::Tensor& values, std::int64_t frame) {
    return values.const_data_ptr<double>() + frame * values.stride(0);
  };
  for (std::int64_t frame = 0; frame < n; ++frame) {
    LabelledStructure structure;
    structure.species = species;
    structure.source = sources[frame];
    structure.cell = Eigen::Map<const RowMajor>(row(cells, frame));
    structure.positions = Eigen::Map<const Vectors>(row(positions, frame), n_atoms, 3);
    structure.forces = Eigen::Map<const Vectors>(row(forces, frame), n_atoms, 3);
    structure.energy = *row(energies, frame);
    if (stresses.defined()) structure.stress = Eigen::Map<const RowMajor>(row(stresses, frame));
    const double place = *row(places, frame);
    all.emplace_back(std::isfinite(place) ? place : 0, std::move(structure));
  }
}

std::vector<LabelledEntry> read_all_groups(const FileContent& content) {
  const Hdf5File file = Hdf5File::open(content.path(), structures_filetype);
  std::vector<std::pair<double, LabelledEntry>> placed;
  for (const std::string& group : file.names()) read_group(file, group, placed);
  std::ranges::stable_sort(placed, {}, [](const auto& entry) { return entry.first; });
  std::vector<LabelledEntry> all;
  for (auto& [place, entry] : placed) all.push_back(std::move(entry));
  return all;
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

void write_structures_hdf5(const std::vector<LabelledStructure>& structures, const std::string& path) {
  Hdf5File file = Hdf5File::create(path, {.filetype = structures_filetype});
  const std::vector<Frames> systems = by_atoms(structures);
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

LabelledFormat structures_hdf5_format() {
  return {.name = "h5",
          .description = "Zeropoint's structures in HDF5",
          .recognises = [](const FileContent& file) { return file.is_hdf5(); },
          .read = read_all_groups,
          .write =
              [](const std::vector<LabelledStructure>& structures, const std::string& path) {
                write_structures_hdf5(structures, path);
                return std::vector<std::string>{path};
              }};
}

}  // namespace zeropoint
